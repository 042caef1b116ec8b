/** The statements of this part on each engine of the database. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../core/clock.ts';
import type { Database } from '../storage/index.ts';
import { migrations } from '../storage/migrations/index.ts';
import { openPostgres } from '../storage/postgres/database.ts';
import { startPglite } from '../storage/postgres/pglite.fixture.ts';
import { openSqlite } from '../storage/sqlite/database.ts';
import { storePaths } from '../storage/sqlite/paths.ts';
import { turnDefaults } from './limits.ts';
import { TurnStore, type AcceptedTurn } from './turn-store.ts';

const engines: Record<string, (resources: AsyncDisposableStack) => Promise<Database>> = {
  sqlite(resources) {
    const directory = mkdtempSync(join(tmpdir(), 'openclaw-turns-'));
    resources.defer(() => rmSync(directory, { recursive: true }));
    return openSqlite({ paths: storePaths(directory), clock: systemClock, migrations, startUpMs: 60_000 });
  },
  async postgres(resources) {
    const server = await startPglite();
    resources.defer(() => server.stop());
    return openPostgres({ client: server.connect(), migrations });
  },
};

const key = 'agent:main:main';
const message = { requestHash: 'hash', sessionKey: key, agentId: 'main', model: 'a/b', acceptedAtMs: 1000, newSessionId: 'ses_1' };

for (const [engine, open] of Object.entries(engines)) {
  describe(`on ${engine}`, () => {
    const resources = new AsyncDisposableStack();
    let store: TurnStore;

    before(async () => {
      const database = await open(resources);
      resources.defer(() => database.close());
      store = new TurnStore({ database, limits: { ...turnDefaults, messagesPerSession: 4, sessions: 1, endedTurns: 2 } });
    });
    after(() => resources.disposeAsync());

    const accepted = async (runId: string, sessionKey = key): Promise<AcceptedTurn> => {
      assert.equal(await store.accept({ ...message, sessionKey, newSessionId: `ses_${sessionKey}`, runId, message: `q ${runId}` }), true);
      return (await store.turn(runId))!;
    };
    const ended = (turn: AcceptedTurn, endedAtMs: number) =>
      store.end(
        { ...turn, status: 'ok', text: '', startedAtMs: 1500, endedAtMs, usage: { inputTokens: 1, outputTokens: 2 } },
        { turn, number: 3, text: '!', startedAtMs: 1500 },
      );

    test('a turn is written once, its answer in pieces that count once each, and its end with the last of them', async () => {
      const turn = await accepted('1');
      assert.equal(await store.accept({ ...message, runId: '1', message: 'again' }), false);
      assert.deepEqual([turn.replySeq, (await store.openTurns()).length], [2, 1]);
      for (const number of [1, 1, 2, 2]) await store.writePiece({ turn, number, text: `piece ${number} `, startedAtMs: 1500 });
      await ended(turn, 2000);
      const result = (await store.turn('1'))?.result;
      assert.deepEqual([result?.text, result?.status, result?.startedAtMs, result?.endedAtMs], ['piece 1 piece 2 !', 'ok', 1500, 2000]);
      assert.deepEqual(result?.usage, { inputTokens: 1, outputTokens: 2 });
      assert.equal((await store.openTurns()).length, 0);
    });

    test('of a session the latest messages are kept, and a page of them is bounded in characters', async () => {
      const session = await store.session(key);
      for (const runId of ['2', '3']) await ended(await accepted(runId), 3000);
      const seqs = async (limitCharacters: number): Promise<number[]> =>
        (await store.messages(session!.sessionId, { limit: 10, limitCharacters })).map(({ seq }) => seq);
      // The answers are missing: their last piece was not preceded by others.
      assert.deepEqual(await seqs(1000), [3, 5]);
      assert.deepEqual(await seqs(4), [5]);
      assert.deepEqual(await seqs(0), [5]);
    });

    test('a session is changed, begun anew and deleted with its messages', async () => {
      await store.change(key, { label: 'Work', model: 'c/d' }, 5000);
      await store.change(key, { model: null }, 6000);
      assert.deepEqual((({ label, model, updatedAtMs }) => [label, model, updatedAtMs])((await store.session(key))!), ['Work', null, 6000]);
      await store.reset(key, { sessionId: 'ses_new', nowMs: 7000 });
      assert.deepEqual((({ sessionId, messageCount }) => [sessionId, messageCount])((await store.session(key))!), ['ses_new', 0]);
      assert.equal((await accepted('4')).replySeq, 8, 'positions rise on');
      await store.delete(key);
      assert.equal(await store.session(key), undefined);
    });

    test('too many ended turns are given up, and sessions too but those with a turn under way', async () => {
      for (const [index, runId] of ['5', '6', '7'].entries()) await ended(await accepted(runId, `agent:main:${runId}`), 10_000 + index);
      await accepted('8', 'agent:main:8');
      assert.equal(await store.prune(20_000), 2);
      const { sessions, total } = await store.sessions({ limit: 10, offset: 0 });
      assert.deepEqual([sessions.map(({ key: name }) => name), total], [['agent:main:7', 'agent:main:8'], 2]);
      const left = await Promise.all(['5', '6', '7', '8'].map(async (runId) => (await store.turn(runId)) !== undefined));
      assert.deepEqual(left, [false, true, true, true]);
    });
  });
}
