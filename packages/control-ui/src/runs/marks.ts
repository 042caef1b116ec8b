/** What stands between the steps of a timeline: waits, recoveries, signals, the end. Pure. */
import type { RunEvent, WaitsFor } from '@openclaw/protocol';
import { formatCount, formatTime } from '../format.ts';
import type { TimelineMark } from './timeline.ts';

type Mark = Pick<TimelineMark, 'tone' | 'title' | 'note'>;

const resumed: Readonly<Record<Extract<RunEvent, { kind: 'run.resumed' }>['reason'], Mark>> = {
  started: { tone: 'info', title: 'Begun', note: '' },
  recovered: { tone: 'warn', title: 'Recovered', note: 'whoever worked on it was gone; it goes on where it was' },
  unparked: { tone: 'info', title: 'Goes on', note: '' },
  retried: { tone: 'warn', title: 'Tried again', note: 'at the step that failed' },
};

/** Undefined: it belongs to a step, or says nothing of its own. */
export function markOf(event: RunEvent): Mark | undefined {
  switch (event.kind) {
    case 'run.created':
      if (event.forkedFrom === null) return undefined;
      return { tone: 'info', title: 'Forked', note: `from ${event.forkedFrom.runId}, after its event ${event.forkedFrom.seq}` };
    case 'run.resumed':
      return resumed[event.reason];
    case 'child.changed':
      if (event.waitsFor === null) return undefined;
      return { tone: 'warn', title: 'Asks below', note: `the run ${event.childRunId} waits for ${waitWords(event.waitsFor)}` };
    case 'run.parked':
      return { tone: 'warn', title: 'Waits', note: `for ${waitWords(event.waitsFor)}` };
    case 'outcome.resolved': {
      const words = { done: 'it was done', repeat: 'it is repeated', failed: 'it failed' }[event.decision.kind];
      return { tone: 'info', title: 'Outcome decided', note: `step ${event.step}: ${words}; by ${event.by}` };
    }
    case 'signal.received':
      return { tone: 'info', title: 'Signal', note: `${event.name}, by ${event.by}` };
    case 'context.compacted':
      return {
        ...{ tone: 'info', title: 'Context made smaller' },
        note: `${formatCount(event.tokensBefore)} tokens to ${formatCount(event.tokensAfter)}`,
      };
    case 'cancel.requested':
      return { tone: 'warn', title: 'Told to stop', note: `by ${event.by}${event.reason === null ? '' : `: ${event.reason}`}` };
    case 'run.finished':
      return { tone: 'ok', title: 'Finished', note: '' };
    case 'run.failed':
      return { tone: 'bad', title: 'Failed', note: event.error.message };
    case 'run.cancelled':
      return { tone: 'idle', title: 'Cancelled', note: `by ${event.by}` };
    default:
      return undefined;
  }
}

export function waitWords(waitsFor: WaitsFor): string {
  switch (waitsFor.kind) {
    case 'approval':
      return 'an approval';
    case 'outcome':
      return `the outcome of step ${waitsFor.step}`;
    case 'signal':
      return `the signal ${waitsFor.name}`;
    case 'child':
      return `the run ${waitsFor.runId}${waitsFor.waitsFor ? `, which waits for ${waitWords(waitsFor.waitsFor)}` : ''}`;
    case 'program':
      return 'its program';
    case 'storage':
      return 'room on the disk';
    case 'until':
      return `a time: ${formatTime(waitsFor.atMs)}`;
  }
}
