/** What the process driver does beyond the contract of all drivers: identity, secrets, images, ports, mounts, limits, and users who may do less. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../../../core/clock.ts';
import { clear, mib, never, planOf, type PlanWish, Session, until } from '../driver-suite-kit.suite.ts';
import type { UnitEnd, UnitSample, UnitState } from '../driver.ts';
import { readProcess } from '../kernel/process-usage.ts';
import { examinePlace, readBootId } from './place.ts';
import { createProcessPlace, type PlaceWish, type ProcessPlace } from './process-place.fixture.ts';
import { shimScript } from './shim.ts';
import { noteOf, UnitFiles } from './unit-files.ts';

const isRoot = process.geteuid?.() === 0;
const limits = isRoot ? 'kernel' : 'watchdog';
const options = { timeout: 60_000 };

describe('process driver', { skip: process.platform !== 'linux' }, () => {
  let alive: NodeJS.Timeout;
  before(() => {
    alive = setInterval(() => {}, 1000);
  });
  after(() => clearInterval(alive));

  const withPlace =
    (use: (session: Session, place: ProcessPlace) => Promise<void>, wish: PlaceWish = {}) =>
    async () => {
      const place = createProcessPlace(wish, limits);
      const session = new Session(place);
      try {
        await use(session, place);
      } finally {
        await clear(session.driver);
        await session.driver.close();
        await place.remove();
      }
    };

  const filesOf = (place: ProcessPlace, instance: string): UnitFiles =>
    new UnitFiles(join(place.directory, 'units'), planOf(place, instance, { shell: '' }).id);

  /** As a gateway leaves it that is killed before it starts the shell beside the program. */
  async function leaveNote(place: ProcessPlace, wish: PlanWish & { readonly bootId?: string }): Promise<UnitFiles> {
    const { bootId = readBootId(), ...rest } = wish;
    const plan = planOf(place, 'noted', rest);
    const files = filesOf(place, 'noted');
    const note = noteOf(plan, {
      startedAtMs: 1000,
      limits: 'watchdog',
      workingDirectory: '/',
      groups: {},
      mark: 'OPENCLAW_PROGRAM=none',
      bootId,
    });
    mkdirSync(join(place.directory, 'units'), { recursive: true });
    assert.ok(await files.create(join(place.directory, 'units'), { note, files: {}, directories: ['work'] }));
    return files;
  }

  test(
    'what was planned and never begun is lost, and is not begun by anybody later',
    options,
    withPlace(async (session, place) => {
      const files = await leaveNote(place, { shell: 'echo ran' });
      const [state] = await session.driver.list(never);
      assert.deepEqual([state?.ended?.how, state?.ended?.exitCode], ['lost', 255]);
      assert.equal((await session.start('noted', { shell: 'echo ran' })).ended?.how, 'lost');
      // A shell that was on its way finds its place taken.
      const late = spawnSync(
        '/bin/sh',
        ['-c', shimScript(undefined, { segmentBytes: 4096, segments: 2 }), 'openclaw-unit', 'touch', 'ran'],
        {
          cwd: files.directory,
        },
      );
      assert.equal(late.status, 1);
      assert.ok(!existsSync(files.path('ran')) && !existsSync(files.path('exit')));
    }),
  );

  test(
    'a number of a process that was given out again is a stranger: it is neither taken over nor ended',
    options,
    withPlace(async (session, place) => {
      const files = await leaveNote(place, { shell: '' });
      const stranger = readProcess(process.pid);
      assert.ok(stranger);
      const stat = readFileSync(`/proc/${process.pid}/stat`, 'utf8').replace(` ${stranger.startTicks} `, ` ${stranger.startTicks - 1} `);
      for (const name of ['shim', 'program']) writeFileSync(files.path(name), stat);
      const [state] = await session.driver.list(never);
      assert.equal(state?.ended?.how, 'lost');
    }),
  );

  test(
    'of what ran before the machine was started again nothing runs, whatever the numbers say',
    options,
    withPlace(async (session, place) => {
      const files = await leaveNote(place, { shell: '', bootId: 'another' });
      for (const name of ['shim', 'program']) writeFileSync(files.path(name), readFileSync(`/proc/${process.pid}/stat`));
      const [state] = await session.driver.list(never);
      assert.equal(state?.ended?.how, 'lost');
    }),
  );

  test(
    'a program whose shell was killed goes on and is watched; how it ends is then lost',
    options,
    withPlace(
      async (session, place) => {
        const { id } = await session.start('bereft', { shell: 'echo ready; sleep 60' });
        await session.says(id, 'ready');
        const shim = await filesOf(place, 'bereft').readIdentity('shim');
        process.kill(shim?.pid ?? 0, 'SIGKILL');
        await until(async () => readProcess(shim?.pid ?? 0)?.startTicks !== shim?.startTicks);
        assert.equal((await session.driver.list(never))[0]?.ended, undefined);
        await session.driver.signal(id, 'SIGKILL');
        const end = await session.end('bereft');
        assert.deepEqual([end.how, end.outOfMemory], ['lost', false]);
      },
      { lookMs: 100 },
    ),
  );

  test(
    'a secret of the environment is on no command line, and only in files that nobody else may read',
    options,
    withPlace(async (session, place) => {
      const { id } = await session.start(
        'secretive',
        { shell: 'echo "$TOKEN" | wc -c; sleep 60 & wait' },
        { environment: { TOKEN: 's3cr3t-value' } },
      );
      await session.says(id, '13');
      const lines = readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map((pid) => {
          try {
            return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
          } catch {
            return '';
          }
        });
      assert.ok(
        lines.some((line) => line.includes('wc -c')),
        'the program itself is seen',
      );
      assert.deepEqual(
        lines.filter((line) => line.includes('s3cr3t-value')),
        [],
      );
      const { directory } = filesOf(place, 'secretive');
      assert.equal(statSync(directory).mode & 0o777, 0o700);
      const holding = readdirSync(directory)
        .map((name) => join(directory, name))
        .filter((path) => statSync(path).isFile() && readFileSync(path, 'utf8').includes('s3cr3t-value'));
      assert.deepEqual(
        holding.map((path) => [path, statSync(path).mode & 0o777]),
        [[join(directory, 'environment'), 0o600]],
      );
    }),
  );

  test(
    'an image is what the settings map it to, with the arguments of the container; without an entry it is not runnable',
    options,
    withPlace(
      async (session, place) => {
        const ofImage = (image: string | undefined) => ({
          ...planOf(place, 'image', { shell: '' }),
          command: [],
          args: ['b'],
          ...(image === undefined ? {} : { image }),
        });
        await assert.rejects(session.driver.start(ofImage('other:1'), never), { code: 'workload_image_not_runnable', message: /other:1/ });
        await assert.rejects(session.driver.start(ofImage('constructor'), never), { code: 'workload_image_not_runnable' });
        await assert.rejects(session.driver.start(ofImage(undefined), never), { code: 'workload_cannot_run' });
        const { id } = await session.driver.start(ofImage('echo:1'), never);
        await session.end('image');
        assert.deepEqual(
          (await session.lines(id)).map(({ text }) => text),
          ['a b'],
        );
      },
      { imageCommands: { 'echo:1': ['/bin/echo', 'a'] } },
    ),
  );

  test(
    'a program is told where it is reached: the first port as PORT, each by its own name, and what the container says wins',
    options,
    withPlace(async (session) => {
      const ports = [
        { containerPort: 8080, reachedAtPort: 41001 },
        { containerPort: 9090, reachedAtPort: 41002 },
      ];
      const shell = 'echo $PORT $OPENCLAW_PORT_8080 $OPENCLAW_PORT_9090';
      const first = await session.start('ports', { shell }, { ports });
      const second = await session.start('own', { shell }, { ports, environment: { PORT: '1' } });
      for (const { id } of [first, second]) await session.end(id.instance);
      assert.deepEqual(
        (await session.lines(first.id)).map(({ text }) => text),
        ['41001 41001 41002'],
      );
      assert.deepEqual(
        (await session.lines(second.id)).map(({ text }) => text),
        ['1 41001 41002'],
      );
    }),
  );

  test(
    'what a shell cannot hand on, and what is not there, is refused with words for it',
    options,
    withPlace(async (session) => {
      const refusal = (wish: object) => session.start('refused', { shell: 'exit 0' }, wish);
      await assert.rejects(refusal({ environment: { 'a.b': '1' } }), { code: 'workload_cannot_run', message: /a\.b/ });
      await assert.rejects(refusal({ environment: { A: 'x\0y' } }), { code: 'workload_cannot_run', message: /NUL/ });
      await assert.rejects(refusal({ workingDirectory: '/no/such/place' }), { code: 'workload_cannot_run', message: /\/no\/such\/place/ });
      await assert.rejects(refusal({ command: ['no-such-program'] }), { code: 'workload_cannot_run', message: /no-such-program/ });
      assert.deepEqual(await session.place.leftovers(), []);
    }),
  );

  test(
    'the kernel is told all limits of a unit',
    { ...options, skip: !isRoot },
    withPlace(
      async (session, place) => {
        await session.start('limited', { shell: 'sleep 60' }, { memoryLimitBytes: 64 * mib, cpuLimitMilli: 250 });
        const groups = (await filesOf(place, 'limited').readNote())?.groups ?? {};
        const read = (path: string | undefined, file: string) => readFileSync(join(path ?? '', file), 'utf8').trim();
        assert.equal(read(groups.memory, 'memory.limit_in_bytes'), String(64 * mib));
        assert.equal(Number(read(groups.cpu, 'cpu.cfs_quota_us')) / Number(read(groups.cpu, 'cpu.cfs_period_us')), 0.25);
        assert.equal(read(groups.pids, 'pids.max'), '50');
      },
      { processLimit: 50 },
    ),
  );

  test(
    'mounts are for the unit alone: scratch, memory, what is named, and a directory of this machine that may only be read',
    { ...options, skip: !isRoot },
    withPlace(async (session, place) => {
      const points = ['scratch', 'memory', 'named', 'host'].map((name) => join(place.directory, name));
      const [scratch = '', memory = '', named = '', host = ''] = points;
      const source = join(place.directory, 'source');
      for (const path of [...points, source]) mkdirSync(path);
      writeFileSync(join(source, 'there'), 'from the host');
      const mounts = [
        { path: scratch, readOnly: false, source: { kind: 'scratch' } },
        { path: memory, readOnly: false, source: { kind: 'memory', limitBytes: mib } },
        { path: named, readOnly: false, source: { kind: 'named', name: 'kept' } },
        { path: host, readOnly: true, source: { kind: 'host', path: source } },
      ] as const;
      const shell = `for each in ${scratch} ${memory} ${named}; do echo mine >$each/file; done
        cat ${host}/there; echo; (echo x >${host}/new) 2>/dev/null || echo read-only; grep -c ' ${memory} ' /proc/self/mountinfo; echo done; sleep 60`;
      const { id } = await session.start('mounting', { shell }, { mounts });
      await session.says(id, 'done');
      assert.deepEqual(
        (await session.lines(id)).map(({ text }) => text),
        ['from the host', 'read-only', '1', 'done'],
      );
      for (const point of points) assert.deepEqual(readdirSync(point), [], 'nobody else sees anything there');
      const inside = await session.driver.run(id, ['/bin/cat', join(memory, 'file')], { timeoutMs: 10_000, signal: never });
      assert.deepEqual(inside, { exitCode: 0, output: 'mine\n' }, 'a probe does');
      await session.driver.stop(id, { graceMs: 100, signal: never });
      await session.driver.remove(id);
      assert.equal(readFileSync(join(place.directory, 'volumes/kept/file'), 'utf8'), 'mine\n', 'what is named outlives it');
      assert.deepEqual(await place.leftovers(), []);
    }),
  );

  test(
    'a mount point or a source that is not there is refused; a directory of this machine at its own path needs nothing',
    { ...options, skip: !isRoot },
    withPlace(async (session, place) => {
      const refusal = (mount: object) => session.start('refused', { shell: 'exit 0' }, { mounts: [mount as never] });
      const gone = { path: '/no/such/point', readOnly: false, source: { kind: 'scratch' } };
      await assert.rejects(refusal(gone), { code: 'workload_cannot_run', message: /\/no\/such\/point/ });
      const nothing = { path: place.directory, readOnly: false, source: { kind: 'host', path: '/no/such/source' } };
      await assert.rejects(refusal(nothing), { code: 'workload_cannot_run', message: /\/no\/such\/source/ });
      const same = { path: place.directory, readOnly: false, source: { kind: 'host', path: place.directory } } as const;
      await session.start('same', { shell: `test -d ${place.directory}/units` }, { mounts: [same] });
      assert.equal((await session.end('same')).exitCode, 0);
    }),
  );

  test(
    'a program of Node tells of its heap after a full collection and of what it holds outside, where that is wanted',
    options,
    withPlace(async (session) => {
      const node = `const held = Array.from({ length: 300_000 }, (_, i) => ({ i })); const outside = Buffer.alloc(30 * 2 ** 20, 1);
        require('node:v8').setFlagsFromString('--expose-gc'); setInterval(() => { require('node:vm').runInNewContext('gc')(); held[0].i++; outside[0]++; }, 100)`;
      const { id } = await session.start('node', { node }, { reportsHeap: true, environment: { NODE_OPTIONS: '--no-warnings' } });
      let sample: UnitSample | undefined;
      await until(async () => {
        sample = await session.driver.sample(id);
        return sample?.heapAfterGcBytes !== undefined;
      });
      const { heapAfterGcBytes = 0, externalBytes = 0 } = sample ?? {};
      assert.ok(heapAfterGcBytes > 5 * mib && heapAfterGcBytes < 100 * mib, `${heapAfterGcBytes}`);
      assert.ok(externalBytes > 30 * mib && externalBytes < 80 * mib, `${externalBytes}`);
      const silent = await session.start('silent', { node });
      await until(async () => ((await session.driver.sample(silent.id))?.threads ?? 0) > 4);
      assert.equal((await session.driver.sample(silent.id))?.heapAfterGcBytes, undefined);
    }),
  );

  test(
    'a disk that is full takes output away and nothing else: the program goes on to its end',
    { ...options, skip: !isRoot },
    withPlace(async (session, place) => {
      const units = join(place.directory, 'units');
      mkdirSync(units);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'openclaw-test', units]);
      try {
        await session.start('full', { shell: 'head -c 20000000 /dev/zero; exit 6' });
        assert.equal((await session.end('full')).exitCode, 6);
        assert.equal(await place.isAnyRunning(), false);
      } finally {
        await clear(session.driver);
        execFileSync('umount', [units]);
      }
    }),
  );

  test('who may make neither groups nor mounts has the watchdog, and is told what that means', { ...options, skip: !isRoot }, () => {
    const directory = mkdtempSync(join(tmpdir(), 'openclaw-other-'));
    chmodSync(directory, 0o777);
    try {
      const program = new URL('other-user.fixture.ts', import.meta.url).pathname;
      const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
      const text = execFileSync('setpriv', [...nobody, process.execPath, program, directory], { encoding: 'utf8', timeout: 50_000 });
      const found = JSON.parse(text) as {
        readonly available: { readonly usable: boolean; readonly limits: string; readonly note: string };
        readonly said: string;
        readonly sample: UnitSample;
        readonly map: { readonly totalBytes: number };
        readonly refused: string;
        readonly end: UnitEnd;
        readonly stopped: UnitState;
      };
      assert.deepEqual([found.available.usable, found.available.limits], [true, 'watchdog']);
      assert.match(found.available.note, /no control group.*every second/);
      assert.equal(found.said, '65534');
      assert.ok(found.sample.rssBytes > 20 * mib && found.map.totalBytes > 10 * mib);
      assert.match(found.refused, /only root/);
      assert.deepEqual([found.end.exitCode, found.end.outOfMemory], [137, true]);
      assert.deepEqual([found.stopped.limits, found.stopped.ended?.how], ['watchdog', 'stopped']);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  test('elsewhere than on Linux it says that it cannot be used, and why', async () => {
    const { availability } = await examinePlace({ clock: systemClock, usesControlGroups: true, platform: 'darwin' });
    assert.ok(!availability.usable && /Linux.*darwin/.test(availability.reason));
  });
});
