import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { BegunStep, Effect } from '@openclaw/protocol';
import { foldRun } from '../journal/fold.ts';
import { type JournalSetup, setUpJournal } from '../journal/store.fixture.ts';
import type { Programs } from './contract.ts';
import { createPrograms } from './programs.ts';
import { createResultFiles, type ResultFiles } from './result-files.ts';

interface Setup extends AsyncDisposable {
  readonly programs: Programs;
  readonly journal: JournalSetup['journal'];
  readonly results: ResultFiles;
  /** Where they are. */
  readonly directory: string;
  /** The gateway after a restart on the same store. */
  restarted(): Programs;
}

const resultLimitBytes = 1_000_000;

async function setUp(): Promise<Setup> {
  const setup = await setUpJournal();
  let count = 0;
  const newId = (): string => `run_${String((count += 1)).padStart(3, '0')}`;
  const { journal } = setup;
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-results-'));
  const results = createResultFiles(join(directory, 'results'));
  const common = { results, newId, resultLimitBytes: () => resultLimitBytes };
  return {
    ...{ journal, results, directory: join(directory, 'results') },
    programs: createPrograms({ journal, ...common }),
    restarted: () => createPrograms({ journal: setup.again(), ...common }),
    async [Symbol.asyncDispose]() {
      await setup[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true });
    },
  };
}

const open = { key: 'nightly', input: { day: 1 } };
const by = 'gateway';
const begin = (claim: number, step: number, more: { name?: string; effect?: Effect; canReconcile?: boolean } = {}) => ({
  ...{ claim, step, name: `step ${step}` },
  ...more,
});

function codeOf(expected: string): (thrown: unknown) => boolean {
  return (thrown) => {
    assert.equal((thrown as { code?: string }).code, expected);
    return true;
  };
}

async function doStep(programs: Programs, runId: string, { claim, step }: { claim: number; step: number }): Promise<void> {
  const begun = await programs.begin(runId, begin(claim, step));
  assert.equal(begun.state, 'begun');
  await programs.finishStep(runId, step, { claim, attempt: 1, result: { step } });
}

test('the same key is the same run, of another caller or with another input it is not', async () => {
  await using setup = await setUp();
  const { programs } = setup;
  const first = await programs.open(open, by);
  const again = await programs.open(open, by);
  assert.deepEqual([first.isKnown, again.isKnown, again.run.id], [false, true, first.run.id]);
  assert.ok(again.claim > first.claim);
  assert.notEqual((await programs.open(open, 'key_1')).run.id, first.run.id);
  await assert.rejects(programs.open({ ...open, input: { day: 2 } }, by), codeOf('idempotency_key_reused'));
});

test('a run of a program waits for it from the first moment and is taken up by nobody else', async () => {
  await using setup = await setUp();
  const { run, claim } = await setup.programs.open(open, by);
  assert.deepEqual([run.status, run.waitsFor], ['parked', { kind: 'program' }]);
  await doStep(setup.programs, run.id, { claim, step: 1 });
  assert.deepEqual(await setup.journal.takeable({ owner: 'somebody', limit: 10 }), []);
});

test('a step that ended is given back with its result after a restart, and begun no more', async () => {
  await using setup = await setUp();
  const { run, claim } = await setup.programs.open(open, by);
  await doStep(setup.programs, run.id, { claim, step: 1 });
  const restarted = setup.restarted();
  const reopened = await restarted.open(open, by);
  assert.deepEqual(await restarted.begin(run.id, begin(reopened.claim, 1)), { state: 'done', result: { step: 1 } });
  const second = await restarted.begin(run.id, begin(reopened.claim, 2));
  assert.deepEqual(second, { state: 'begun', attempt: 1, idempotencyKey: `${run.id}/2` });
});

