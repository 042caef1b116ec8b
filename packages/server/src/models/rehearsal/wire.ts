/**
 * The bytes of the rehearsal's answers, in the openai-completions format. Pure: it does not wait, fail or count.
 * There is no `system_fingerprint`: there is no system to fingerprint.
 */
import type { JsonObject } from '../../core/json.ts';
import type { FailAct, FinishAct, OutputAct, ToolAct } from './performance.ts';

export interface AnswerIdentity {
  readonly id: string;
  readonly createdSeconds: number;
  /** Makes the ids of tool calls unique in their conversation. */
  readonly messages: number;
  readonly inputTokens: number;
  readonly includeUsage: boolean;
}

export const modelName = 'openclaw/rehearsal';

export function encodeStart(identity: AnswerIdentity): Buffer {
  return encodeChunk(identity, { role: 'assistant', content: '' });
}

export function encodeAct(identity: AnswerIdentity, act: OutputAct): Buffer {
  if (act.kind === 'text') return encodeChunk(identity, { content: act.text });
  return encodeChunk(identity, { tool_calls: [{ index: act.index, ...toolCall(identity, act) }] });
}

export function encodeFinish(identity: AnswerIdentity, act: FinishAct): Buffer {
  const parts = [encodeChunk(identity, {}, act.reason)];
  if (identity.includeUsage) parts.push(encodeEvent({ ...chunkHead(identity), choices: [], usage: usage(identity, act.outputTokens) }));
  return Buffer.concat([...parts, Buffer.from('data: [DONE]\n\n')]);
}

/** An error in the middle of a stream; nothing follows it. */
export function encodeStreamError(failure: FailAct): Buffer {
  return encodeEvent(errorBody(failure.status, failure.message));
}

export function encodeWhole(identity: AnswerIdentity, acts: readonly OutputAct[], finish: FinishAct): Buffer {
  const text = acts.map((act) => (act.kind === 'text' ? act.text : '')).join('');
  const calls = acts.filter((act) => act.kind === 'tool').map((act) => toolCall(identity, act));
  const message: JsonObject = { role: 'assistant', content: text === '' && calls.length > 0 ? null : text, refusal: null };
  if (calls.length > 0) message['tool_calls'] = calls;
  return encodeJson({
    id: identity.id,
    object: 'chat.completion',
    created: identity.createdSeconds,
    model: modelName,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finish.reason }],
    usage: usage(identity, finish.outputTokens),
  });
}

export function errorBody(
  status: number,
  message: string,
  place: { readonly param?: string | null; readonly code?: string } = {},
): JsonObject {
  const { param = null, code = null } = place;
  return { error: { message, type: errorTypes[status] ?? (status >= 500 ? 'server_error' : 'invalid_request_error'), param, code } };
}

const errorTypes: Readonly<Record<number, string>> = { 401: 'authentication_error', 403: 'permission_error', 429: 'rate_limit_error' };

export function encodeJson(value: JsonObject): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function encodeChunk(identity: AnswerIdentity, delta: JsonObject, finishReason: string | null = null): Buffer {
  const chunk: JsonObject = { ...chunkHead(identity), choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }] };
  if (identity.includeUsage) chunk['usage'] = null;
  return encodeEvent(chunk);
}

function chunkHead(identity: AnswerIdentity): JsonObject {
  return { id: identity.id, object: 'chat.completion.chunk', created: identity.createdSeconds, model: modelName };
}

function encodeEvent(value: JsonObject): Buffer {
  return Buffer.from(`data: ${JSON.stringify(value)}\n\n`);
}

function toolCall(identity: AnswerIdentity, act: ToolAct): JsonObject {
  const id = `call_${identity.messages}_${act.index}`;
  return { id, type: 'function', function: { name: act.name, arguments: act.argumentsJson } };
}

function usage(identity: AnswerIdentity, outputTokens: number): JsonObject {
  const { inputTokens } = identity;
  return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens };
}
