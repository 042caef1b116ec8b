import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFakeClock } from '../core/fake-clock.ts';
import type { JsonObject } from '../core/json.ts';
import { cacheKeyOf, createAnswerCache, Recording, type AnswerCache, type CachedAnswer, type CacheSettings } from './cache.ts';
import type { ModelCall } from './call.ts';
import type { ModelEvent } from './dialects/events.ts';

const settings: CacheSettings = { enabled: true, ttlMs: 1000, maxBytes: 10_000 };

function answer(text: string): CachedAnswer {
  return { target: 'acme/large', events: [{ type: 'blockDelta', index: 0, delta: { kind: 'text', text } }] };
}

/** Asks, and is answered with `text`. */
function fill(cache: AnswerCache, key: string, text: string): void {
  const entry = cache.enter(key);
  assert.equal(entry.kind, 'lead', key);
  if (entry.kind === 'lead') entry.lead.settle(answer(text));
}

/** Looks without asking: who leads gives up at once. */
function has(cache: AnswerCache, key: string): boolean {
  const entry = cache.enter(key);
  if (entry.kind === 'lead') entry.lead.settle(undefined);
  return entry.kind === 'hit';
}

test('an answer is kept for its time and not a moment longer, and being used does not prolong it', () => {
  const clock = createFakeClock();
  const cache = createAnswerCache(settings, clock);
  fill(cache, 'a', 'yes');
  clock.advance(999);
  assert.ok(has(cache, 'a'));
  clock.advance(1);
  assert.ok(!has(cache, 'a'));
  assert.deepEqual([cache.figures.entries, cache.figures.bytes], [0, 0]);
});

test('when there is no room the one that nobody wanted for longest gives way', () => {
  const cache = createAnswerCache(settings, createFakeClock());
  // Each takes about 1,200 bytes, an eighth of all at most: eight fit.
  const text = 'x'.repeat(450);
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) fill(cache, key, text);
  assert.equal(cache.figures.entries, 8);
  assert.ok(has(cache, 'a'), 'used again');
  fill(cache, 'i', text);
  assert.ok(has(cache, 'a'));
  assert.ok(!has(cache, 'b'));
  assert.ok(has(cache, 'c') && has(cache, 'i'));
});

test('an answer that takes more than an eighth of the room is not kept: it would push out too many others', () => {
  const cache = createAnswerCache(settings, createFakeClock());
  fill(cache, 'a', 'small');
  fill(cache, 'b', 'x'.repeat(2000));
  assert.ok(has(cache, 'a'));
  assert.ok(!has(cache, 'b'));
});

test('who asks what is asked already waits for that answer; only the first settling counts', async () => {
  const cache = createAnswerCache(settings, createFakeClock());
  const first = cache.enter('a');
  const second = cache.enter('a');
  assert.ok(first.kind === 'lead' && second.kind === 'wait');
  first.lead.settle(answer('yes'));
  first.lead.settle(undefined);
  first.lead.settle(answer('no'));
  assert.deepEqual(await second.answer, answer('yes'));
  const third = cache.enter('a');
  assert.deepEqual(third.kind === 'hit' && third.answer, answer('yes'));
  const { hits, misses, joined } = cache.figures;
  assert.deepEqual({ hits, misses, joined }, { hits: 1, misses: 1, joined: 1 });
});

test('a leader without an answer lets the next one ask, and leaves nothing behind', async () => {
  const cache = createAnswerCache(settings, createFakeClock());
  const first = cache.enter('a');
  const second = cache.enter('a');
  assert.ok(first.kind === 'lead' && second.kind === 'wait');
  first.lead.settle(undefined);
  assert.equal(await second.answer, undefined);
  assert.equal(cache.enter('a').kind, 'lead');
  assert.equal(cache.figures.entries, 0);
});

