/**
 * Reads an answer of a chat completions upstream, streamed or whole. Only the first choice: requests that ask for more are
 * not translated.
 *
 * Beside OpenAI's own fields it reads thinking where other providers put it: `reasoning_content`, `reasoning`, `thinking_blocks`.
 */
import type { OpenClawError } from '../../../core/errors.ts';
import { isJsonObject, parseObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import { BlockBuilder, type ToolCallPiece } from '../blocks.ts';
import type { ResponseDecoder, StreamFrame } from '../dialect.ts';
import type { ModelEvent } from '../events.ts';
import { emptyAnswer, inStreamError, malformed, truncated } from '../failures.ts';
import { compact, restOf } from '../fields.ts';
import { decodeFinish } from './finish-reasons.ts';
import { decodeUsage } from './usage.ts';

const nothing: readonly ModelEvent[] = [];

interface FinishedChoice {
  readonly word: string;
  readonly choice: JsonObject;
}

export function decodeResponse(provider: string): ResponseDecoder {
  const blocks = new BlockBuilder();
  let state: 'waiting' | 'started' | 'ended' = 'waiting';
  let finish: FinishedChoice | undefined;
  /** `undefined` where the upstream does not count. */
  let outputTokens: number | undefined;

  function fail(error: OpenClawError): readonly ModelEvent[] {
    state = 'ended';
    return [{ type: 'error', error }];
  }

  function chunk(body: JsonObject): readonly ModelEvent[] {
    const choices = Array.isArray(body['choices']) ? body['choices'] : [];
    const usage = decodeUsage(body['usage']);
    // Azure opens with a chunk that has neither, about the prompt's content filter.
    if (choices.length === 0 && !usage) return nothing;
    outputTokens = usage?.output ?? outputTokens;
    const events: ModelEvent[] = state === 'waiting' ? [startOf(body)] : [];
    state = 'started';
    finish = readChoices(choices, blocks) ?? finish;
    events.push(...blocks.take());
    if (usage) events.push({ type: 'usage', usage });
    return events;
  }

  function complete(): readonly ModelEvent[] {
    if (!finish) return fail(truncated(provider, 'the stream ended without a finish_reason'));
    if (finish.word === 'error') return fail(inStreamError(null, provider));
    const wrong = blocks.finish();
    if (wrong !== undefined) return fail(malformed(provider, wrong));
    const end = decodeFinish(finish.word, finish.choice, blocks.calledTools);
    if (end.reason === 'stop' && blocks.isEmpty && outputTokens === 0) return fail(emptyAnswer(provider));
    state = 'ended';
    return [...blocks.take(), end];
  }

  return {
    event(event: StreamFrame) {
      if (state === 'ended' || event.data === undefined) return nothing;
      if (event.data === '[DONE]') return complete();
      const body = parseObject(event.data);
      if (!body) return fail(malformed(provider, 'an event of its stream is not a JSON object'));
      const error = errorIn(body) ?? (event.name === 'error' ? body : undefined);
      return error === undefined ? chunk(body) : fail(inStreamError(error, provider));
    },
    // Some servers leave out `[DONE]`; the finish_reason is what says that an answer is whole.
    end: () => (state === 'ended' ? nothing : complete()),
    whole(body) {
      const error = errorIn(body);
      if (error !== undefined) return fail(inStreamError(error, provider));
      const choice = Array.isArray(body['choices']) ? body['choices'][0] : undefined;
      if (!isJsonObject(choice) || !isJsonObject(choice['message']))
        return fail(malformed(provider, 'the answer has no choices[0].message'));
      readMessage(choice['message'], blocks, true);
      const word = choice['finish_reason'];
      if (typeof word !== 'string') return fail(malformed(provider, 'the answer has no finish_reason'));
      finish = { word, choice };
      const usage = decodeUsage(body['usage']);
      outputTokens = usage?.output;
      const end = complete();
      if (end.at(-1)?.type === 'error') return end;
      return [startOf(body), ...end.slice(0, -1), ...(usage ? [{ type: 'usage', usage } as const] : []), ...end.slice(-1)];
    },
  };
}

/** Reads the pieces of a chunk, and why the answer ended if it says so. */
function readChoices(choices: readonly JsonValue[], blocks: BlockBuilder): FinishedChoice | undefined {
  let finish: FinishedChoice | undefined;
  for (const choice of choices) {
    if (!isJsonObject(choice) || (choice['index'] ?? 0) !== 0) continue;
    if (isJsonObject(choice['delta'])) readMessage(choice['delta'], blocks, false);
    const word = choice['finish_reason'];
    if (typeof word === 'string' && word !== '') finish = { word, choice };
  }
  return finish;
}

function errorIn(body: JsonObject): JsonValue | undefined {
  return body['error'] ?? undefined;
}

function startOf(body: JsonObject): ModelEvent {
  const { id, model, created } = body;
  return {
    type: 'start',
    id: typeof id === 'string' ? id : '',
    model: typeof model === 'string' ? model : '',
    ...(typeof created === 'number' && { createdSeconds: created }),
  };
}

/** A message, or a piece of one: the two have the same fields. */
function readMessage(message: JsonObject, blocks: BlockBuilder, whole: boolean): void {
  const { content, refusal, tool_calls: calls, function_call: legacyCall } = message;
  readThinking(message, blocks);
  if (typeof content === 'string') blocks.text('text', content);
  else if (Array.isArray(content)) for (const part of content) readContentPart(part, blocks);
  if (typeof refusal === 'string') blocks.text('refusal', refusal);
  if (Array.isArray(calls)) {
    for (const [position, call] of calls.entries()) {
      if (isJsonObject(call)) readToolCall(call, whole || calls.length > 1 ? position : undefined, blocks);
    }
  }
  if (isJsonObject(legacyCall)) readToolCall({ function: legacyCall }, 0, blocks);
}

function readThinking(message: JsonObject, blocks: BlockBuilder): void {
  const { reasoning_content: content, reasoning, thinking_blocks: signed } = message;
  const whole = Array.isArray(signed) && signed.length > 0 ? signed.filter(isJsonObject) : [];
  const text = typeof content === 'string' ? content : reasoning;
  // In a whole message the signed blocks repeat the text; in a stream they follow it.
  if (typeof text === 'string' && whole.length === 0) blocks.text('thinking', text);
  for (const { type, data, thinking, signature } of whole) {
    if (type === 'redacted_thinking' && typeof data === 'string') blocks.redactedThinking(data);
    else if (typeof signature === 'string' && signature !== '') blocks.signature(signature, typeof thinking === 'string' ? thinking : '');
    else if (typeof thinking === 'string') blocks.text('thinking', thinking);
  }
}

/** Mistral sends content as parts when its model thinks. */
function readContentPart(part: JsonValue, blocks: BlockBuilder): void {
  if (!isJsonObject(part)) return;
  if (typeof part['text'] === 'string') blocks.text('text', part['text']);
  const { thinking } = part;
  if (typeof thinking === 'string') blocks.text('thinking', thinking);
  else if (Array.isArray(thinking)) {
    for (const piece of thinking) if (isJsonObject(piece) && typeof piece['text'] === 'string') blocks.text('thinking', piece['text']);
  }
}

const knownCallFields: ReadonlySet<string> = new Set(['index', 'id', 'type', 'function']);

/** @param position the key of a call that has no index of its own */
function readToolCall(call: JsonObject, position: number | undefined, blocks: BlockBuilder): void {
  const called = isJsonObject(call['function']) ? call['function'] : {};
  const { index, id } = call;
  const { name, arguments: given } = called;
  blocks.toolCall(
    typeof index === 'number' ? index : position,
    compact<ToolCallPiece>({
      id: typeof id === 'string' && id !== '' ? id : undefined,
      name: typeof name === 'string' ? name : undefined,
      // Some servers send the arguments as an object.
      argumentsJson: typeof given === 'string' ? given : isJsonObject(given) ? JSON.stringify(given) : undefined,
      extensions: restOf(call, knownCallFields),
    }),
  );
}
