import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../core/json.ts';
import { answerOf, callOf, from, openResponses, requestTo, targetAt } from './store.fixture.ts';

const first = targetAt('acme/large');
const small = targetAt('acme/small');
const secondKey = targetAt('acme/large', { keyId: '2' });
const other = targetAt('other/large');
const chat = targetAt('chatty/large', { dialect: 'openai-completions' });
const all = [other, small, first, secondKey, chat];

const reasoning = (encrypted: string): JsonObject => ({ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: encrypted });

test('a request that refers to nothing is not kept waiting', async () => {
  await using responses = await openResponses();
  const request = requestTo(all, 'key_1', { model: 'm', input: [{ role: 'user', content: 'a' }] });
  assert.equal(responses.store.prepare(request), request);
});

test('a response that its provider keeps is gone on from there: the very target, the very bytes', async () => {
  await using responses = await openResponses();
  const { store } = responses;
  store.keep(callOf('key_1', { model: 'm', input: 'a' }), answerOf('resp_1', 'One.'), from(secondKey));
  const request = requestTo(all, 'key_1', { model: 'm', input: 'b', previous_response_id: 'resp_1' });
  const prepared = await store.prepare(request);
  assert.deepEqual(prepared.targets, [secondKey]);
  assert.equal(prepared.call, request.call);
  assert.equal(prepared.body, request.body);
});

test('without the very target another key or model of the same provider is asked', async () => {
  await using responses = await openResponses();
  const { store } = responses;
  store.keep(callOf('key_1', { model: 'm', input: 'a' }), answerOf('resp_1', 'One.'), from(secondKey));
  const prepare = async (targets: typeof all) =>
    (await store.prepare(requestTo(targets, 'key_1', { model: 'm', input: 'b', previous_response_id: 'resp_1' }))).targets;
  assert.deepEqual(await prepare([other, first, small]), [first]);
  assert.deepEqual(await prepare([other, small]), [small]);
});

test('where the route does not lead to its provider, the conversation is written out', async () => {
  await using responses = await openResponses();
  const { store } = responses;
  const answer = answerOf('resp_1', 'One.');
  const thinking = { ...answer, output: [reasoning('gAAAA-of-acme'), ...(answer['output'] as JsonObject[])] };
  store.keep(callOf('key_1', { model: 'm', input: 'a' }), thinking, from(first));
  const prepared = await store.prepare(requestTo([chat, other], 'key_1', { model: 'm', input: 'b', previous_response_id: 'resp_1' }));
  assert.deepEqual(prepared.targets, [chat, other]);
  const text = JSON.stringify(prepared.body['input']);
  assert.ok(text.includes('One.'));
  assert.ok(!text.includes('gAAAA-of-acme'), 'only acme could read its reasoning');
});

test('a server of this dialect that does not say that it keeps responses is not asked to go on from one', async () => {
  await using responses = await openResponses();
  const { store } = responses;
  const { store: _kept, ...answer } = answerOf('resp_1', 'One.');
  store.keep(callOf('key_1', { model: 'm', input: 'a' }), answer, from(first));
  const prepared = await store.prepare(requestTo([first], 'key_1', { model: 'm', input: 'b', previous_response_id: 'resp_1' }));
  assert.equal('previous_response_id' in prepared.body, false);
  assert.ok(JSON.stringify(prepared.body['input']).includes('One.'));
});

test('encrypted reasoning goes back to the target that wrote it, after a restart too', async () => {
  await using responses = await openResponses();
  const { store, database } = responses;
  const answer = { ...answerOf('resp_1', 'One.'), output: [reasoning('gAAAA-1')] };
  store.keep(callOf('key_1', { model: 'm', input: 'a', store: false }), answer, from(first));
  const request = requestTo(all, 'key_1', { model: 'm', input: [reasoning('gAAAA-1'), { role: 'user', content: 'b' }] });
  const prepared = await store.prepare(request);
  assert.deepEqual(prepared.targets, [first]);
  assert.equal(prepared.call, request.call);
  const rows = await database.read({ sql: 'SELECT hash FROM response_proofs' });
  assert.equal(rows.length, 1);
  assert.ok(!JSON.stringify(rows).includes('gAAAA'), 'nothing of the content is kept');
  const unknown = requestTo(all, 'key_1', { model: 'm', input: [reasoning('gAAAA-2')] });
  assert.deepEqual((await store.prepare(unknown)).targets, all);
});

