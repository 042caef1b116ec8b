/** What only the Docker driver does, on the real engine. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { docker, withoutDocker } from '../../../../test/harness/docker.ts';
import { systemClock } from '../../../core/clock.ts';
import { clear, freePort, mib, never, planOf, Session, until } from '../driver-suite-kit.suite.ts';
import { createDockerPlace, type DockerPlace } from './docker-place.fixture.ts';
import { Engine } from '../../../docker-engine/engine.ts';
import { withTag } from './image.ts';
import { createDockerDriver, dockerDriverDefaults, type DockerDriverOptions } from './index.ts';
import { ContainerReader } from './readings.ts';

const options = { timeout: 90_000 };

function withPlace(use: (session: Session, place: DockerPlace) => Promise<void>, wish: Partial<DockerDriverOptions> = {}) {
  return async (): Promise<void> => {
    const alive = setInterval(() => {}, 1000);
    const place = createDockerPlace(wish);
    const session = new Session(place);
    try {
      await use(session, place);
      await clear(session.driver);
    } finally {
      clearInterval(alive);
      await session.driver.close();
      await place.remove();
    }
  };
}

test('an image without a tag is the latest one, and not all of them', () => {
  assert.equal(withTag('web'), 'web:latest');
  assert.equal(withTag('localhost:5000/web'), 'localhost:5000/web:latest');
  assert.equal(withTag('localhost:5000/web:v1'), 'localhost:5000/web:v1');
  assert.equal(withTag('web@sha256:0123'), 'web@sha256:0123');
});

test('without an engine nothing can be started and nothing is there; once something was, it is not said that nothing is', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-docker-'));
  const wish = { directory, clock: systemClock, socketPath: join(directory, 'no.sock') };
  const driver = createDockerDriver(wish);
  try {
    const available = await driver.available(never);
    assert.ok(!available.usable);
    assert.match(available.reason, /no Docker answers at .*no\.sock: .*ENOENT/);
    assert.deepEqual(await driver.list(never), []);
    assert.equal(existsSync(join(directory, 'docker')), false);
    mkdirSync(join(directory, 'docker'));
    await assert.rejects(driver.list(never), { code: 'workload_driver_unavailable' });
  } finally {
    await driver.close();
    rmSync(directory, { recursive: true });
  }
});

test('an engine that hangs is not waited for', { timeout: 30_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-docker-'));
  const socketPath = join(directory, 'hangs.sock');
  const server = createServer(() => {}).listen(socketPath);
  const driver = createDockerDriver({ directory, clock: systemClock, socketPath });
  try {
    const available = await driver.available(never);
    assert.ok(!available.usable);
    await assert.rejects(driver.signal({ instance: 'none', container: 'main', attempt: 0 }, 'SIGUSR1'), {
      code: 'workload_driver_unavailable',
    });
    assert.match(available.reason, /Docker does not answer in time at .*hangs\.sock/);
  } finally {
    await driver.close();
    server.close();
    rmSync(directory, { recursive: true });
  }
});

describe('the Docker driver', { skip: withoutDocker }, () => {
  test(
    'a unit has no capabilities, gains none, has no swap, and its port is open on this machine alone',
    options,
    withPlace(async (session, place) => {
      const reachedAtPort = await freePort();
      const { id } = await session.start(
        'bound',
        { shell: 'grep -E "CapEff|CapPrm|NoNewPrivs" /proc/self/status; sleep 60' },
        {
          memoryLimitBytes: 64 * mib,
          cpuLimitMilli: 250,
          ports: [{ containerPort: 80, reachedAtPort }],
          environment: { PASSWORD: 'of-the-database' },
        },
      );
      await session.says(id, 'NoNewPrivs:\t1');
      const said = (await session.lines(id)).map(({ text }) => text);
      assert.deepEqual(said, ['CapPrm:\t0000000000000000', 'CapEff:\t0000000000000000', 'NoNewPrivs:\t1']);
      const [container = ''] = place.containers('running');
      const [{ HostConfig, NetworkSettings, Config }] = JSON.parse(docker('inspect', container));
      assert.deepEqual(
        [HostConfig.Memory, HostConfig.MemorySwap, HostConfig.NanoCpus, HostConfig.PidsLimit],
        [64 * mib, 64 * mib, 250_000_000, 4096],
      );
      assert.deepEqual(NetworkSettings.Ports, { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: String(reachedAtPort) }] });
      assert.deepEqual(HostConfig.RestartPolicy.Name, 'no');
      assert.ok(!JSON.stringify(Config.Labels).includes('of-the-database'), 'labels are in every listing');
    }),
  );

  test(
    'an image that is not on this machine is not fetched, and leaves nothing',
    options,
    withPlace(async (session, place) => {
      const plan = { ...planOf(place, 'absent', { shell: 'true' }), image: 'registry.invalid/openclaw/absent:v1' };
      await assert.rejects(session.driver.start(plan, never), {
        code: 'workload_image_missing',
        message: /registry\.invalid.*not fetched/,
      });
      assert.deepEqual(await session.driver.list(never), []);
      assert.deepEqual(place.containers('all'), []);
    }),
  );

  test(
    'where missing images are fetched, why one could not be is said',
    options,
    withPlace(
      async (session, place) => {
        const plan = { ...planOf(place, 'absent', { shell: 'true' }), image: 'registry.invalid/openclaw/absent:v1' };
        await assert.rejects(session.driver.start(plan, never), { code: 'workload_image_missing', message: /registry\.invalid/ });
      },
      { pull: () => 'missing' },
    ),
  );

  test(
    'a program is found where the image has its programs, and refused where it has none of that name',
    options,
    withPlace(async (session, place) => {
      const { id } = await session.start('found', { shell: '' }, { command: ['echo', 'here'] });
      await session.says(id, 'here');
      const plan = { ...planOf(place, 'nowhere', { shell: '' }), command: ['no-such-program'] };
      await assert.rejects(session.driver.start(plan, never), {
        code: 'workload_cannot_run',
        message: /no program no-such-program in .*\/bin/,
      });
      assert.equal((await session.driver.list(never)).length, 1);
    }),
  );

  test(
    'mounts are what they are called: named ones outlive the unit, the others do not',
    options,
    withPlace(async (session, place) => {
      const mounts = [
        { path: '/kept', readOnly: false, source: { kind: 'named', name: 'data of shop' } },
        { path: '/memory', readOnly: false, source: { kind: 'memory', limitBytes: 2 * mib } },
        { path: '/scratch', readOnly: false, source: { kind: 'scratch' } },
        { path: '/host', readOnly: true, source: { kind: 'host', path: place.directory } },
      ] as const;
      const shell =
        'touch /scratch/x && echo scratch; cat /kept/was; echo kept >/kept/was; head -c 4000000 /dev/zero >/memory/x || echo full; touch /host/x || echo read-only';
      const said: string[][] = [];
      for (const name of ['one', 'two']) {
        const { id } = await session.start(name, { shell }, { mounts });
        await session.end(name);
        said.push((await session.lines(id)).filter(({ stream }) => stream === 'stdout').map(({ text }) => text));
        await session.driver.remove(id);
      }
      assert.deepEqual(said, [
        ['scratch', 'full', 'read-only'],
        ['scratch', 'kept', 'full', 'read-only'],
      ]);
      assert.equal((await place.leftovers()).length, 1, 'the named volume');
    }),
  );

  test(
    'what was asked for and never begun is taken away by whoever comes next, and may begin then',
    options,
    withPlace(async (session, place) => {
      const { id } = await session.start('begun', { shell: 'sleep 60' });
      const [container = ''] = place.containers('all');
      const [{ Name, Config }] = JSON.parse(docker('inspect', container));
      await session.driver.stop(id, { graceMs: 0, signal: never });
      await session.driver.remove(id);
      await session.driver.close();
      const labels = Object.entries(Config.Labels).flatMap(([name, value]) => ['--label', `${name}=${String(value)}`]);
      docker('create', '--name', Name.slice(1), ...labels, place.programs.image ?? '', '/bin/true');
      const next = new Session(place);
      assert.deepEqual(await next.driver.list(never), []);
      assert.deepEqual(place.containers('all'), []);
      await next.start('begun', { shell: 'exit 3' });
      assert.equal((await next.end('begun')).exitCode, 3);
      await clear(next.driver);
      await next.driver.close();
    }),
  );

  test(
    'of a container that somebody removed it is said that it is lost; one that somebody started again is ended',
    options,
    withPlace(async (session, place) => {
      await session.start('removed', { shell: 'sleep 60' });
      docker('rm', '--force', ...place.containers('all'));
      const { exitCode, how, outOfMemory } = await session.end('removed');
      assert.deepEqual([exitCode, how, outOfMemory], [137, 'lost', false]);
      const { id } = await session.start('again', { shell: 'test -e /tmp/ran && sleep 600; touch /tmp/ran' });
      await session.end('again');
      docker('start', ...place.containers('all'));
      await until(async () => place.containers('running').length === 0);
      assert.equal((await session.driver.list(never)).find((state) => state.id.instance === id.instance)?.ended?.exitCode, 0);
    }),
  );

  test('what happens while the engine cannot be heard is told once it can', options, async () => {
    const alive = setInterval(() => {}, 1000);
    const place = createDockerPlace();
    const wire = await openWire(join(place.directory, 'wire.sock'));
    const driver = createDockerDriver({ directory: place.directory, clock: systemClock, socketPath: wire.path });
    const session = new Session({ ...place, createDriver: () => driver });
    try {
      await session.start('unheard', { shell: 'sleep 60' });
      await session.start('heard', { shell: 'sleep 60' });
      wire.cut();
      const [first] = place.containers('running');
      docker('kill', ...place.containers('running'));
      assert.ok(first);
      await until(async () => place.containers('running').length === 0);
      assert.deepEqual(
        session.events.filter(({ kind }) => kind === 'ended'),
        [],
      );
      wire.mend();
      const ends = [await session.end('unheard'), await session.end('heard')];
      assert.deepEqual(
        ends.map(({ exitCode, outOfMemory }) => [exitCode, outOfMemory]),
        [
          [137, false],
          [137, false],
        ],
      );
      assert.equal(session.events.filter(({ kind }) => kind === 'ended').length, 2);
      wire.cut();
      await assert.rejects(session.start('late', { shell: 'true' }), { code: 'workload_driver_unavailable' });
    } finally {
      wire.mend();
      clearInterval(alive);
      await driver.close();
      wire.close();
      await place.remove();
    }
  });

  test(
    'where the control group cannot be seen, the engine is asked, and knows the same sums',
    options,
    withPlace(async (session, place) => {
      const { id } = await session.start(
        'asked',
        { node: `const held = Buffer.alloc(100 * 2 ** 20, 1); console.log('ready'); setInterval(() => held[0]++, 1000)` },
        { memoryLimitBytes: 300 * mib },
      );
      await session.says(id, 'ready');
      const engine = new Engine(dockerDriverDefaults.socketPath);
      const [containerId = ''] = place.containers('running');
      const reader = new ContainerReader(engine, systemClock, () => ({
        containerId,
        pid: 0,
        memoryLimitBytes: 300 * mib,
        outOfMemoryKills: 2,
      }));
      try {
        const [asked, seen] = [await reader.sample(), await session.driver.sample(id)];
        assert.ok(asked && seen);
        assert.ok(Math.abs(asked.anonymousBytes - seen.anonymousBytes) < 20 * mib && asked.anonymousBytes > 100 * mib);
        assert.ok(Math.abs(asked.usageBytes - seen.usageBytes) < 20 * mib);
        assert.deepEqual([asked.limitBytes, asked.outOfMemoryKills], [300 * mib, 2]);
        const map = await reader.memoryMap(never);
        assert.ok(map && map.anonymousBytes > 100 * mib && map.totalBytes >= map.anonymousBytes);
      } finally {
        engine.close();
      }
    }),
  );

  test(
    'a command inside that is not there has failed, and that is no fault of the engine',
    options,
    withPlace(async (session) => {
      const { id } = await session.start('probed', { shell: 'echo ready; sleep 60' });
      await session.says(id, 'ready');
      const { exitCode, output } = await session.driver.run(id, ['/no/such/program'], { timeoutMs: 20_000, signal: never });
      assert.ok(exitCode === 126 || exitCode === 127, `${exitCode}`);
      assert.match(output, /no such file/);
    }),
  );
});

/** A wire to the engine that can be cut. */
async function openWire(path: string) {
  const sockets = new Set<Socket>();
  let isWhole = true;
  const server = createServer((near) => {
    if (!isWhole) return void near.destroy();
    const far = connect(dockerDriverDefaults.socketPath);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    path,
    cut() {
      isWhole = false;
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      isWhole = true;
    },
    close: () => void server.close(),
  };
}
