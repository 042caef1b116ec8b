/**
 * Writes the results of tools. What is not text goes into the result where the model takes it there (Gemini 3), else beside the
 * results, with a line in the result that says so.
 */
import type { JsonObject } from '../../../core/json.ts';
import { invalid } from '../fields.ts';
import type { Message, ToolResultPart } from '../request.ts';
import { idOnWire } from './call-ids.ts';
import { encodePart, refuse, type Context } from './encode-parts.ts';
import { isBeforeGemini3 } from './models.ts';

/** In the order of the calls, which is what models without ids go by. */
export function encodeToolResults(message: Message, context: Context): JsonObject[] {
  refuse(message.extensions, 'message', context);
  const results = message.parts.filter((part) => part.type === 'toolResult');
  const inOrder = results.map((result) => ({ result, call: callOf(result, context) })).sort((a, b) => a.call.position - b.call.position);
  const attachments: JsonObject[] = [];
  const responses = inOrder.map(({ result, call }) => encodeResult(result, call.name, { context, attachments }));
  return [...responses, ...attachments];
}

function callOf({ toolCallId }: ToolResultPart, { calls }: Context): { readonly name: string; readonly position: number } {
  const call = calls.get(toolCallId);
  if (call) return call;
  throw invalid('messages[].tool_call_id', `${JSON.stringify(toolCallId.slice(0, 80))} answers no call of the conversation`);
}

interface ResultPlace {
  readonly context: Context;
  /** What follows the results of this turn. */
  readonly attachments: JsonObject[];
}

function encodeResult(result: ToolResultPart, name: string, { context, attachments }: ResultPlace): JsonObject {
  refuse(result.extensions, 'part', context);
  const texts: string[] = [];
  const within: JsonObject[] = [];
  for (const part of result.parts.flatMap((inner) => encodePart(inner, context))) {
    if (typeof part['text'] === 'string') texts.push(part['text']);
    else if (part['inlineData'] !== undefined && !isBeforeGemini3(context.target.model)) within.push(part);
    else texts.push(`[attachment ${attachments.push(part)}: see after the results]`);
  }
  const response = { [result.isError === true ? 'error' : 'output']: texts.join('\n') };
  return { functionResponse: { ...idOnWire(result.toolCallId), name, response, ...(within.length > 0 && { parts: within }) } };
}