test('property: bytes and entries are those of what is kept, within the room, and 0 when all has expired', () => {
  const step = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e'), size: fc.nat(1000), waitMs: fc.constantFrom(0, 0, 100, 700) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const clock = createFakeClock();
      const cache = createAnswerCache({ ...settings, maxBytes: 9000 }, clock);
      for (const { key, size, waitMs } of steps) {
        clock.advance(waitMs);
        const entry = cache.enter(key);
        if (entry.kind === 'lead') entry.lead.settle(size % 7 === 0 ? undefined : answer('x'.repeat(size)));
        assert.ok(cache.figures.bytes <= 9000 && cache.figures.bytes >= 0);
        assert.equal(cache.figures.bytes === 0, cache.figures.entries === 0);
      }
      clock.advance(settings.ttlMs);
      for (const key of ['a', 'b', 'c', 'd', 'e']) assert.ok(!has(cache, key));
      assert.deepEqual([cache.figures.entries, cache.figures.bytes], [0, 0]);
    }),
  );
});

const body: JsonObject = { model: 'acme/large', messages: [{ role: 'user', content: 'Hello?' }], temperature: 0 };

function keyOf(changed: Partial<ModelCall> = {}, fields: JsonObject = {}): string | undefined {
  const call: ModelCall = {
    ...{ requestId: 'req_1', dialect: 'openai-completions', operation: 'chat', body: Buffer.alloc(0), headers: {} },
    ...{ caller: { id: 'key_1', models: undefined }, whenGone: () => {}, timeoutMs: undefined },
    ...changed,
  };
  return cacheKeyOf(call, { ...body, ...fields });
}

test('the key is the same for the same request, streamed or whole, and for nothing else', () => {
  const key = keyOf();
  assert.ok(key !== undefined);
  assert.equal(keyOf(), key);
  assert.equal(keyOf({ requestId: 'req_2', headers: { 'user-agent': 'x' } }), key);
  assert.equal(keyOf({}, { stream: true, stream_options: { include_usage: true } }), key);
  const others = [
    keyOf({ caller: { id: 'key_2', models: undefined } }),
    keyOf({ dialect: 'anthropic-messages' }),
    keyOf({ headers: { 'anthropic-beta': 'x' } }),
    keyOf({ headers: { 'x-openclaw-session': 'x' } }),
    keyOf({}, { model: 'acme/small' }),
    keyOf({}, { temperature: 1 }),
    keyOf({}, { messages: [{ role: 'user', content: 'Hello' }] }),
    keyOf({}, { a_field_of_tomorrow: true }),
    keyOf({}, { user: 'somebody' }),
  ];
  assert.equal(new Set([key, ...others]).size, others.length + 1);
});

test('what the client forbids to keep, or what goes on from what a provider remembers, has no key', () => {
  for (const header of ['no-cache', 'max-age=0, no-store', 'No-Cache'])
    assert.equal(keyOf({ headers: { 'cache-control': header } }), undefined);
  assert.equal(keyOf({ dialect: 'openai-responses' }), undefined);
  assert.ok(keyOf({ dialect: 'openai-responses' }, { store: false }) !== undefined);
  assert.equal(keyOf({ dialect: 'openai-responses' }, { store: false, previous_response_id: 'resp_1' }), undefined);
});

const delta = (text: string): ModelEvent => ({ type: 'blockDelta', index: 0, delta: { kind: 'text', text } });
const finish = (reason: Extract<ModelEvent, { type: 'finish' }>['reason']): ModelEvent => ({
  type: 'finish',
  reason,
  providerReason: reason,
});

test('a recording is one only of an answer that ended well, by itself, and is not too large', () => {
  const of = (...events: ModelEvent[]): readonly ModelEvent[] | undefined => {
    const recording = new Recording(settings);
    for (const event of events) recording.push([event]);
    return recording.events;
  };
  assert.deepEqual(of(delta('a'), finish('stop')), [delta('a'), finish('stop')]);
  assert.ok(of(delta('a'), finish('length')) && of(delta('a'), finish('toolCalls')));
  assert.equal(of(delta('a')), undefined);
  assert.equal(of(delta('a'), finish('contentFilter')), undefined);
  assert.equal(of(delta('x'.repeat(1000)), finish('stop')), undefined);
});
