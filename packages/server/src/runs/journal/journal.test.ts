import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RunEvent, RunEventBody } from '@openclaw/protocol';
import { startPglite, type PgliteServer } from '../../storage/postgres/pglite.fixture.ts';
import type { Database, Row, Statement } from '../../storage/index.ts';
import type { Journal, Lease } from './contract.ts';
import { foldRun } from './fold.ts';
import { createJournal } from './journal.ts';
import { delta, finished, newRun, resumed, setUpJournal, stepFinished, stepStarted } from './store.fixture.ts';

const leaseMs = 30_000;

async function lease(journal: Journal, runId: string, owner = 'one'): Promise<Lease> {
  const held = await journal.acquire(runId, owner, leaseMs);
  assert.ok(held);
  return held;
}

async function all(journal: Journal, runId: string): Promise<readonly RunEvent[]> {
  return journal.read(runId, 0, 500);
}

/** The same store, and how many events were read of it at once at most. */
function counting(inner: Database): { readonly database: Database; readonly most: () => number } {
  let most = 0;
  const database: Database = {
    ...inner,
    engine: inner.engine,
    write: (batch) => inner.write(batch),
    async read<R extends Row>(statement: Statement): Promise<R[]> {
      const rows = await inner.read<R>(statement);
      most = Math.max(most, rows.filter((row) => 'body' in row).length);
      return rows;
    },
  };
  return { database, most: () => most };
}

