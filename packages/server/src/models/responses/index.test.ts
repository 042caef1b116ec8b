import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { JsonObject } from '../../core/json.ts';
import { startPglite, type PgliteServer } from '../../storage/postgres/pglite.fixture.ts';
import { answerOf, callOf, from, openResponses, requestTo, targetAt } from './store.fixture.ts';

const day = 24 * 60 * 60 * 1000;
const here = targetAt('acme/large');
const chat = targetAt('chatty/large', { dialect: 'openai-completions' });

for (const engine of ['SQLite', 'PostgreSQL'] as const) {
  describe(`stored responses on ${engine}`, () => {
    let server: PgliteServer | undefined;
    before(async () => void (server = engine === 'PostgreSQL' ? await startPglite() : undefined));
    after(() => server?.stop());

    test('a response is read as it was answered, and its input in pages', async () => {
      await using responses = await openResponses(server);
      const { store } = responses;
      const input = ['a', 'b', 'c'].map((text) => ({ role: 'user', content: text }));
      const answer = answerOf('resp_1', 'Hello.');
      store.keep(callOf('key_1', { model: 'm', input }), answer, from(here));
      assert.deepEqual(await store.read('key_1', 'resp_1'), answer);
      const first = await store.inputItems('key_1', 'resp_1', { order: 'asc', after: undefined, limit: 2 });
      const texts = (page: typeof first): unknown[] => page.items.map((item) => (item['content'] as JsonObject[])[0]?.['text']);
      assert.deepEqual([texts(first), first.hasMore], [['a', 'b'], true]);
      const [, last] = first.items.map((item) => String(item['id']));
      const second = await store.inputItems('key_1', 'resp_1', { order: 'asc', after: last, limit: 2 });
      assert.deepEqual([texts(second), second.hasMore], [['c'], false]);
      const newest = await store.inputItems('key_1', 'resp_1', { order: 'desc', after: undefined, limit: 1 });
      assert.deepEqual([texts(newest), newest.hasMore], [['c'], true]);
      await assert.rejects(store.inputItems('key_1', 'resp_1', { order: 'asc', after: 'msg_nobody', limit: 2 }), {
        code: 'invalid_request',
        param: 'after',
      });
    });

    test('a text as input is listed as the message that it is', async () => {
      await using responses = await openResponses(server);
      const { store } = responses;
      store.keep(callOf('key_1', { model: 'm', input: 'Hi' }), answerOf('resp_1', 'Hello.'), from(here));
      const { items } = await store.inputItems('key_1', 'resp_1', { order: 'desc', after: undefined, limit: 20 });
      assert.deepEqual(items, [
        { status: 'completed', type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }], id: 'msg_1_in0' },
      ]);
    });

    test('a response is there for the key that made it alone, and two keys may have the same id', async () => {
      await using responses = await openResponses(server);
      const { store } = responses;
      store.keep(callOf('key_1', { model: 'm', input: 'a' }), answerOf('resp_1', 'One.'), from(chat));
      const notThere = { code: 'response_not_found', status: 404 };
      const question = { order: 'asc', after: undefined, limit: 1 } as const;
      await assert.rejects(store.read('key_2', 'resp_1'), notThere);
      await assert.rejects(store.inputItems('key_2', 'resp_1', question), notThere);
      await assert.rejects(store.remove('key_2', 'resp_1'), notThere);
      const goingOn = requestTo([chat], 'key_2', { model: 'm', input: 'b', previous_response_id: 'resp_1' });
      await assert.rejects(async () => store.prepare(goingOn), { code: 'previous_response_not_found', status: 400 });
      store.keep(callOf('key_2', { model: 'm', input: 'b' }), answerOf('resp_1', 'Two.'), from(chat));
      assert.equal(JSON.stringify((await store.read('key_1', 'resp_1'))['output']).includes('One.'), true);
      await store.remove('key_1', 'resp_1');
      await assert.rejects(store.read('key_1', 'resp_1'), notThere);
      assert.equal(JSON.stringify((await store.read('key_2', 'resp_1'))['output']).includes('Two.'), true);
    });

    test('nothing is kept that the client does not want kept', async () => {
      await using responses = await openResponses(server);
      const { store, database } = responses;
      store.keep(callOf('key_1', { model: 'm', input: 'a', store: false }), answerOf('resp_1', 'One.'), from(here));
      await assert.rejects(store.read('key_1', 'resp_1'), { code: 'response_not_found' });
      assert.deepEqual(await database.read({ sql: 'SELECT body FROM response_items' }), []);
    });

    test('a conversation that another dialect answered is written out before its next turn', async () => {
      await using responses = await openResponses(server);
      const { store } = responses;
      store.keep(callOf('key_1', { model: 'm', input: 'a' }), answerOf('resp_1', 'One.'), from(chat));
      const second = { model: 'm', input: 'b', previous_response_id: 'resp_1' };
      store.keep(callOf('key_1', second), answerOf('resp_2', 'Two.'), from(chat));
      const request = requestTo([chat], 'key_1', { model: 'm', input: [{ role: 'user', content: 'c' }], previous_response_id: 'resp_2' });
      const prepared = await store.prepare(request);
      const said = (prepared.body['input'] as JsonObject[]).map(({ role, content }) => [
        role,
        typeof content === 'string' ? content : (content as JsonObject[])[0]?.['text'],
      ]);
      assert.deepEqual(said, [
        ['user', 'a'],
        ['assistant', 'One.'],
        ['user', 'b'],
        ['assistant', 'Two.'],
        ['user', 'c'],
      ]);
      assert.equal('previous_response_id' in prepared.body, false);
      assert.deepEqual(JSON.parse(prepared.call.body.toString()), prepared.body);
      assert.equal(JSON.stringify(prepared.body).includes('msg_resp_1'), false, 'ids of items mean nothing to another provider');
    });

    test('a conversation is kept for thirty days after its last turn, all of it', async () => {
      await using responses = await openResponses(server);
      const { store, clock } = responses;
      store.keep(callOf('key_1', { model: 'm', input: 'a' }), answerOf('resp_1', 'One.'), from(chat));
      store.keep(callOf('key_1', { model: 'm', input: 'x' }), answerOf('resp_other', 'Other.'), from(chat));
      await store.read('key_1', 'resp_other');
      clock.advance(20 * day);
      store.keep(callOf('key_1', { model: 'm', input: 'b', previous_response_id: 'resp_1' }), answerOf('resp_2', 'Two.'), from(chat));
      await store.read('key_1', 'resp_2');
      clock.advance(20 * day);
      await store.close();
      await assert.rejects(store.read('key_1', 'resp_other'), { code: 'response_not_found' });
      assert.ok(await store.read('key_1', 'resp_1'));
      assert.ok(await store.read('key_1', 'resp_2'));
    });

    test('beyond the limits the oldest are given up', async () => {
      await using responses = await openResponses(server, { limitResponses: 3 });
      const { store, clock, database } = responses;
      for (let number = 1; number <= 6; number++) {
        store.keep(callOf('key_1', { model: 'm', input: 'a' }), answerOf(`resp_${number}`, 'x'), from(chat));
        await store.read('key_1', `resp_${number}`);
        clock.advance(1000);
      }
      clock.advance(60 * 60 * 1000);
      await store.close();
      const rows = await database.read({ sql: 'SELECT id FROM responses ORDER BY id' });
      assert.deepEqual(
        rows.map(({ id }) => id),
        ['resp_4', 'resp_5', 'resp_6'],
      );
    });

    test('nobody pushes out what others have stored: whoever has the most gives up their own', async () => {
      await using responses = await openResponses(server, { limitResponses: 5 });
      const { store, clock, database } = responses;
      for (const [owner, count] of [
        ['key_1', 2],
        ['key_2', 9],
      ] as const) {
        for (let number = 1; number <= count; number += 1) {
          store.keep(callOf(owner, { model: 'm', input: 'a' }), answerOf(`resp_${number}`, 'x'), from(chat));
          await store.read(owner, `resp_${number}`);
          clock.advance(1000);
        }
      }
      clock.advance(60 * 60 * 1000);
      await store.close();
      const rows = await database.read({ sql: 'SELECT owner, id FROM responses ORDER BY owner, id' });
      assert.deepEqual(
        rows.map(({ owner, id }) => `${String(owner)} ${String(id)}`),
        ['key_1 resp_1', 'key_1 resp_2', 'key_2 resp_7', 'key_2 resp_8', 'key_2 resp_9'],
      );
    });
  });
}