test('an item that is referred to is sought where it is kept, or written in its place', async () => {
  await using responses = await openResponses();
  const { store } = responses;
  store.keep(callOf('key_1', { model: 'm', input: 'a' }), answerOf('resp_1', 'One.'), from(first));
  store.keep(callOf('key_1', { model: 'm', input: 'a' }), answerOf('resp_2', 'Two.'), from(chat));
  const ask = async (ids: readonly string[], targets = all) =>
    store.prepare(requestTo(targets, 'key_1', { model: 'm', input: ids.map((id) => ({ type: 'item_reference', id })) }));
  assert.deepEqual((await ask(['msg_resp_1'])).targets, [first]);
  assert.deepEqual((await ask(['msg_resp_1'])).body['input'], [{ type: 'item_reference', id: 'msg_resp_1' }]);
  const written = JSON.stringify((await ask(['msg_resp_1', 'msg_resp_2'])).body['input']);
  assert.ok(written.includes('One.') && written.includes('Two.') && !written.includes('item_reference'));
  await assert.rejects(ask(['msg_nobody']), { code: 'invalid_request', param: 'input' });
});

test('a response in the middle of a conversation that was deleted is named', async () => {
  await using responses = await openResponses();
  const { store } = responses;
  store.keep(callOf('key_1', { model: 'm', input: 'a' }), answerOf('resp_1', 'One.'), from(chat));
  store.keep(callOf('key_1', { model: 'm', input: 'b', previous_response_id: 'resp_1' }), answerOf('resp_2', 'Two.'), from(chat));
  await store.remove('key_1', 'resp_1');
  const request = requestTo([chat], 'key_1', { model: 'm', input: 'c', previous_response_id: 'resp_2' });
  await assert.rejects(async () => store.prepare(request), { code: 'previous_response_not_found', message: /resp_1/ });
});

test('what cannot be done is refused by name', async () => {
  await using responses = await openResponses();
  const { store } = responses;
  const ask = async (fields: JsonObject) => store.prepare(requestTo(all, 'key_1', { model: 'm', input: 'a', ...fields }));
  await assert.rejects(ask({ background: true }), { code: 'unsupported_feature', param: 'background' });
  await assert.rejects(ask({ previous_response_id: 7 }), { code: 'invalid_request', param: 'previous_response_id' });
  await assert.rejects(ask({ previous_response_id: 'resp_nobody' }), {
    code: 'previous_response_not_found',
    param: 'previous_response_id',
  });
});

test('a few bytes that refer to very many are weighed before they are written out', async () => {
  await using responses = await openResponses();
  const { store } = responses;
  const large = 'x'.repeat(2 ** 20);
  let previous: string | undefined;
  for (let turn = 1; turn <= 33; turn += 1) {
    const id = `resp_${turn}`;
    const asked = { model: 'm', input: large, ...(previous !== undefined && { previous_response_id: previous }) };
    store.keep(callOf('key_1', asked), answerOf(id, 'Yes.'), from(first));
    previous = id;
  }
  const tooMuch = { code: 'invalid_request', message: /^input: must be at most 33554432 bytes together with all/ };
  const prepare = (body: JsonObject, hold: (bytes: number) => void = () => {}): Promise<unknown> => {
    const request = requestTo([chat], 'key_1', { model: 'm', ...body });
    return Promise.resolve(store.prepare({ ...request, call: { ...request.call, hold } }));
  };
  await assert.rejects(prepare({ input: 'b', previous_response_id: 'resp_33' }), tooMuch);
  const reference = { type: 'item_reference', id: 'msg_1_in0' };
  await assert.rejects(prepare({ input: Array.from({ length: 40 }, () => reference) }), tooMuch);
  let heldBytes = 0;
  await prepare({ input: [reference, reference] }, (bytes) => (heldBytes += bytes));
  assert.ok(heldBytes > 8 * large.length, `${heldBytes} bytes`);
  await assert.rejects(async () => prepare({ input: Array.from({ length: 1001 }, () => reference) }), {
    message: /^input: must refer to at most 1000 items/,
  });
});
