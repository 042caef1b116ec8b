/**
 * What every driver must do: the contract of `driver.ts`, sentence by sentence. Call `describeDriver` in a test file of the driver. What only one driver
 * does is tested beside it.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { UnitPlan } from './driver.ts';
import {
  clear,
  type DriverPlace,
  type DriverUnderTest,
  freePort,
  kill,
  mib,
  never,
  planOf,
  Session,
  startOwner,
  until,
} from './driver-suite-kit.suite.ts';
import { describeOutput } from './driver-output.suite.ts';
import { describeReadings } from './driver-readings.suite.ts';

export type WithSession = (use: (session: Session) => Promise<void>) => () => Promise<void>;

const options = { timeout: 60_000 };
/** Takes memory until somebody ends it, some two hundred mebibytes a second. */
export const grows = 'const held = []; setInterval(() => held.push(Buffer.alloc(10 * 2 ** 20, 1)), 50);';

export function describeDriver(under: DriverUnderTest): void {
  describe(`driver contract: ${under.name}`, () => {
    let place: DriverPlace;
    // Timers of the driver never keep a process alive by themselves.
    let alive: NodeJS.Timeout;
    before(async () => {
      alive = setInterval(() => {}, 1000);
      place = await under.create();
    });
    after(async () => {
      clearInterval(alive);
      await place.remove();
    });

    const withSession: WithSession = (use) => async () => {
      const session = new Session(place);
      try {
        await use(session);
      } finally {
        await clear(session.driver);
        await session.driver.close();
      }
    };

    describeStarts(withSession);
    describeEnds(withSession);
    describeOwners(() => place);
    describeOutOfMemory(withSession);
    describeOutput(withSession, under.outputBytes);
    describeReadings(withSession);
  });
}

function describeStarts(withSession: WithSession): void {
  test(
    'a unit is told of as it was planned, and its limits as they are held',
    options,
    withSession(async (session) => {
      const available = await session.driver.available(never);
      assert.ok(available.usable);
      assert.equal(available.limits, session.place.limits);
      const beforeMs = Date.now();
      const state = await session.start('planned', { shell: 'sleep 60' }, { id: { instance: 'planned', container: 'side', attempt: 4 } });
      const { startedAtMs, ...rest } = state;
      assert.ok(startedAtMs >= beforeMs - 1000 && startedAtMs <= Date.now() + 1000);
      assert.deepEqual(rest, {
        id: { instance: 'planned', container: 'side', attempt: 4 },
        workload: { namespace: 'default', name: 'suite', uid: 'uid-1' },
        revision: 3,
        limits: session.place.limits,
        ports: [],
      });
      assert.deepEqual(await session.driver.list(never), [state]);
      assert.deepEqual((await session.event('started', 'planned')).state, state);
    }),
  );

  test(
    'an id never runs twice: not at once, not one after the other, not after its end',
    options,
    withSession(async (session) => {
      const twice = await Promise.all([
        session.start('once', { shell: 'echo ran; exit 3' }),
        session.start('once', { shell: 'echo ran; exit 4' }),
      ]);
      assert.deepEqual(twice[0], twice[1]);
      assert.equal((await session.end('once')).exitCode, 3);
      const again = await session.start('once', { shell: 'echo ran; exit 5' });
      assert.equal(again.ended?.exitCode, 3);
      assert.deepEqual(
        (await session.lines(again.id)).map(({ text }) => text),
        ['ran'],
      );
      assert.equal(session.events.filter(({ kind }) => kind === 'started').length, 1);
    }),
  );

  test(
    'another attempt of the same instance is another unit',
    options,
    withSession(async (session) => {
      for (const attempt of [0, 1])
        await session.start('tried', { shell: `exit ${attempt}` }, { id: { instance: 'tried', container: 'main', attempt } });
      await until(async () => (await session.driver.list(never)).every(({ ended }) => ended !== undefined));
      const codes = (await session.driver.list(never)).map(({ id, ended }) => [id.attempt, ended?.exitCode]);
      assert.deepEqual(
        codes.toSorted(([one = 0], [other = 0]) => one - other),
        [
          [0, 0],
          [1, 1],
        ],
      );
    }),
  );

  test(
    'a program has the environment that was planned, whatever is in it, and nothing of the gateway',
    options,
    withSession(async (session) => {
      process.env['SUITE_OF_THE_GATEWAY'] = 'leaked';
      const odd = `it's "odd" $HOME \`id\` \\ äöü\nsecond line`;
      const { id } = await session.start(
        'environment',
        { node: 'console.log(JSON.stringify(process.env))' },
        { environment: { ODD: odd, EMPTY: '' } },
      );
      await session.end('environment');
      const [line] = await session.lines(id);
      const environment = JSON.parse(line?.text ?? '') as Record<string, string>;
      assert.equal(environment['ODD'], odd);
      assert.equal(environment['EMPTY'], '');
      assert.equal(environment['SUITE_OF_THE_GATEWAY'], undefined);
    }),
  );

  test(
    'a program runs in the directory that was planned, with its arguments',
    options,
    withSession(async (session) => {
      const script = { shell: 'pwd; echo "$0" "$1"' };
      const { id } = await session.start('directory', script, { workingDirectory: '/tmp', args: ['a  b', "it's"] });
      await session.end('directory');
      assert.deepEqual(
        (await session.lines(id)).map(({ text }) => text),
        ['/tmp', "a  b it's"],
      );
    }),
  );

  test(
    'what cannot be started is refused with its reason, and leaves nothing',
    options,
    withSession(async (session) => {
      const plan: UnitPlan = { ...planOf(session.place, 'missing', { shell: '' }), command: ['/no/such/program'] };
      await assert.rejects(session.driver.start(plan, never), { code: 'workload_cannot_run', message: /no such|no program|not found/i });
      assert.deepEqual(await session.driver.list(never), []);
      assert.deepEqual(await session.place.leftovers(), []);
      assert.deepEqual(session.events, []);
    }),
  );

  test(
    'a program is reached at the port of its plan',
    options,
    withSession(async (session) => {
      const reachedAtPort = await freePort();
      const node = `require('node:http').createServer((_, response) => response.end('hello')).listen(process.env.PORT ?? 8080, () => console.log('listening'))`;
      const { id, ports } = await session.start('listening', { node }, { ports: [{ containerPort: 8080, reachedAtPort }] });
      assert.deepEqual(ports, [{ containerPort: 8080, reachedAtPort }]);
      await session.says(id, 'listening');
      assert.equal(await (await fetch(`http://127.0.0.1:${reachedAtPort}/`)).text(), 'hello');
    }),
  );
}