test('begun again after a crash: what may be repeated is, with the same key; what may not waits for a person', async () => {
  await using setup = await setUp();
  const { programs } = setup;
  const { run, claim } = await programs.open(open, by);
  await programs.begin(run.id, begin(claim, 1, { effect: 'idempotent' }));
  const second = await programs.open(open, by);
  const repeated = await programs.begin(run.id, begin(second.claim, 1, { effect: 'idempotent' }));
  assert.deepEqual(repeated, { state: 'begun', attempt: 2, idempotencyKey: `${run.id}/1` });
  await programs.finishStep(run.id, 1, { claim: second.claim, attempt: 2, result: 1 });
  await programs.begin(run.id, begin(second.claim, 2));
  const third = await programs.open(open, by);
  // Declared otherwise afterwards, it is still what it was when it was begun.
  for (const effect of ['once', 'read'] as const)
    await assert.rejects(programs.begin(run.id, begin(third.claim, 2, { effect })), codeOf('outcome_unknown'));
  assert.deepEqual((await setup.journal.view(run.id)).waitsFor, { kind: 'outcome', step: 2 });
});

test('the same program that asks again because the answer was lost gets the same attempt', async () => {
  await using setup = await setUp();
  const { programs } = setup;
  const { run, claim } = await programs.open(open, by);
  const answers = [await programs.begin(run.id, begin(claim, 1)), await programs.begin(run.id, begin(claim, 1))];
  assert.deepEqual(answers[0], answers[1]);
});

test('a person decides what came of a step: done, repeat or failed', async () => {
  await using setup = await setUp();
  const { programs, journal } = setup;
  const decisions = [
    { decision: { kind: 'done', result: 'paid' }, expected: { state: 'done', result: 'paid' } },
    { decision: { kind: 'repeat' }, expected: { state: 'begun', attempt: 2 } },
    { decision: { kind: 'failed', message: 'no money' }, expected: { state: 'failed', message: 'no money' } },
  ] as const;
  for (const { decision, expected } of decisions) {
    const key = decision.kind;
    const { run, claim } = await programs.open({ key, input: 1 }, by);
    await programs.begin(run.id, begin(claim, 1));
    const again = await programs.open({ key, input: 1 }, by);
    await assert.rejects(programs.begin(run.id, begin(again.claim, 1)), codeOf('outcome_unknown'));
    await journal.post(run.id, { kind: 'outcome.resolved', step: 1, decision, by });
    assert.deepEqual((await journal.view(run.id)).waitsFor, { kind: 'program' });
    const answer = (await programs.begin(run.id, begin(again.claim, 1))) as BegunStep & { idempotencyKey?: string };
    const { idempotencyKey: _key, ...rest } = answer;
    assert.deepEqual(rest, expected);
  }
});

test('a result that comes late, after another began to look for it, counts as what happened', async () => {
  await using setup = await setUp();
  const { programs } = setup;
  const { run, claim } = await programs.open(open, by);
  await programs.begin(run.id, begin(claim, 1));
  const again = await programs.open(open, by);
  await assert.rejects(programs.begin(run.id, begin(again.claim, 1)), codeOf('outcome_unknown'));
  assert.deepEqual(await programs.finishStep(run.id, 1, { claim: again.claim, attempt: 1, result: 'late' }), { isNew: true });
  assert.deepEqual(await programs.finishStep(run.id, 1, { claim: again.claim, attempt: 1, result: 'later' }), { isNew: false });
  assert.deepEqual(await programs.begin(run.id, begin(again.claim, 1)), { state: 'done', result: 'late' });
});

test('a program that can look is asked to look, and is not held up', async () => {
  await using setup = await setUp();
  const { programs } = setup;
  const { run, claim } = await programs.open(open, by);
  await programs.begin(run.id, begin(claim, 1, { canReconcile: true }));
  const again = await programs.open(open, by);
  assert.equal((await programs.begin(run.id, begin(again.claim, 1, { canReconcile: true }))).state, 'unknown');
  await programs.finishStep(run.id, 1, { claim: again.claim, attempt: 1, result: 'found' });
  assert.equal((await programs.begin(run.id, begin(again.claim, 1))).state, 'done');
});

