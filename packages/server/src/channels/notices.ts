/** What of the events of a run is told to others. Pure: the same events give the same notices. */
import type { RunEvent, RunView } from '@openclaw/protocol';
import { isJsonObject } from '../core/json.ts';
import type { Notice } from './contract.ts';

export function noticesOf(events: readonly RunEvent[], view: RunView, textCharacters: number): Notice[] {
  return events.flatMap((event) => {
    const details = detailsOf(event, textCharacters);
    if (!details) return [];
    const { id: runId, sessionKey, agentId } = view;
    return [{ ...{ runId, sessionKey, agentId, seq: event.seq, atMs: event.atMs }, ...details }];
  });
}

/** One for each event, whoever makes it out and however often. */
export function deliveryIdOf({ runId, seq }: Pick<Notice, 'runId' | 'seq'>): string {
  return `dlv_${runId.replace(/^run_/, '')}_${seq}`;
}

type Details = Omit<Notice, 'runId' | 'sessionKey' | 'agentId' | 'seq' | 'atMs'>;

function detailsOf(event: RunEvent, textCharacters: number): Details | undefined {
  switch (event.kind) {
    case 'run.finished':
      return { type: 'run.finished', ...outputOf(event.output, textCharacters) };
    case 'run.failed': {
      const { code, message, hint } = event.error;
      return { type: 'run.failed', error: { code, message, hint } };
    }
    case 'run.cancelled':
      return { type: 'run.cancelled' };
    case 'approval.requested': {
      const { approvalId, why, call } = event;
      const argumentsText = cut(call.argumentsText, textCharacters).text;
      return { type: 'run.waiting', waitsFor: { kind: 'approval', approvalId, tool: call.name, argumentsText, why } };
    }
    case 'outcome.unknown': {
      const { step, call, evidence } = event;
      return { type: 'run.waiting', waitsFor: { kind: 'outcome', step, tool: call?.name ?? '', evidence } };
    }
    default:
      return undefined;
  }
}

/** Agents end with a text, and say so where a limit has ended them. */
function outputOf(output: unknown, textCharacters: number): Pick<Notice, 'text' | 'isCut' | 'stoppedBy'> {
  const fields = isJsonObject(output) ? output : {};
  const { text, stoppedBy } = fields;
  const said = cut(typeof text === 'string' ? text : '', textCharacters);
  return { ...said, ...(typeof stoppedBy === 'string' ? { stoppedBy } : {}) };
}

function cut(text: string, characters: number): { readonly text: string; readonly isCut?: true } {
  return text.length <= characters ? { text } : { text: text.slice(0, characters).toWellFormed(), isCut: true };
}