function describeEnds(withSession: WithSession): void {
  test(
    'an end by itself is told with its code and the last words, after everything that was said',
    options,
    withSession(async (session) => {
      const { id } = await session.start('ending', { shell: 'echo out; echo first >&2; echo last words >&2; exit 7' });
      const end = await session.end('ending');
      assert.ok(Math.abs(end.atMs - Date.now()) < 10_000);
      assert.deepEqual({ ...end, atMs: 0 }, { atMs: 0, exitCode: 7, outOfMemory: false, how: 'by itself', message: 'first\nlast words' });
      assert.equal((await session.lines(id)).length, 3);
    }),
  );

  test(
    'stopping asks first, and takes the code that the program gives',
    options,
    withSession(async (session) => {
      const { id } = await session.start('polite', { shell: 'trap "echo bye; exit 5" TERM; echo ready; while :; do sleep 0.1; done' });
      await session.says(id, 'ready');
      const { ended } = await session.driver.stop(id, { graceMs: 30_000, signal: never });
      assert.deepEqual([ended?.exitCode, ended?.how, ended?.outOfMemory], [5, 'stopped', false]);
      assert.equal((await session.lines(id)).findLast(({ stream }) => stream === 'stdout')?.text, 'bye');
      assert.deepEqual((await session.driver.stop(id, { graceMs: 30_000, signal: never })).ended, ended, 'of one that has ended: at once');
    }),
  );

  const ignores = { shell: 'trap "" TERM; echo ready; while :; do sleep 0.1; done' };

  test(
    'who does not hear is killed after the grace, and no earlier',
    options,
    withSession(async (session) => {
      const { id } = await session.start('deaf', ignores);
      await session.says(id, 'ready');
      const startMs = performance.now();
      const { ended } = await session.driver.stop(id, { graceMs: 700, signal: never });
      assert.ok(performance.now() - startMs >= 690);
      assert.deepEqual([ended?.exitCode, ended?.signal, ended?.how, ended?.outOfMemory], [137, 'SIGKILL', 'stopped', false]);
    }),
  );

  test(
    'aborting the stop kills at once',
    options,
    withSession(async (session) => {
      const { id } = await session.start('hurried', ignores);
      await session.says(id, 'ready');
      const startMs = performance.now();
      await session.driver.stop(id, { graceMs: 50_000, signal: AbortSignal.timeout(100) });
      assert.ok(performance.now() - startMs < 20_000);
    }),
  );

  test(
    'all processes of a unit end with it: those it left in the background, and those that have left its session',
    options,
    withSession(async (session) => {
      const { id } = await session.start('family', { shell: 'sleep 61 & setsid sleep 62 & echo ready; sleep 63' });
      await session.says(id, 'ready');
      await session.driver.stop(id, { graceMs: 200, signal: never });
      assert.equal(await session.place.isAnyRunning(), false);
      await session.start('orphans', { shell: 'sleep 64 & setsid sleep 65 & exit 0' });
      await session.end('orphans');
      assert.equal(await session.place.isAnyRunning(), false);
    }),
  );

  test(
    'a signal reaches the program, and a signal that does not exist is refused',
    options,
    withSession(async (session) => {
      const { id } = await session.start('signalled', { shell: 'trap "echo got it" USR1; echo ready; while :; do sleep 0.1; done' });
      await session.says(id, 'ready');
      await session.driver.signal(id, 'SIGUSR1');
      await session.says(id, 'got it');
      await assert.rejects(session.driver.signal(id, 'SIGNONE'), { code: 'invalid_request' });
    }),
  );

  test(
    'removing leaves nothing, and of one that is not there it does nothing',
    options,
    withSession(async (session) => {
      const { id } = await session.start('removed', { shell: 'echo words; sleep 61' }, { memoryLimitBytes: 64 * mib });
      await assert.rejects(session.driver.remove(id), { code: 'workload_cannot_run' }, 'it still runs');
      await session.driver.stop(id, { graceMs: 100, signal: never });
      await session.driver.remove(id);
      await session.driver.remove(id);
      assert.deepEqual(await session.driver.list(never), []);
      assert.deepEqual(await session.place.leftovers(), []);
      assert.equal(await session.place.isAnyRunning(), false);
    }),
  );

  test(
    'events of each unit come in their order: started, then ended, each once',
    options,
    withSession(async (session) => {
      const names = Array.from({ length: 8 }, (_, index) => `short-${index}`);
      await Promise.all(names.map((name) => session.start(name, { shell: 'exit 0' })));
      for (const name of names) await session.end(name);
      for (const name of names) {
        const kinds = session.events
          .filter((event) => event.kind !== 'outOfMemory' && event.state.id.instance === name)
          .map(({ kind }) => kind);
        assert.deepEqual(kinds, ['started', 'ended']);
      }
    }),
  );

  test(
    'nobody is told anything after taking the ear away',
    options,
    withSession(async (session) => {
      let heard = 0;
      const end = session.driver.observe(() => (heard += 1));
      end();
      await session.start('unheard', { shell: 'exit 0' });
      await session.end('unheard');
      assert.equal(heard, 0);
    }),
  );
}