for (const engine of ['SQLite', 'PostgreSQL'] as const) {
  describe(`journal of runs on ${engine}`, () => {
    let server: PgliteServer | undefined;
    before(async () => void (server = engine === 'PostgreSQL' ? await startPglite() : undefined));
    after(() => server?.stop());

    test('what others write down alongside is in the same commit: all of it is there, or nothing', async () => {
      await using setup = await setUpJournal(server);
      const { database, clock } = setup;
      const told: string[] = [];
      let isBroken = false;
      const journal = createJournal({
        ...{ database, clock },
        alongside: (events, view) => {
          told.push(`${events.map(({ kind }) => kind).join()} ${view.status}`);
          const note = (id: string): Statement => ({
            sql: 'INSERT INTO schedules (id, name, definition, is_enabled, revision, settled_until, floor_at, claims, created_at, updated_at) VALUES ($1, $1, $1, 0, 0, 0, 0, 0, 0, 0)',
            params: [id],
          });
          return isBroken ? [note('twice'), note('twice')] : events.map(({ seq }) => note(`${view.id}/${seq}`));
        },
      });
      const notes = async (): Promise<unknown[]> =>
        (await database.read({ sql: 'SELECT id FROM schedules ORDER BY id' })).map(({ id }) => id);
      await journal.create(newRun('run_1'));
      const held = await lease(journal, 'run_1');
      await journal.append(held, [resumed(held.epoch), stepStarted(1)]);
      assert.deepEqual(await notes(), ['run_1/1', 'run_1/2', 'run_1/3']);
      isBroken = true;
      await assert.rejects(journal.append(held, [finished]));
      assert.deepEqual(await notes(), ['run_1/1', 'run_1/2', 'run_1/3']);
      assert.equal((await setup.again().view('run_1')).status, 'running');
      assert.deepEqual(told, ['run.created queued', 'run.resumed,step.started running', 'run.finished finished']);
    });

    test('a run is found by its key', async () => {
      await using setup = await setUpJournal(server);
      await setup.journal.create(newRun('run_1', { idempotencyKey: 'key 1' }));
      assert.equal((await setup.again().find('key 1'))?.id, 'run_1');
      assert.equal(await setup.journal.find('key 2'), undefined);
    });

    test('a run is there once it is created, and stands as its events say', async () => {
      await using setup = await setUpJournal(server);
      const { journal } = setup;
      const { run, isKnown } = await journal.create(newRun('run_1'));
      assert.deepEqual([run.status, run.lastSeq, isKnown], ['queued', 1, false]);
      const held = await lease(journal, 'run_1');
      await journal.append(held, [resumed(held.epoch), stepStarted(1)]);
      await journal.append(held, [delta(1, 0, 'Hel'), delta(1, 3, 'lo')]);
      await journal.append(held, [stepFinished(1), finished]);
      const view = await setup.again().view('run_1');
      assert.deepEqual([view.status, view.steps, view.lastSeq, view.output], ['finished', 1, 7, { text: 'done' }]);
      assert.deepEqual(view.use, { inputTokens: 10, outputTokens: 2, costNanoUsd: 5 });
      assert.deepEqual(foldRun(await all(journal, 'run_1')), view);
    });

    test('the same key is the same run, with anything else it is a mistake', async () => {
      await using setup = await setUpJournal(server);
      await setup.journal.create(newRun('run_1', { idempotencyKey: 'mine' }));
      const second = await setup.again().create(newRun('run_2', { idempotencyKey: 'mine' }));
      assert.deepEqual([second.run.id, second.isKnown], ['run_1', true]);
      await assert.rejects(setup.journal.create(newRun('run_3', { idempotencyKey: 'mine', requestHash: 'other' })), {
        code: 'idempotency_key_reused',
      });
    });

    test('a child of which its parent knows less than there is to know is found until that is told', async () => {
      await using setup = await setUpJournal(server);
      const { journal } = setup;
      const parent = newRun('parent');
      await journal.create(parent);
      const child = newRun('child', { idempotencyKey: 'of the parent' });
      await journal.create({ ...child, created: { ...child.created, parentRunId: 'parent' } });
      await journal.create({ ...newRun('other'), created: { ...child.created, parentRunId: 'parent' } });
      assert.equal((await journal.find('of the parent'))?.id, 'child');
      assert.equal(await journal.find('of nobody'), undefined);
      const [above, below] = [await lease(journal, 'parent'), await lease(journal, 'child')];
      const untold = () => journal.untoldChildren(10);
      const tell = async (): Promise<void> => {
        const { status, waitsFor } = await journal.view('child');
        await journal.post('parent', { kind: 'child.changed', childRunId: 'child', status, waitsFor });
        assert.deepEqual(await untold(), []);
      };
      const approval = { kind: 'run.parked', waitsFor: { kind: 'approval', approvalId: 'a "quoted" one' } } as const;
      await journal.append(below, [approval]);
      assert.deepEqual(await untold(), [], 'nobody waits for it yet');
      await journal.append(above, [{ kind: 'run.parked', waitsFor: { kind: 'child', runId: 'child' } }]);
      assert.deepEqual(await untold(), ['child']);
      await tell();
      await journal.append(below, [resumed(2)]);
      assert.deepEqual(await untold(), ['child'], 'that it goes on is news too');
      await tell();
      await journal.append(below, [finished]);
      assert.deepEqual(await untold(), ['child']);
      await tell();
      assert.deepEqual([(await journal.view('parent')).status, (await journal.view('parent')).waitsFor], ['queued', null]);
    });

    test('who has lost the lease writes nothing more, however late it wakes up', async () => {
      await using setup = await setUpJournal(server);
      const [one, two] = [setup.journal, setup.again()];
      await one.create(newRun('run_1'));
      const first = await lease(one, 'run_1', 'one');
      await one.append(first, [resumed(1)]);
      assert.equal(await two.acquire('run_1', 'two', leaseMs), undefined, 'the lease still runs');
      setup.clock.advance(leaseMs + 1);
      const second = await lease(two, 'run_1', 'two');
      assert.equal(second.epoch, first.epoch + 1);
      await two.append(second, [resumed(second.epoch), stepStarted(1)]);
      await assert.rejects(one.append(first, [stepStarted(1)]), { code: 'lease_lost' });
      await assert.rejects(one.renew([first], leaseMs), { code: 'lease_lost' });
      assert.equal((await all(two, 'run_1')).length, 4);
    });

    test('no event is older than the one before it, whatever the clock says and whoever writes it', async () => {
      await using setup = await setUpJournal(server);
      await setup.journal.create(newRun('run_1'));
      const held = await lease(setup.journal, 'run_1');
      await setup.journal.append(held, [resumed(held.epoch), stepStarted(1)]);
      setup.clock.advance(5000);
      await setup.journal.append(held, [delta(1, 0, 'streamed')]);
      setup.clock.jumpWallClock(-3_600_000);
      await setup.journal.append(held, [delta(1, 8, ' on')]);
      const after = setup.again();
      const second = await lease(after, 'run_1');
      await after.append(second, [resumed(second.epoch)]);
      const times = (await all(after, 'run_1')).map(({ atMs }) => atMs);
      assert.deepEqual(
        times,
        times.toSorted((one, other) => one - other),
      );
      assert.equal(times.length, 6);
    });

    test('of two who take up the same run one gets it', async () => {
      await using setup = await setUpJournal(server);
      const journals = [setup.journal, setup.again(), setup.again()];
      await setup.journal.create(newRun('run_1'));
      const held = await Promise.all(journals.map((journal, index) => journal.acquire('run_1', `owner ${index}`, leaseMs)));
      assert.equal(held.filter((one) => one !== undefined).length, 1);
    });

    test('what comes from outside gets a number between those of the owner, and both are there', async () => {
      await using setup = await setUpJournal(server);
      const [owner, other] = [setup.journal, setup.again()];
      await owner.create(newRun('run_1'));
      const held = await lease(owner, 'run_1');
      await owner.append(held, [resumed(1)]);
      const signal = (name: string): RunEventBody => ({ kind: 'signal.received', name, payload: null, by: 'me' });
      await Promise.all([other.post('run_1', signal('a')), owner.append(held, [stepStarted(1)]), owner.post('run_1', signal('b'))]);
      await owner.append(held, [stepFinished(1)]);
      const events = await all(owner, 'run_1');
      assert.deepEqual(
        events.map(({ seq }) => seq),
        [1, 2, 3, 4, 5, 6],
      );
      assert.deepEqual(foldRun(events), await other.view('run_1'));
    });

    test('after its end nothing is posted to a run', async () => {
      await using setup = await setUpJournal(server);
      await setup.journal.create(newRun('run_1'));
      const held = await lease(setup.journal, 'run_1');
      await setup.journal.append(held, [finished]);
      await assert.rejects(setup.again().post('run_1', { kind: 'cancel.requested', by: 'me', reason: null }), { code: 'run_ended' });
      await assert.rejects(setup.journal.view('run_none'), { code: 'run_not_found' });
    });

    test('whoever follows gets every event once and in order, from where it was, to the end', async () => {
      await using setup = await setUpJournal(server);
      const { journal } = setup;
      await journal.create(newRun('run_1'));
      const held = await lease(journal, 'run_1');
      const readers = [0, 1, 4].map(async (from) => {
        const seen: number[] = [];
        for await (const { seq } of journal.follow('run_1', from, new AbortController().signal)) seen.push(seq);
        return seen;
      });
      await journal.append(held, [resumed(1), stepStarted(1)]);
      // More than a reader is handed: the rest comes from the store.
      for (let batch = 0; batch < 8; batch += 1) {
        await journal.append(
          held,
          Array.from({ length: 100 }, (_, index) => delta(1, batch * 100 + index, 'x')),
        );
      }
      await journal.append(held, [stepFinished(1), finished]);
      const last = 3 + 800 + 2;
      const numbers = (from: number): number[] => Array.from({ length: last - from }, (_, index) => from + 1 + index);
      assert.deepEqual(await Promise.all(readers), [0, 1, 4].map(numbers));
    });

    test('whoever follows misses nothing that another process writes between what this one does', async () => {
      await using setup = await setUpJournal(server);
      const [here, there] = [setup.journal, setup.again()];
      await here.create(newRun('run_1'));
      const held = await lease(there, 'run_1');
      const reader = here.follow('run_1', 0, new AbortController().signal)[Symbol.asyncIterator]();
      const seen = [(await reader.next()).value?.seq];
      await here.post('run_1', { kind: 'signal.received', name: 'one', payload: null, by: 'me' });
      await there.append(held, [resumed(1)]);
      await here.post('run_1', { kind: 'signal.received', name: 'two', payload: null, by: 'me' });
      for (let count = 0; count < 3; count += 1) seen.push((await reader.next()).value?.seq);
      await reader.return?.();
      assert.deepEqual(seen, [1, 2, 3, 4]);
    });

    test('a slow reader of large events holds only a few of them', async () => {
      await using setup = await setUpJournal(server);
      const { database, most } = counting(setup.database);
      await setup.journal.create(newRun('run_1'));
      const held = await lease(setup.journal, 'run_1');
      await setup.journal.append(held, [resumed(1), stepStarted(1)]);
      const text = 'x'.repeat(64 * 1024);
      for (let index = 0; index < 100; index += 1) await setup.journal.append(held, [delta(1, index, text)]);
      await setup.journal.append(held, [stepFinished(1), finished]);
      const journal = createJournal({ database, clock: setup.clock });
      const seen: number[] = [];
      for await (const { seq } of journal.follow('run_1', 0, new AbortController().signal)) seen.push(seq);
      assert.deepEqual(
        seen,
        Array.from({ length: 105 }, (_, index) => index + 1),
      );
      assert.ok(most() <= 32, `${most()} events were read at once`);
    });

    test('how a run of many events stands is made out a part at a time', async () => {
      await using setup = await setUpJournal(server);
      await setup.journal.create(newRun('run_1'));
      const held = await lease(setup.journal, 'run_1');
      await setup.journal.append(held, [resumed(1)]);
      for (let step = 1; step <= 300; step += 1)
        await setup.journal.append(held, [stepStarted(step), delta(step, 0, 'x'), stepFinished(step)]);
      await setup.journal.append(held, [finished]);
      const { database, most } = counting(setup.database);
      const view = await createJournal({ database, clock: setup.clock }).view('run_1');
      assert.deepEqual(view, await setup.journal.view('run_1'));
      assert.ok(most() <= 200, `${most()} events were read at once`);
    });

    test('a reader that leaves ends its following; one of a run that has ended gets what is left and no more', async () => {
      await using setup = await setUpJournal(server);
      const { journal } = setup;
      await journal.create(newRun('run_1'));
      const leaving = new AbortController();
      const reader = (async () => {
        for await (const event of journal.follow('run_1', 0, leaving.signal)) if (event.seq === 1) leaving.abort();
      })();
      await reader;
      const held = await lease(journal, 'run_1');
      await journal.append(held, [finished]);
      const seen: number[] = [];
      for await (const { seq } of setup.again().follow('run_1', 1, new AbortController().signal)) seen.push(seq);
      assert.deepEqual(seen, [2]);
      for await (const event of journal.follow('run_1', 99, new AbortController().signal)) assert.fail(`of the future: ${event.seq}`);
    });

    test('compaction drops the streamed text of runs that ended and nothing that a state is made of; forgetting drops the run', async () => {
      await using setup = await setUpJournal(server);
      const { journal, clock } = setup;
      for (const id of ['run_1', 'run_2']) {
        await journal.create(newRun(id));
        const held = await lease(journal, id);
        await journal.append(held, [resumed(1), stepStarted(1), delta(1, 0, 'text'), stepFinished(1)]);
        if (id === 'run_1') await journal.append(held, [finished]);
      }
      const before = await journal.view('run_1');
      clock.advance(1000);
      assert.equal(await journal.compact(clock.now(), 100), 1);
      assert.equal(await journal.compact(clock.now(), 100), 0);
      assert.deepEqual(await setup.again().view('run_1'), before);
      assert.equal((await all(journal, 'run_2')).length, 5, 'a run under way keeps its text');
      assert.equal(await journal.forget(clock.now(), 100), 1);
      await assert.rejects(journal.view('run_1'), { code: 'run_not_found' });
    });

    test('runs that end later are compacted though earlier ones have been, and one that broke off keeps what it was saying', async () => {
      await using setup = await setUpJournal(server);
      const { journal, clock } = setup;
      for (const id of ['run_1', 'run_2', 'run_3']) {
        await journal.create(newRun(id));
        const held = await lease(journal, id);
        await journal.append(held, [resumed(1), stepStarted(1), delta(1, 0, 'text')]);
        await journal.append(held, id === 'run_1' ? [{ kind: 'run.cancelled', by: 'me' }] : [stepFinished(1), finished]);
        clock.advance(1000);
        assert.equal(await journal.compact(clock.now(), 1), id === 'run_1' ? 0 : 1, id);
      }
      assert.ok((await all(journal, 'run_1')).some(({ kind }) => kind === 'step.delta'));
    });

    test('a view that is read anew while its run is written is never older than its number', async () => {
      await using setup = await setUpJournal(server);
      const { journal, clock, database } = setup;
      await journal.create(newRun('run_1'));
      const held = await lease(journal, 'run_1');
      let writing: Promise<unknown> | undefined;
      // Somebody else reads, and between its readings the run ends.
      const reading: typeof database = {
        ...database,
        engine: database.engine,
        write: (batch) => database.write(batch),
        async read(statement) {
          const rows = await database.read(statement);
          if (statement.sql.includes('run_events')) await (writing ??= journal.append(held, [finished]));
          return rows as never;
        },
      };
      const other = createJournal({ database: reading, clock });
      await other.view('run_1');
      assert.deepEqual(await other.view('run_1'), await journal.view('run_1'));
    });

    test('what can be taken up is open, waits for nothing, and is held by nobody', async () => {
      await using setup = await setUpJournal(server);
      const { journal, clock } = setup;
      for (const id of ['run_1', 'run_2', 'run_3', 'run_4']) await journal.create(newRun(id));
      const [two, three] = [await lease(journal, 'run_2'), await lease(journal, 'run_3')];
      await journal.append(two, [{ kind: 'run.parked', waitsFor: { kind: 'approval', approvalId: 'a' } }]);
      await journal.release(two);
      await journal.append(three, [finished]);
      await lease(journal, 'run_4');
      const takeable = async (owner: string): Promise<string[]> => (await journal.takeable({ owner, limit: 10 })).map(({ runId }) => runId);
      assert.deepEqual(await takeable('two'), ['run_1']);
      assert.deepEqual(await takeable('one'), ['run_1', 'run_4'], 'its own, which it may have lost the memory of');
      await journal.post('run_2', { kind: 'approval.resolved', approvalId: 'a', approved: true, by: 'me', note: null });
      assert.deepEqual(await takeable('two'), ['run_1', 'run_2']);
      clock.advance(leaseMs + 1);
      assert.deepEqual(await takeable('two'), ['run_1', 'run_2', 'run_4']);
    });

    test('lists go by session and status, the latest first, page by page', async () => {
      await using setup = await setUpJournal(server);
      const { journal } = setup;
      for (let index = 1; index <= 5; index += 1)
        await journal.create(newRun(`run_${index}`, { sessionKey: index % 2 === 0 ? 'even' : 'odd' }));
      const ids = async (question: Parameters<Journal['list']>[0]): Promise<string[]> => (await journal.list(question)).map(({ id }) => id);
      assert.deepEqual(await ids({ limit: 2 }), ['run_5', 'run_4']);
      assert.deepEqual(await ids({ limit: 2, after: 'run_4' }), ['run_3', 'run_2']);
      assert.deepEqual(await ids({ limit: 9, sessionKey: 'even' }), ['run_4', 'run_2']);
      assert.deepEqual(await ids({ limit: 9, status: 'running' }), []);
    });
  });
}

test('a state does not depend on streamed text, which compaction drops: also not by its times', async () => {
  await using setup = await setUpJournal();
  const { journal, clock } = setup;
  await journal.create(newRun('run_1'));
  const held = await lease(journal, 'run_1');
  await journal.append(held, [resumed(1), stepStarted(1)]);
  clock.advance(500);
  await journal.append(held, [delta(1, 0, 'text')]);
  clock.advance(500);
  await journal.append(held, [resumed(2), stepStarted(1, 2), stepFinished(1, 2), finished]);
  const events = await all(journal, 'run_1');
  const withoutText = events.filter(({ kind }) => kind !== 'step.delta');
  assert.deepEqual(foldRun(withoutText), foldRun(events));
});