test('a program that differs from its journal is told where', async () => {
  await using setup = await setUp();
  const { programs } = setup;
  const { run, claim } = await programs.open(open, by);
  await doStep(programs, run.id, { claim, step: 1 });
  await doStep(programs, run.id, { claim, step: 2 });
  const wrong = programs.begin(run.id, begin(claim, 2, { name: 'other' }));
  await assert.rejects(wrong, { code: 'run_diverged', message: /at step 2 the journal has "step 2", the program "other"/ });
  await assert.rejects(programs.begin(run.id, begin(claim, 4)), codeOf('run_diverged'));
  await assert.rejects(programs.finish(run.id, { claim, steps: 1, output: 1 }), codeOf('run_diverged'));
  await programs.finish(run.id, { claim, steps: 2, output: 'done' });
  await assert.rejects(programs.begin(run.id, begin(claim, 3)), codeOf('run_diverged'));
  const { run: known } = await programs.open(open, by);
  assert.deepEqual([known.status, known.output], ['finished', 'done']);
  assert.equal((await programs.finish(run.id, { claim, steps: 2, output: 'other' })).output, 'done');
});

test('whoever opened it last has it: the one before may write no more', async () => {
  await using setup = await setUp();
  const { programs } = setup;
  const first = await programs.open(open, by);
  const { id } = first.run;
  await programs.begin(id, begin(first.claim, 1));
  await programs.open(open, by);
  await assert.rejects(programs.finishStep(id, 1, { claim: first.claim, attempt: 1, result: 1 }), codeOf('lease_lost'));
  await assert.rejects(programs.begin(id, begin(first.claim, 2)), codeOf('lease_lost'));
  await assert.rejects(programs.finish(id, { claim: first.claim, steps: 1, output: 1 }), codeOf('lease_lost'));
});

test('a step that failed is done again, what is cancelled goes on no more, and what is too large is refused', async () => {
  await using setup = await setUp();
  const { programs } = setup;
  const { run, claim } = await programs.open(open, by);
  await programs.begin(run.id, begin(claim, 1));
  await programs.failStep(run.id, 1, { claim, attempt: 1, message: 'no network' });
  await assert.rejects(programs.finishStep(run.id, 1, { claim, attempt: 1, result: 1 }), codeOf('step_not_open'));
  const second = await programs.begin(run.id, begin(claim, 1));
  assert.equal(second.state === 'begun' && second.attempt, 2);
  const large = 'x'.repeat(resultLimitBytes);
  await assert.rejects(programs.finishStep(run.id, 1, { claim, attempt: 2, result: large }), codeOf('step_result_too_large'));
  assert.equal((await programs.cancel(run.id, by, undefined)).status, 'cancelled');
  await assert.rejects(programs.begin(run.id, begin(claim, 2)), codeOf('run_ended'));
  await assert.rejects(programs.open(open, by), codeOf('run_ended'));
});

const large = { rows: Array.from({ length: 10_000 }, (_, index) => `row ${index} é`) };

test('a result that is too large for the journal is a file that the journal names, and is given back from there', async () => {
  await using setup = await setUp();
  const { programs, journal, directory } = setup;
  const { run, claim } = await programs.open(open, by);
  await programs.begin(run.id, begin(claim, 1));
  await programs.finishStep(run.id, 1, { claim, attempt: 1, result: large });
  const [event] = (await journal.read(run.id, 0, 10)).filter(({ kind }) => kind === 'step.finished');
  assert.ok(event?.kind === 'step.finished' && event.file);
  assert.deepEqual([event.result, event.file.bytes], [null, Buffer.byteLength(JSON.stringify(large))]);
  assert.deepEqual(readdirSync(join(directory, run.id)), [`${event.file.sha256}.json`]);
  const restarted = setup.restarted();
  const reopened = await restarted.open(open, by);
  assert.deepEqual(await restarted.begin(run.id, begin(reopened.claim, 1)), { state: 'done', result: large });
});

test('the journal names a file only once it is there: a crash before leaves the step as it was', async () => {
  await using setup = await setUp();
  const { journal } = setup;
  const { promise: died, resolve: die } = Promise.withResolvers<void>();
  const results: ResultFiles = {
    ...setup.results,
    async write(runId, text) {
      await setup.results.write(runId, text);
      die();
      return new Promise(() => {});
    },
  };
  const dying = createPrograms({ journal, results, newId: () => 'run_1', resultLimitBytes: () => resultLimitBytes });
  const { run, claim } = await dying.open(open, by);
  await dying.begin(run.id, begin(claim, 1, { effect: 'idempotent' }));
  void dying.finishStep(run.id, 1, { claim, attempt: 1, result: large });
  await died;
  assert.ok((await journal.read(run.id, 0, 10)).every(({ kind }) => kind !== 'step.finished'));
  const restarted = setup.restarted();
  const reopened = await restarted.open(open, by);
  assert.equal((await restarted.begin(run.id, begin(reopened.claim, 1, { effect: 'idempotent' }))).state, 'begun');
  await restarted.finishStep(run.id, 1, { claim: reopened.claim, attempt: 2, result: large });
  assert.deepEqual(await restarted.begin(run.id, begin(reopened.claim, 1)), { state: 'done', result: large });
});

