import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Life } from '../evidence.ts';
import { collectContainer } from './collect.ts';
import { ago, fakeDocker, type FakeDocker } from './docker.fixture.ts';

async function livesOf(fake: FakeDocker): Promise<readonly Life[]> {
  return (await collectContainer(fakeDocker(fake), { container: 'web' })).lives;
}

const exited = (ExitCode: number, more: Record<string, boolean> = {}) => ({
  ...{ Status: 'exited', Running: false, Pid: 0, ExitCode, StartedAt: ago(5000), FinishedAt: ago(1000) },
  ...more,
});

test('the exit code of one that runs is not taken for that of its last life', async () => {
  const evidence = await collectContainer(
    fakeDocker({
      restartCount: 1,
      events: [
        [4000, 'start'],
        [3000, 'die', { exitCode: '7' }],
        [1000, 'start'],
      ],
    }),
    { container: 'web' },
  );
  assert.equal(evidence.state.exitCode, undefined);
  assert.deepEqual(
    evidence.lives.map(({ exitCode }) => exitCode),
    [7, undefined],
  );
});

test('OOMKilled of an earlier life is not that of a later one', async () => {
  const [first, second] = await livesOf({
    state: exited(1, { OOMKilled: true }),
    events: [
      [9000, 'start'],
      [8000, 'oom'],
      [8000, 'die', { exitCode: '137' }],
      [5000, 'start'],
      [1000, 'die', { exitCode: '1' }],
    ],
  });
  assert.deepEqual([first?.outOfMemory, second?.outOfMemory], [true, false]);
});

test('OOMKilled is believed where the engine has forgotten its events', async () => {
  const [life] = await livesOf({ state: exited(137, { OOMKilled: true }) });
  assert.deepEqual(
    { outOfMemory: life?.outOfMemory, exitCode: life?.exitCode, signal: life?.signal },
    { outOfMemory: true, exitCode: 137, signal: 'SIGKILL' },
  );
});

test('a kill before the end is kept, by the name of its signal', async () => {
  const [life] = await livesOf({
    state: exited(137),
    events: [
      [5000, 'start'],
      [2000, 'kill', { signal: '15' }],
      [1100, 'kill', { signal: '9' }],
      [1000, 'die', { exitCode: '137' }],
    ],
  });
  assert.deepEqual(
    life?.killedBy.map(({ signal }) => signal),
    ['SIGTERM', 'SIGKILL'],
  );
  assert.equal(life.outOfMemory, false);
});

test('an oom event in a life that goes on stays with that life', async () => {
  const [life] = await livesOf({
    events: [
      [1000, 'start'],
      [500, 'oom'],
    ],
  });
  assert.deepEqual({ outOfMemory: life?.outOfMemory, exitCode: life?.exitCode }, { outOfMemory: true, exitCode: undefined });
});

test('each line goes to the life in which it was said, the last words to the one that ended', async () => {
  const lives = await livesOf({
    restartCount: 1,
    state: { StartedAt: ago(3010) },
    events: [
      [9000, 'start'],
      [6000, 'die', { exitCode: '1' }],
      [3000, 'start'],
    ],
    lines: [
      [8000, 'first'],
      // Noted a little after the end.
      [5990, 'last words'],
      // And before the start is told of.
      [3010, 'second'],
      [2000, 'goes on'],
    ],
  });
  assert.deepEqual(
    lives.map(({ lines }) => lines.map(({ text }) => text)),
    [
      ['first', 'last words'],
      ['second', 'goes on'],
    ],
  );
});

test('a life that has begun since the look at the container is not lost, and none is told twice', async () => {
  const lives = await livesOf({
    state: { ...exited(1), StartedAt: ago(5000), FinishedAt: ago(4000) },
    events: [
      [5000, 'start'],
      [4000, 'die', { exitCode: '1' }],
      [100, 'start'],
    ],
  });
  assert.deepEqual(
    lives.map(({ exitCode }) => exitCode),
    [1, undefined],
  );
});

test('lives that the engine has forgotten are named', async () => {
  const { unseen } = await collectContainer(fakeDocker({ restartCount: 30, events: [[1000, 'start']] }), { container: 'web' });
  assert.ok(unseen.some(({ what, why }) => what === 'earlier lives' && why === 'the engine remembers 1 of 31 starts'));
});