function describeOwners(placeOf: () => DriverPlace): void {
  test('a driver that is closed lets its units go on, and the next takes them over as they are', options, async () => {
    const place = placeOf();
    const first = new Session(place);
    const state = await first.start('adopted', { shell: 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.1; done' });
    await first.says(state.id, '2');
    await first.driver.close();
    const second = new Session(place);
    assert.deepEqual(await second.driver.list(never), [state]);
    await second.says(state.id, '6');
    assert.deepEqual(await second.start('adopted', { shell: 'exit 1' }), state, 'it is not started again');
    const { ended } = await second.driver.stop(state.id, { graceMs: 1000, signal: never });
    assert.equal(ended?.how, 'stopped');
    const numbers = (await second.lines(state.id)).filter(({ stream }) => stream === 'stdout').map(({ text }) => Number(text));
    assert.deepEqual(
      numbers,
      Array.from(numbers, (_, index) => index + 1),
      'nothing is missing and nothing is there twice',
    );
    await clear(second.driver);
    await second.driver.close();
  });

  test('a unit outlives the process that owns it, killed without warning; its output goes on, and it is found again', options, async () => {
    const place = placeOf();
    const plan = planOf(place, 'orphan', { shell: 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done' });
    await kill(await startOwner(place, plan));
    const session = new Session(place);
    const [state] = await session.driver.list(never);
    assert.equal(state?.ended, undefined);
    assert.deepEqual(state?.id, plan.id);
    await session.says(plan.id, '20');
    await session.driver.stop(plan.id, { graceMs: 1000, signal: never });
    const numbers = (await session.lines(plan.id)).filter(({ stream }) => stream === 'stdout').map(({ text }) => Number(text));
    assert.deepEqual(
      numbers,
      Array.from(numbers, (_, index) => index + 1),
    );
    await clear(session.driver);
    await session.driver.close();
  });

  test('what ended while nobody was there is found with its code, its output and when it was', options, async () => {
    const place = placeOf();
    const plan = planOf(place, 'unseen', { shell: 'echo before; sleep 0.7; echo after >&2; exit 9' });
    const startMs = Date.now();
    await kill(await startOwner(place, plan));
    await until(async () => !(await place.isAnyRunning()));
    const endMs = Date.now();
    const session = new Session(place);
    const [state] = await session.driver.list(never);
    assert.deepEqual({ ...state?.ended, atMs: 0 }, { atMs: 0, exitCode: 9, outOfMemory: false, how: 'by itself', message: 'after' });
    assert.ok(
      state?.ended !== undefined && state.ended.atMs >= startMs + 600 && state.ended.atMs <= endMs + 100,
      'when it was, not when it was found',
    );
    assert.deepEqual(
      (await session.lines(plan.id)).map(({ text }) => text),
      ['before', 'after'],
    );
    assert.deepEqual(session.events, [], 'events are of what happens from now on');
    await clear(session.driver);
    await session.driver.close();
  });

  test('an end for memory that nobody saw is said all the same, where the kernel holds limits', options, async (context) => {
    const place = placeOf();
    if (place.limits === 'watchdog') return context.skip('the watchdog is not there when nobody is');
    await kill(await startOwner(place, planOf(place, 'unseen-greed', { node: grows, memoryLimitBytes: 150 * mib })));
    await until(async () => !(await place.isAnyRunning()));
    const session = new Session(place);
    const [state] = await session.driver.list(never);
    assert.deepEqual([state?.ended?.exitCode, state?.ended?.outOfMemory], [137, true]);
    await clear(session.driver);
    await session.driver.close();
  });
}

function describeOutOfMemory(withSession: WithSession): void {
  test(
    'a program that takes more than its limit is ended, and it is said that it was for its memory',
    options,
    withSession(async (session) => {
      await session.start('greedy', { node: grows }, { memoryLimitBytes: 150 * mib });
      const { usedBytes, limitBytes } = await session.event('outOfMemory', 'greedy');
      assert.equal(limitBytes, 150 * mib);
      assert.ok(usedBytes > 140 * mib, `${usedBytes}`);
      const end = await session.end('greedy');
      assert.deepEqual([end.exitCode, end.signal, end.outOfMemory, end.how], [137, 'SIGKILL', true, 'by itself']);
      const kinds = session.events.map(({ kind }) => kind);
      assert.ok(kinds.indexOf('outOfMemory') < kinds.indexOf('ended'));
    }),
  );

  test(
    'an end by SIGKILL alone is not for its memory',
    options,
    withSession(async (session) => {
      const { id } = await session.start('killed', { shell: 'sleep 60' }, { memoryLimitBytes: 64 * mib });
      await session.driver.signal(id, 'SIGKILL');
      const end = await session.end('killed');
      assert.deepEqual([end.exitCode, end.signal, end.outOfMemory, end.how], [137, 'SIGKILL', false, 'by itself']);
      assert.deepEqual(
        session.events.map(({ kind }) => kind),
        ['started', 'ended'],
      );
    }),
  );

  test(
    'a child that is ended for its memory is told of; a unit that outlives it and is killed later did not end for that',
    options,
    withSession(async (session) => {
      const { programs } = session.place;
      const shell = `${[...programs.node, grows].map((word) => `'${word}'`).join(' ')}; echo child ended; sleep 3; echo lives; sleep 60`;
      const { id } = await session.start('parent', { shell }, { memoryLimitBytes: 150 * mib });
      await session.event('outOfMemory', 'parent');
      const said = session.says(id, 'lives').then(
        () => true,
        () => false,
      );
      if (await said) await session.driver.signal(id, 'SIGKILL');
      const isTogether = !(await said);
      assert.equal((await session.end('parent')).outOfMemory, isTogether, 'the kernel may end all at once, or only the largest');
    }),
  );
}
