/**
 * Says in the log what the checklist finds, while there is traffic: once when it begins, once more when it gets bad, and again
 * only after it was gone for ten minutes. Slow targets have early warnings of their own: `warnings.ts`.
 */
import type { Severity, TrafficFinding } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { BoundedMap } from './bounded-map.ts';

export interface FindingLog {
  note(findings: readonly TrafficFinding[]): void;
}

const rememberMs = 600_000;
const subjectLimit = 500;

interface Said {
  severity: Severity;
  seenMs: number;
}

export function createFindingLog({ clock, log }: { readonly clock: Clock; readonly log: Log }): FindingLog {
  const said = new BoundedMap<Said>(subjectLimit);
  return {
    note(findings) {
      const nowMs = clock.monotonicMs();
      for (const { check, code, severity, subject, message, evidence, remedy } of findings) {
        if (severity === 'ok' || check === 'durations') continue;
        const before = said.use(`${code} ${subject}`, (): Said => ({ severity: 'ok', seenMs: nowMs }));
        if (nowMs - before.seenMs > rememberMs) before.severity = 'ok';
        before.seenMs = nowMs;
        if (before.severity === severity || before.severity === 'bad') continue;
        before.severity = severity;
        const fields = { code, subject, reason: message, evidence, remedy };
        if (severity === 'bad') log.warn('traffic is in trouble', fields);
        else log.info('traffic is heading for trouble', fields);
      }
    },
  };
}
