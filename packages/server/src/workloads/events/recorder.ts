/**
 * Tells what happens to workloads: as events that `describe` and `get events` show, counted where they repeat; as lines of the runtime; in the gateway's
 * log; as a metric.
 *
 * It never fails and never makes its caller wait: what cannot be written is said in the log. When something is worth telling is for the callers.
 */
import { createHash } from 'node:crypto';
import { workloadsApiVersion, type ApiEvent } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Counter, Family } from '../../core/metrics.ts';
import type { ObjectKey, ResourceStore } from '../store/resource-store.ts';
import { accountText, type RuntimeLine } from './forms.ts';
import type { KeptLine, RuntimeLines } from './runtime-lines.ts';

export interface EventSubject {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

export interface Happening {
  /** `Started`, `BackOff`, `clw-memory-oom`. */
  readonly reason: string;
  readonly message: string;
  readonly type: 'Normal' | 'Warning';
  /** What tells it from others of the same reason; those that share it are counted as one. @default the workload itself */
  readonly of?: string;
}

export interface LinePlace {
  readonly instance: string;
  readonly container: string;
  readonly atMs: number;
}

export interface Recorder {
  happened(subject: EventSubject, happening: Happening): void;
  /** Lines that carry their own level: `[ERROR] clw-memory-oom: …`. */
  lines(subject: EventSubject, place: LinePlace, lines: readonly RuntimeLine[]): void;
  /** Lines of the runtime's own account, each with its moment: `2024-01-15T10:23:45.123Z ERROR [runtime] …`. */
  account(subject: EventSubject, place: LinePlace, lines: readonly RuntimeLine[]): void;
  /** Forgets events that nobody looks for any more. */
  tidy(): void;
  /** Resolves when what was told so far is written. */
  settled(): Promise<void>;
}

export interface RecorderOptions {
  readonly store: ResourceStore;
  readonly lines: RuntimeLines;
  readonly clock: Clock;
  readonly log: Log;
  /** Labels: namespace, workload, reason. */
  readonly counted: Family<Counter>;
  /** Events that are kept: so many, the latest, and for so long. @default 5000, a week */
  readonly keptEvents?: { readonly count: number; readonly ms: number };
}

/** Writes that wait. In a storm of events those beyond it are only counted, and said once in the log. */
const waitingLimit = 2000;
/** Names of instances are new with every rollout, and so are their events. */
const defaultKept = { count: 5000, ms: 7 * 86_400_000 } as const;
/** Of the events that are kept so many may be there beyond, before the oldest go. */
const surplusShare = 0.1;
const levels = { ERROR: 'error', WARNING: 'warn', INFO: 'info' } as const;

export function createRecorder({ store, lines: kept, clock, log, counted, keptEvents = defaultKept }: RecorderOptions): Recorder {
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  let created = 0;

  const enqueue = (write: () => Promise<void>): void => {
    if (waiting >= waitingLimit) {
      if (waiting === waitingLimit) log.warn('events of workloads come faster than they can be written; some are only counted');
      waiting = waitingLimit + 1;
      return;
    }
    waiting += 1;
    last = last.then(async () => {
      try {
        await write();
      } catch (error) {
        log.warn('an event of a workload could not be written', { error });
      }
      waiting = Math.max(0, Math.min(waiting, waitingLimit) - 1);
    });
  };

  const tidy = (): void => {
    created = 0;
    const sinceMs = clock.now() - keptEvents.ms;
    enqueue(() => removeOldEvents(store, { count: keptEvents.count, sinceMs }));
  };

  const keep = (subject: EventSubject, lines: readonly KeptLine[]): void => enqueue(() => kept.append(subject.uid, lines));

  return {
    happened(subject, happening) {
      counted.labels(subject.namespace, subject.name, happening.reason).increment();
      const nowMs = clock.now();
      enqueue(async () => {
        if (await writeEvent(store, subject, { ...happening, nowMs })) created += 1;
      });
      if (created > keptEvents.count * surplusShare) tidy();
    },
    lines(subject, { instance, container, atMs }, lines) {
      for (const { level, text } of lines) log[levels[level]](text, { workload: subject.name, namespace: subject.namespace, instance });
      keep(
        subject,
        lines.map(({ text }) => ({ atMs, instance, container, text })),
      );
    },
    account(subject, { instance, container, atMs }, lines) {
      for (const { level, text } of lines) log[levels[level]](text, { workload: subject.name, namespace: subject.namespace, instance });
      keep(
        subject,
        lines.map((line) => ({ atMs, instance, container, text: accountText(line, atMs) })),
      );
    },
    tidy,
    settled: () => last,
  };
}

/** @returns whether there is one more than before */
async function writeEvent(
  store: ResourceStore,
  subject: EventSubject,
  happening: Happening & { readonly nowMs: number },
): Promise<boolean> {
  const { reason, message, type, of = '', nowMs } = happening;
  const { namespace, name, uid } = subject;
  const digest = createHash('sha256').update(`${uid}/${reason}/${of}`).digest('hex').slice(0, 16);
  const key: ObjectKey = { resource: 'events', namespace, name: `${name.slice(0, 200)}.${digest}` };
  const at = new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z');
  const again = (): Promise<unknown> =>
    store.update(key, (current) => ({ ...current, message, count: (current as ApiEvent).count + 1, lastTimestamp: at }) as ApiEvent);
  if ((await store.get(key)) !== undefined) {
    await again();
    return false;
  }
  const involvedObject = { apiVersion: workloadsApiVersion, kind: 'Workload', namespace, name, uid };
  const rest = {
    involvedObject,
    reason,
    message,
    type,
    count: 1,
    firstTimestamp: at,
    lastTimestamp: at,
    source: { component: 'openclaw' },
  };
  try {
    // Its events go with it.
    const ownerReferences = [{ apiVersion: workloadsApiVersion, kind: 'Workload', name, uid }];
    await store.create({ apiVersion: 'v1', kind: 'Event', key, metadata: { ownerReferences }, rest });
    return true;
  } catch (thrown) {
    if (!(thrown instanceof OpenClawError) || thrown.code !== 'workload_exists') throw thrown;
    await again();
    return false;
  }
}

async function removeOldEvents(
  store: ResourceStore,
  { count, sinceMs }: { readonly count: number; readonly sinceMs: number },
): Promise<void> {
  const { items } = await store.list({ resource: 'events' });
  const latestFirst = items
    .map((object) => object as ApiEvent)
    .toSorted((one, other) => Date.parse(other.lastTimestamp) - Date.parse(one.lastTimestamp));
  const old = latestFirst.filter(({ lastTimestamp }, index) => index >= count || Date.parse(lastTimestamp) < sinceMs);
  for (const { metadata } of old) {
    try {
      await store.delete({ resource: 'events', namespace: metadata.namespace ?? 'default', name: metadata.name });
    } catch (thrown) {
      // Somebody else was quicker.
      if (!(thrown instanceof OpenClawError) || thrown.code !== 'workload_not_found') throw thrown;
    }
  }
}
