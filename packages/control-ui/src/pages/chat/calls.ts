/** Calls of tools as the history of a conversation tells them: what was called and what came of it, without times, which the run has. Pure. */
import { newStep, type TimelineStep } from '../../runs/timeline.ts';

/** A part of a message. */
export interface WirePart {
  readonly type: string;
  readonly text?: string;
  readonly id?: string;
  readonly name?: string;
  /** JSON as a model wrote it, or its text where it is none. */
  readonly arguments?: unknown;
  readonly toolCallId?: string;
  readonly isError?: boolean;
}

export function callsOf(content: readonly WirePart[]): readonly TimelineStep[] {
  return content.flatMap((part, index) => {
    if (part.type !== 'toolCall') return [];
    const { id: callId = '', name = '', arguments: given = {} } = part;
    // Models may name a call of a later step as one before: its result is the next one with that name.
    const answer = content.slice(index).find(({ type, toolCallId }) => type === 'toolResult' && toolCallId === callId);
    const step: TimelineStep = {
      ...newStep({ seq: index, atMs: 0 }, index),
      ...{ name, call: { callId, name, argumentsText: typeof given === 'string' ? given : JSON.stringify(given) } },
      ...(answer ? { state: answer.isError ? 'failed' : 'done', result: answer.text ?? '' } : { state: 'stopped' }),
    };
    return [step];
  });
}
