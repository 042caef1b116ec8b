/**
 * Collects the events of one answer into its blocks, for the bodies of answers that do not stream.
 *
 * It does not know how any dialect writes them.
 */
import { OpenClawError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Block, FinishEvent, ModelEvent, StartEvent, Usage } from './events.ts';

export interface WholeBlock {
  readonly block: Block;
  /** The text of a text, thinking or refusal block; the arguments of a tool call. */
  readonly text: string;
  readonly signature: string | undefined;
  /** Deltas that only one dialect has, verbatim. */
  readonly native: readonly { readonly dialect: string; readonly value: JsonObject }[];
}

export interface WholeAnswer {
  readonly start: StartEvent | undefined;
  readonly blocks: readonly WholeBlock[];
  readonly usage: Usage;
  readonly finish: FinishEvent;
}

export const noUsage: Usage = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };

/** @throws OpenClawError the error that the answer ended with, or `internal_error` where it has not ended */
export function collectAnswer(events: readonly ModelEvent[], requestId: string): WholeAnswer {
  const blocks: { block: Block; text: string; signature: string | undefined; native: { dialect: string; value: JsonObject }[] }[] = [];
  let start: StartEvent | undefined;
  let usage = noUsage;
  let finish: FinishEvent | undefined;
  for (const event of events) {
    if (event.type === 'start') start = event;
    else if (event.type === 'blockStart') blocks[event.index] = { block: event.block, text: '', signature: undefined, native: [] };
    else if (event.type === 'usage') usage = event.usage;
    else if (event.type === 'finish') finish = event;
    else if (event.type === 'error') throw event.error;
    else if (event.type === 'blockDelta') {
      const block = blocks[event.index];
      const { delta } = event;
      if (!block) continue;
      if (delta.kind === 'text') block.text += delta.text;
      else if (delta.kind === 'arguments') block.text += delta.json;
      else if (delta.kind === 'signature') block.signature = (block.signature ?? '') + delta.signature;
      else block.native.push({ dialect: delta.dialect, value: delta.value });
    }
  }
  if (!finish)
    throw new OpenClawError('internal_error', { details: { requestId }, cause: new Error('an answer was encoded before its end') });
  return { start, blocks, usage, finish };
}