test('of the environment there are names, and no value of it is in anything', async () => {
  const secret = 'correct-horse-battery';
  const evidence = await collectContainer(
    fakeDocker({
      state: exited(1),
      config: {
        Env: ['PATH=/bin', `DB_PASSWORD=${secret}`, 'DATABASE_URL=postgres://user:hunter2-hunter2@db/shop', 'GREETING=hello-there'],
        Cmd: ['serve', `--password=${secret}`, '--api-key', 'another-secret-word'],
      },
      lines: [[2000, `cannot log in with ${secret} at postgres://user:hunter2-hunter2@db/shop`]],
    }),
    { container: 'web' },
  );
  const all = JSON.stringify(evidence);
  for (const value of [secret, 'hunter2', 'hello-there', 'another-secret-word']) assert.ok(!all.includes(value), value);
  assert.deepEqual(evidence.program.environmentNames, ['PATH', 'DB_PASSWORD', 'DATABASE_URL', 'GREETING']);
});

test('a terminal is not told to do what a container has printed', async () => {
  const [life] = await livesOf({ state: exited(1), lines: [[2000, '\u001b[31mred\u001b[0m\u0007 and \u001b[2Jgone']] });
  assert.equal(life?.lines[0]?.text, 'red and gone');
});

test('whose a volume is, and what a script begins with, is read from the container itself', async () => {
  const script = Buffer.from('#!/bin/sh\r\necho secret-content\r\n').toString('base64');
  const file = { kind: 'file', name: 'start.sh', mode: 0o755, uid: 0, gid: 0, sizeBytes: 30, firstName: '' };
  const evidence = await collectContainer(
    fakeDocker({
      state: exited(1),
      config: { Cmd: ['/app/start.sh'], User: 'node' },
      mounts: [{ Type: 'volume', Name: 'data', Source: '/var/lib/docker/volumes/data/_data', Destination: '/data', RW: true }],
      answers: {
        '/app/start.sh': { ...file, head: script },
        '/data': { ...file, kind: 'folder', mode: 0o750, uid: 33, head: '' },
        '/etc/passwd': {
          ...file,
          head: Buffer.from('root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n').toString('base64'),
        },
      },
    }),
    { container: 'web' },
  );
  assert.deepEqual(evidence.program.file, {
    ...{ path: '/app/start.sh', isThere: true, isExecutable: true, isEmpty: false, interpreter: '/bin/sh\\r', interpreterIsThere: false },
  });
  assert.equal(evidence.program.userId, 1000);
  const [mount] = evidence.mounts;
  assert.deepEqual([mount?.ownerUid, mount?.mode, mount?.isEmpty], [33, 0o750, true]);
  assert.ok(!JSON.stringify(evidence).includes('secret-content'));
});

test('of a Docker on another machine nothing of this one is taken for evidence', async () => {
  const asked: string[] = [];
  const evidence = await collectContainer(
    fakeDocker({ answers: { [`/var/lib/docker/containers/${'x'}`]: null, '/info': { DockerRootDir: '/elsewhere' } } }, asked),
    {
      container: 'web',
    },
  );
  assert.ok(!asked.includes('/proc/meminfo') && !asked.includes('/dev/kmsg'));
  assert.ok(evidence.unseen.some(({ what }) => what === 'the machine of Docker'));
});

test('a container that is gone is known by its events and by what was kept of its output', async () => {
  const fake = fakeDocker({
    isGone: true,
    events: [
      [9000, 'start'],
      [8000, 'die', { exitCode: '1' }],
      [7000, 'destroy'],
    ],
  });
  const evidence = await collectContainer(fake, {
    container: 'web',
    keptOutput: 'starting\nError: listen EADDRINUSE: address already in use :::8080\n',
  });
  assert.equal(evidence.state.status, 'gone');
  assert.equal(evidence.subject.image, 'shop:3.1');
  assert.deepEqual(
    evidence.lives.map(({ exitCode, lines }) => [exitCode, lines.length]),
    [[1, 2]],
  );
});

test('one of which nobody knows anything is missing', async () => {
  await assert.rejects(collectContainer(fakeDocker({ isGone: true }), { container: 'web' }), { name: 'NotSeen', reason: 'missing' });
});
