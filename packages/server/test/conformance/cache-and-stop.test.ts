/** Case 72: what an answer is kept under, how it is handed out again, and a stop in the middle of one. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import fc from 'fast-check';
import { createFakeClock } from '../../src/core/fake-clock.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/core/json.ts';
import { cacheKeyOf, createAnswerCache, type CacheSettings } from '../../src/models/cache.ts';
import { testCase } from './case-test.ts';
import type { Cell } from './cells.ts';
import { viewOf } from './client-view.ts';
import { createExchanger, replyOf } from './exchange.ts';
import { conversationOf, schemaFields, toolFields } from './requests.ts';
import { answerOf, callOf, framesOf, wires } from './stories.ts';
import { openRequest, startCell } from './whole-gateway.ts';

const settings: CacheSettings = { enabled: true, ttlMs: 60_000, maxBytes: 1024 * 1024 };

/** A request with something in every place, which its provider may remember nothing of. */
function richRequest(cell: Cell): JsonObject {
  const conversation = conversationOf(cell.in, [
    { system: 'Be brief.' },
    { user: [{ text: 'What is this?' }, { image: 'iVBORw0KGgo=', mediaType: 'image/png' }] },
    { calls: [{ id: 'call_1', name: 'get_weather', json: '{"city":"Oslo"}' }] },
    { results: [{ id: 'call_1', content: 'sunny' }] },
  ]);
  const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false };
  const limit = {
    'openai-completions': 'max_completion_tokens',
    'openai-responses': 'max_output_tokens',
    'anthropic-messages': 'max_tokens',
  }[cell.in];
  return {
    ...{ model: 'acme/large', ...conversation, ...toolFields(cell), ...schemaFields(cell.in, schema) },
    ...{ temperature: 0.5, top_p: 0.9, [limit]: 100, a_field_of_tomorrow: { x: [1, 2] } },
    ...(cell.in === 'openai-responses' && { store: false }),
  };
}

/** Every place of a value that holds no object or list. */
function leavesOf(value: JsonValue, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (Array.isArray(value)) return value.flatMap((inner, index) => leavesOf(inner, [...path, index]));
  return isJsonObject(value) ? Object.entries(value).flatMap(([key, inner]) => leavesOf(inner ?? null, [...path, key])) : [path];
}

function replaced(value: JsonValue, [key, ...rest]: readonly (string | number)[], by: JsonValue): JsonValue {
  if (key === undefined) return by;
  if (Array.isArray(value)) return value.map((inner, index) => (index === key ? replaced(inner, rest, by) : inner));
  return isJsonObject(value) ? { ...value, [key]: replaced(value[key] ?? null, rest, by) } : by;
}

function keyOf(
  cell: Cell,
  body: JsonObject,
  { id = 'one', headers = {} }: { id?: string; headers?: Record<string, string> } = {},
): string | undefined {
  return cacheKeyOf(
    {
      ...{ requestId: 'req_1', dialect: cell.in, operation: 'chat', body: Buffer.alloc(0), headers },
      ...{ caller: { id, models: undefined }, whenGone: () => {}, timeoutMs: undefined },
    },
    body,
  );
}

testCase(72, 'an answer is kept under all that changes it, handed out as a valid one, and a stop lets it end', async (cell) => {
  keysTellApart(cell);
  await servesAgain(cell);
  await stopsGently(cell);
});

function keysTellApart(cell: Cell): void {
  const request = richRequest(cell);
  const key = keyOf(cell, request);
  assert.ok(key);
  const leaves = leavesOf(request).filter((path) => path[0] !== 'store');
  const other = fc.constantFrom<JsonValue>('other', 7, false, null, [], {});
  fc.assert(
    fc.property(fc.constantFrom(...leaves), other, (path, by) => {
      const changed = replaced(request, path, by) as JsonObject;
      assert.equal(keyOf(cell, changed) === key, JSON.stringify(changed) === JSON.stringify(request), path.join('.'));
    }),
    { numRuns: 300 },
  );
  assert.equal(keyOf(cell, { ...request, stream: true }), key, 'how it is handed over makes no difference');
  for (const header of ['anthropic-beta', 'openai-beta']) assert.notEqual(keyOf(cell, request, { headers: { [header]: 'new' } }), key);
  assert.notEqual(keyOf(cell, request, { id: 'two' }), key, 'nor is it shared between tenants');
  assert.notEqual(keyOf({ ...cell, in: cell.in === 'openai-completions' ? 'anthropic-messages' : 'openai-completions' }, request), key);
  assert.equal(keyOf(cell, request, { headers: { 'cache-control': 'no-store' } }), undefined);
}

async function servesAgain(cell: Cell): Promise<void> {
  const answers = createAnswerCache(settings, createFakeClock());
  const parts = [{ thinking: ['Hm.'], signature: 'EqQBCg==' }, { text: ['Let me', ' look.'] }, callOf('{"city":"Oslo"}')];
  const exchanger = createExchanger({ cell, replies: [replyOf(cell, answerOf(cell, parts, 'calls'))], cache: { answers, settings } });
  const request = { ...toolFields(cell), ...(cell.in === 'openai-responses' && { store: false }) };
  const first = await exchanger.send(cell, request);
  const seen = viewOf(cell, first);
  assert.equal(first.asked.length, 1);
  for (const streaming of ['stream', 'whole'] as const) {
    const again = await exchanger.send({ ...cell, streaming }, request);
    assert.equal(again.asked.length, 0, 'nobody is asked');
    assert.equal(again.headers['x-openclaw-cache'], 'hit');
    const { text, thinking, calls, finish } = viewOf({ ...cell, streaming }, again);
    assert.deepEqual(
      { text, thinking, calls, finish },
      { text: seen.text, thinking: seen.thinking, calls: seen.calls, finish: seen.finish },
    );
  }
  const stranger = await exchanger.send(cell, request, { id: 'key_of_another_tenant' });
  assert.equal(stranger.asked.length, 1);
  assert.equal((await exchanger.send(cell, { ...request, temperature: 0.1 })).asked.length, 1);
}

async function stopsGently(cell: Cell): Promise<void> {
  await using scene = await startCell(cell);
  const { provider, gateway } = scene;
  const goOn = Promise.withResolvers<void>();
  const told = { parts: [{ text: ['Hello', ' you'] }], ending: 'stop' } as const;
  const whole = Buffer.from(JSON.stringify(wires[cell.out].whole(told)));
  const chunks = cell.streaming === 'stream' ? framesOf(wires[cell.out].stream(told)) : [whole.subarray(0, 20), whole.subarray(20)];
  const half = Math.ceil(chunks.length / 2);
  provider.answer(async (response) => {
    response.writeHead(200, { 'content-type': cell.streaming === 'stream' ? wires[cell.out].streamType : 'application/json' });
    response.write(Buffer.concat(chunks.slice(0, half)));
    await goOn.promise;
    response.end(Buffer.concat(chunks.slice(half)));
  });
  const received = provider.received();
  const { response } = openRequest(gateway, cell);
  await received;
  assert.equal((await gateway.request('/readyz')).status, 200);
  const answered = cell.streaming === 'stream' ? await response : undefined;
  const stopping = gateway.running.stop();
  goOn.resolve();
  const answer = answered ?? (await response);
  let text = '';
  answer.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  await once(answer, 'end');
  await stopping;
  assert.equal(answer.statusCode, 200);
  assert.ok(text.includes('you') && text.includes('Hello'), 'the answer arrives whole');
  await assert.rejects(fetch(`${gateway.url}/readyz`), 'nobody is let in after that');
}
