import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '@openclaw/protocol';
import type { RunArchive } from './contract.ts';
import { createJournal } from './journal.ts';
import { delta, finished, newRun, resumed, setUpJournal, stepFinished, stepStarted, type JournalSetup } from './store.fixture.ts';

function memoryArchive(): RunArchive & { readonly runs: Map<string, RunEvent[]>; broken: boolean } {
  const runs = new Map<string, RunEvent[]>();
  const archive = {
    ...{ runs, broken: false },
    async keep(ids: readonly string[], events: AsyncIterable<RunEvent>): Promise<void> {
      if (archive.broken) throw new Error('the bucket is gone');
      for (const id of ids) runs.set(id, []);
      for await (const event of events) runs.get(event.runId)?.push(event);
    },
    find: (runId: string): Promise<readonly RunEvent[] | undefined> => Promise.resolve(runs.get(runId)),
  };
  return archive;
}

async function end({ journal }: JournalSetup, id: string): Promise<void> {
  await journal.create(newRun(id));
  const held = await journal.acquire(id, 'me', 60_000);
  assert.ok(held);
  await journal.append(held, [resumed(1), stepStarted(1), delta(1, 0, 'text'), stepFinished(1), finished]);
}

test('a run that went into the archive reads as before: how it stands, page by page, and to its end', async () => {
  await using setup = await setUpJournal();
  const archive = memoryArchive();
  const journal = createJournal({ database: setup.database, clock: setup.clock, archive: () => archive });
  for (const id of ['run_1', 'run_2']) await end(setup, id);
  const [view, events] = [await journal.view('run_1'), await journal.read('run_1', 0, 100)];
  setup.clock.advance(1000);
  assert.deepEqual((await journal.stale('runs', setup.clock.now())).items, 2);
  assert.deepEqual((await journal.stale('deltas', setup.clock.now())).items, 2);
  assert.equal(await journal.forget(setup.clock.now(), 100), 2);
  assert.deepEqual(await journal.stale('runs', setup.clock.now()), { items: 0, bytes: 0 });
  assert.deepEqual(await journal.list({ limit: 10 }), []);
  assert.deepEqual(await journal.view('run_1'), view);
  assert.deepEqual(await journal.read('run_1', 0, 100), events);
  assert.deepEqual(await journal.read('run_1', 2, 2), events.slice(2, 4));
  const followed: RunEvent[] = [];
  for await (const event of journal.follow('run_1', 0, new AbortController().signal)) followed.push(event);
  assert.deepEqual(followed, events);
  await assert.rejects(journal.view('run_3'), { code: 'run_not_found' });
  await assert.rejects(journal.post('run_1', { kind: 'cancel.requested', by: 'me', reason: null }), { code: 'run_ended' });
});

test('what the archive does not take stays in the journal', async () => {
  await using setup = await setUpJournal();
  const archive = memoryArchive();
  archive.broken = true;
  const journal = createJournal({ database: setup.database, clock: setup.clock, archive: () => archive });
  await end(setup, 'run_1');
  setup.clock.advance(1000);
  await assert.rejects(journal.forget(setup.clock.now(), 100), /the bucket is gone/);
  assert.equal((await journal.list({ limit: 10 })).length, 1);
  archive.broken = false;
  assert.equal(await journal.forget(setup.clock.now(), 100), 1);
});
