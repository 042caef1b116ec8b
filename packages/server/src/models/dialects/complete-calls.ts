/**
 * Puts results of tools where every provider demands them: right after the turn that called, one for each call. Clients
 * leave gaps when a turn was aborted, and put texts between the results of parallel calls.
 *
 * It does not touch results that belong to no call: what they mean nobody knows, and the provider refuses them.
 */
import type { Message, ToolCallPart, ToolResultPart } from './request.ts';

/** Said to the model, which reads it as what the tool answered. */
const noResult = 'There is no result: the conversation went on before this call was answered.';

export function withCompleteCalls(messages: readonly Message[]): readonly Message[] {
  const complete: Message[] = [];
  for (let at = 0; at < messages.length; at++) {
    const message = messages[at] as Message;
    complete.push(message);
    const waiting = message.role === 'assistant' ? message.parts.filter((part) => part.type === 'toolCall') : [];
    // Calls at the very end are still being answered.
    if (waiting.length === 0 || at === messages.length - 1) continue;
    const next = messages.findIndex((other, position) => position > at && other.role === 'assistant');
    const between = messages.slice(at + 1, next === -1 ? undefined : next);
    const results = between.filter(({ role }) => role === 'tool');
    const parts = results.flatMap((result) => result.parts);
    complete.push({ ...results[0], role: 'tool', parts: [...parts, ...missingResults(waiting, parts)] });
    complete.push(...between.filter(({ role }) => role !== 'tool'));
    at += between.length;
  }
  return complete;
}

function missingResults(calls: readonly ToolCallPart[], parts: Message['parts']): ToolResultPart[] {
  const answered = new Set(parts.map((part) => (part.type === 'toolResult' ? part.toolCallId : undefined)));
  return calls
    .filter(({ id }) => !answered.has(id))
    .map(({ id }) => ({ type: 'toolResult', toolCallId: id, isError: true, parts: [{ type: 'text', text: noResult }] }));
}
