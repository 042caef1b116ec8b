/** Causes that are told by what Docker, the machine and the checks say, and not by the program's own words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../../core/json.ts';
import { collectContainer } from '../docker/collect.ts';
import { ago, containerId, fakeDocker, type FakeDocker } from '../docker/docker.fixture.ts';
import { rank } from '../rank.ts';
import { rules } from './index.ts';

async function found(fake: FakeDocker) {
  const { causes, ruledOut, broken } = rank(await collectContainer(fakeDocker(fake), { container: 'web' }), rules);
  return { broken, first: causes[0], ids: causes.map(({ id }) => id), ruledOut: ruledOut.map(({ id, reason }) => `${id}: ${reason}`) };
}

const exited = (ExitCode: number, more: JsonObject = {}): JsonObject => ({
  ...{ Status: 'exited', Running: false, Pid: 0, ExitCode, StartedAt: ago(60_000), FinishedAt: ago(5000) },
  ...more,
});
const life = (exitCode: string) => [[60_000, 'start'] as const, [5000, 'die', { exitCode }] as const];

const failing = (Output: string, more: JsonObject = {}): JsonObject => ({
  ...{ Status: 'unhealthy', FailingStreak: 3 },
  Log: [{ Start: ago(4000), End: ago(3000), ExitCode: 1, Output }],
  ...more,
});
const checked = (command: string): JsonObject => ({
  Healthcheck: { Test: ['CMD-SHELL', command], Interval: 1e9, Timeout: 1e9, Retries: 3 },
});

const kernelAt = (text: string, ms: number): Readonly<Record<string, string>> => ({
  '/dev/kmsg': `6,1,${Math.round(86_400_000_000 - ms * 1000)},-;${text}\n`,
});

test('137 with a line of the kernel about the whole machine is the memory of the machine', async () => {
  const words = 'Out of memory: Killed process 4711 (node) total-vm:900000kB, anon-rss:700000kB';
  const { first } = await found({ state: exited(137), events: life('137'), answers: kernelAt(words, 5100) });
  assert.equal(first?.id, 'host-out-of-memory');
  assert.ok(first.because.some(({ source, text }) => source === 'kernel log' && text === words));
});

test('a line of the kernel about another time says nothing of this end', async () => {
  const { first } = await found({
    state: exited(137),
    events: life('137'),
    answers: kernelAt('Out of memory: Killed process 1 (x)', 40_000),
  });
  assert.ok(first === undefined || first.weight < 50, JSON.stringify(first));
});

test('137 of a container that somebody has killed is no lack of memory', async () => {
  const { first, ruledOut } = await found({
    state: exited(137),
    events: [
      [60_000, 'start'],
      [5100, 'kill', { signal: '9' }],
      [5000, 'die', { exitCode: '137' }],
    ],
  });
  assert.equal(first?.id, 'stopped-by-hand');
  assert.ok(ruledOut.includes('limit-too-small: no `oom` event with the last end, and its exit code is 137'));
});

test('a container that a child brought to its limit and that then ended by itself is not told to have a limit too small', async () => {
  const { first } = await found({
    state: exited(1, { OOMKilled: true }),
    hostConfig: { Memory: 64 * 2 ** 20 },
    events: [
      [60_000, 'start'],
      [20_000, 'oom'],
      [5000, 'die', { exitCode: '1' }],
    ],
    lines: [
      [20_000, 'tool sort: Killed'],
      [5010, 'worker lost'],
    ],
  });
  assert.equal(first?.id, 'child-out-of-memory');
});

test('a port that a program of the machine has, is found by who listens', async () => {
  const error =
    'driver failed programming external connectivity on endpoint web: Error starting userland proxy: listen tcp4 0.0.0.0:8080: bind: address already in use';
  const { first } = await found({
    state: { Status: 'created', Running: false, Pid: 0, ExitCode: 128, Error: error, StartedAt: '0001-01-01T00:00:00Z' },
    hostConfig: { PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] } },
    answers: { '/proc/net/tcp': '  sl  local_address rem_address   st\n   0: 00000000:1F90 00000000:0000 0A 0\n' },
  });
  assert.equal(first?.id, 'published-port-taken');
  assert.match(first.remedy[0] ?? '', /ss -ltnp 'sport = :8080'/);
  assert.ok(first.because.some(({ text }) => text === 'a program that is no container listens on 8080'));
});

test('a folder that Docker has made where a file should be, is told from a wrong configuration', async () => {
  const { first } = await found({
    state: exited(1),
    events: life('1'),
    mounts: [{ Type: 'bind', Source: '/srv/nginx.conf', Destination: '/etc/nginx/nginx.conf', RW: true }],
    lines: [[5010, 'nginx: [crit] pread() "/etc/nginx/nginx.conf" failed (21: Is a directory)']],
    answers: {
      '/etc/nginx/nginx.conf': { kind: 'folder', name: 'nginx.conf/', mode: 0o755, uid: 0, gid: 0, sizeBytes: 0, head: '', firstName: '' },
    },
  });
  assert.equal(first?.id, 'empty-mount');
  assert.match(first.says, /\/srv\/nginx\.conf .*is a folder, and a file is expected/);
});

test('throttling is believed where most periods are throttled', async () => {
  const stats = (throttled: number): JsonObject => ({
    ...{ read: ago(0), preread: ago(1000), precpu_stats: { cpu_usage: { total_usage: 0 } } },
    memory_stats: { usage: 50e6, stats: {} },
    cpu_stats: { cpu_usage: { total_usage: 1e8 }, throttling_data: { periods: 600, throttled_periods: throttled } },
  });
  const slow = (throttled: number): FakeDocker => ({
    state: { StartedAt: ago(60_000), Health: failing('Health check exceeded timeout (1s)') },
    config: checked('wget -q -O - http://127.0.0.1:8080/'),
    hostConfig: { NanoCpus: 100_000_000 },
    events: [[60_000, 'start']],
    answers: { [`/containers/${containerId}/stats`]: stats(throttled) },
  });
  assert.equal((await found(slow(560))).first?.id, 'cpu-throttled');
  assert.ok((await found(slow(6))).ruledOut.includes('cpu-throttled: 6 of 600 periods were throttled'));
});

test('a check with a tool that is not in the image is wrong itself', async () => {
  const { first, broken } = await found({
    state: { StartedAt: ago(60_000), Health: failing('/bin/sh: curl: not found') },
    config: checked('curl -f http://127.0.0.1:8080/'),
    events: [[60_000, 'start']],
    lines: [[59_000, 'listening on port 8080']],
  });
  assert.deepEqual([first?.id, broken], ['probe-wrong', true]);
});

test('checks that fail in a program that ends by itself are not the cause of its end', async () => {
  const { ids } = await found({
    restartCount: 4,
    state: exited(1, { Health: failing('connection refused', { Status: 'starting' }) }),
    config: checked('wget -q -O - http://127.0.0.1:8080/'),
    events: life('1'),
    lines: [[5010, "Error: EACCES: permission denied, open '/data/x'"]],
  });
  assert.equal(ids[0], 'permission-denied');
  assert.ok(!ids.some((id) => /probe|start-too-slow/.test(id)), ids.join());
});

test('of two that weigh the same, the cause that is named first in the list is believed', async () => {
  const evidence = await collectContainer(fakeDocker({ state: exited(1), events: life('1') }), { container: 'web' });
  const rule = (id: string, weight: number) => ({
    ...{ id, title: id, why: '', signs: '', mends: '' },
    judge: () => ({ weight, says: '', because: [{ source: 'log', text: 'x' }], remedy: [], disprovedBy: '' }),
  });
  const { causes } = rank(evidence, [rule('a', 60), rule('b', 80), rule('c', 80), rule('d', 20), rule('e', 40)]);
  assert.deepEqual(
    causes.map(({ id }) => id),
    ['b', 'c', 'a'],
  );
});

test('a container that has got over it is well, one that has just been started again is not', async () => {
  const fake = (ageMs: number): FakeDocker => ({
    restartCount: 2,
    state: { StartedAt: ago(ageMs) },
    events: [
      [ageMs + 90_000, 'start'],
      [ageMs + 60_000, 'die', { exitCode: '1' }],
      [ageMs, 'start'],
    ],
  });
  assert.equal((await found(fake(3_600_000))).broken, false);
  assert.equal((await found(fake(30_000))).broken, true);
});
