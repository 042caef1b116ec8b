/**
 * Makes one call of a tool, from what the model wrote to what the model is told. Never throws, and ends soon after its signal whatever the tool does.
 *
 * It asks for no permission and writes no journal: the engine has done so before.
 */
import type { Effect } from '@openclaw/protocol';
import { type Clock, sleep } from '../../core/clock.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { boundText } from './bounded-text.ts';
import { checkArguments } from './check-arguments.ts';
import type { Tool, ToolCall, ToolResult } from './contract.ts';

export interface CallToMake extends Omit<ToolCall, 'arguments'> {
  readonly argumentsText: string;
  readonly clock: Clock;
}

/** How long after the signal a tool may still put its things in order. */
export const abortGraceMs = 10_000;

/** What may happen if this call is made twice. */
export function effectOf(tool: Tool, args: JsonObject): Effect {
  return tool.effectOf?.(args) ?? tool.effect;
}

export async function performCall(tool: Tool, call: CallToMake): Promise<ToolResult> {
  const checked = checkArguments(tool, call.argumentsText);
  if (!checked.ok) return { isError: true, text: boundText(checked.text) };
  if (call.signal.aborted) return { isError: true, text: `${tool.name} was not called: the run was stopped before.` };
  const isOnce = effectOf(tool, checked.arguments) === 'once';
  const cut = (text: string): ToolResult => ({ isError: true, text, ...(isOnce ? { isOutcomeUnknown: true } : {}) });
  const ended = new AbortController();
  try {
    const running = tool.run({ ...call, arguments: checked.arguments });
    const gaveUp = untilGraceIsOver(call, ended.signal).then(() =>
      cut(`${tool.name} was stopped, and did not end within ${abortGraceMs / 1000} s of that; what it did is not known.`),
    );
    const result = await Promise.race([running, gaveUp]);
    return { ...result, text: boundText(result.text) };
  } catch (thrown) {
    return cut(boundText(`${tool.name} failed: ${wordsOf(thrown)}`));
  } finally {
    // With a reason of its own none has to be made, with where it came from, for each call.
    ended.abort('the call has ended');
  }
}

/** Resolves once the signal has been aborted for longer than the grace; never, if the call has ended before. */
function untilGraceIsOver({ signal, clock }: CallToMake, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wait = (): void => {
      sleep(clock, abortGraceMs, ended).then(resolve, () => undefined);
    };
    if (signal.aborted) return wait();
    signal.addEventListener('abort', wait, { once: true, signal: ended });
  });
}

/** For a model: what happened, and what to do about it where somebody knows. */
function wordsOf(thrown: unknown): string {
  return thrown instanceof OpenClawError ? `${thrown.message} ${thrown.hint}` : reasonOf(thrown);
}