test('a file that is gone or torn is an error that names it; with the file back the program goes on', async () => {
  await using setup = await setUp();
  const { programs, directory } = setup;
  const { run, claim } = await programs.open(open, by);
  await programs.begin(run.id, begin(claim, 1));
  await programs.finishStep(run.id, 1, { claim, attempt: 1, result: large });
  const [name = ''] = readdirSync(join(directory, run.id));
  const file = join(directory, run.id, name);
  const again = () => programs.begin(run.id, begin(claim, 1));
  renameSync(file, `${file}.away`);
  await assert.rejects(again(), { code: 'step_result_lost', message: new RegExp(`${name}.*it is not there`) });
  writeFileSync(file, '{"rows":["row 0 ');
  await assert.rejects(again(), { code: 'step_result_lost', message: /16 bytes/ });
  renameSync(`${file}.away`, file);
  assert.equal((await again()).state, 'done');
});

test('with a run its files are forgotten, and those of others stay', async () => {
  await using setup = await setUp();
  const { programs, journal, results, directory } = setup;
  for (const key of ['old', 'open']) {
    const { run, claim } = await programs.open({ key, input: 1 }, by);
    await programs.begin(run.id, begin(claim, 1));
    await programs.finishStep(run.id, 1, { claim, attempt: 1, result: large });
    if (key === 'old') await programs.finish(run.id, { claim, steps: 1, output: null });
  }
  assert.equal(await results.sweep((ids) => journal.kept(ids)), 0);
  assert.equal(await journal.forget(Number.MAX_SAFE_INTEGER, 10), 1);
  assert.equal(await results.sweep((ids) => journal.kept(ids)), 1);
  assert.deepEqual(readdirSync(directory), ['run_002']);
});

test('whatever a program and its restarts do, a step ends once, with one result, and the events fold to the view', async () => {
  const action = fc.oneof(fc.constant('open'), fc.constant('begin'), fc.constant('finish'), fc.constant('fail'), fc.constant('restart'));
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
      await using setup = await setUp();
      let { programs } = setup;
      let { run, claim } = await programs.open(open, by);
      let step = 1;
      let attempt = 0;
      const results = new Map<number, unknown>();
      for (const [index, what] of actions.entries()) {
        if (what === 'restart') programs = setup.restarted();
        if (what === 'open' || what === 'restart') {
          ({ run, claim } = await programs.open(open, by));
          [step, attempt] = [1, 0];
        }
        if (what === 'begin') {
          const begun = await programs.begin(run.id, begin(claim, step, { effect: 'idempotent' }));
          if (begun.state === 'begun') attempt = begun.attempt;
          else {
            assert.equal(begun.state, 'done');
            assert.deepEqual('result' in begun && begun.result, results.get(step));
            [step, attempt] = [step + 1, 0];
          }
        }
        if (what === 'finish' && attempt > 0) {
          assert.equal(results.has(step), false);
          await programs.finishStep(run.id, step, { claim, attempt, result: index });
          results.set(step, index);
          [step, attempt] = [step + 1, 0];
        }
        if (what === 'fail' && attempt > 0) {
          await programs.failStep(run.id, step, { claim, attempt, message: 'no' });
          attempt = 0;
        }
      }
      const events = await setup.journal.read(run.id, 0, 500);
      assert.deepEqual(foldRun(events), await setup.journal.view(run.id));
      const finished = events.flatMap((event) => (event.kind === 'step.finished' ? [event.step] : []));
      assert.equal(new Set(finished).size, finished.length);
    }),
    { numRuns: 20 },
  );
});
