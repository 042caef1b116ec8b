import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { readEnvironment } from '../../core/env.ts';
import { systemClock } from '../../core/clock.ts';
import type { Mount } from '../../storage/filesystem.ts';
import { areaOf } from './areas.ts';
import { benchVolume } from './bench.ts';
import { measure } from './measure.ts';
import { judgeMount } from './mount-kind.ts';
import { addReading, keptReadings, readReadings } from './readings.ts';
import { reportVolumes } from './report.ts';

function directory(): Disposable & { readonly path: string; put(name: string, bytes: number): void } {
  const path = mkdtempSync(join(tmpdir(), 'openclaw-volumes-test-'));
  mkdirSync(join(path, 'state'));
  return {
    path,
    put(name, bytes) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), Buffer.alloc(bytes, 1), { mode: 0o600 });
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

test('each file of a state counts for what it is for', () => {
  const expected = {
    'state/openclaw.sqlite-wal': 'database',
    'state/journal/1.segment': 'journal',
    'state/snapshot.sqlite': 'snapshots',
    'state/before-migration-7.sqlite': 'snapshots',
    'state/results/run_1/2': 'run files',
    'state/config/1.json': 'configuration',
    'openclaw.json': 'configuration',
    'logs/gateway.log.3': 'logs',
    'logsmith/x': 'other',
    'replaced-2026/state/openclaw.sqlite': 'replaced',
  };
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((path) => [path, areaOf(path)])), expected);
});

test('sizes are those on the disk, of each area, and links are not followed', async () => {
  using state = directory();
  using other = directory();
  other.put('large', 5_000_000);
  state.put('state/journal/1', 100_000);
  state.put('logs/gateway.log', 40_000);
  state.put('logs/gateway.log.1', 40_000);
  symlinkSync(other.path, join(state.path, 'logs', 'elsewhere'));
  chmodSync(join(state.path, 'logs'), 0o750);
  const options = { stateDirectory: state.path, mountInfo: '' };
  const { areas, isWhole } = await measure({ ...options, elsewhere: [{ name: 'backups', path: other.path }] });
  const found = Object.fromEntries(areas.map((area) => [area.name, area]));
  assert.ok(isWhole);
  assert.equal(found['logs']?.files, 3);
  assert.equal(found['logs']?.mode, 0o750);
  assert.ok(found['logs'].bytes >= 80_000 && found['logs'].bytes < 200_000, String(found['logs'].bytes));
  assert.ok((found['journal']?.bytes ?? 0) >= 100_000);
  assert.equal(found['backups']?.path, other.path);
  assert.ok((found['backups']?.bytes ?? 0) >= 5_000_000);
  assert.equal((await measure({ ...options, elsewhere: [], limitEntries: 3 })).isWhole, false);
});

test('readings are bounded, and a clock that is set back leaves none of a time to come', () => {
  using state = directory();
  const reading = (atMs: number) => ({ atMs, areas: { logs: atMs }, volumes: { '/': atMs } });
  for (let at = 1; at <= keptReadings + 5; at += 1) addReading(state.path, reading(at));
  const kept = readReadings(state.path);
  assert.equal(kept.length, keptReadings);
  assert.equal(kept[0]?.atMs, 6);
  assert.deepEqual(addReading(state.path, reading(8)), [reading(6), reading(7), reading(8)]);
  writeFileSync(join(state.path, 'state', 'volume-readings.json'), '{"readings":[{"atMs":"no"},3');
  assert.deepEqual(readReadings(state.path), []);
});

const plain: Mount = { point: '/data', root: '/', type: 'ext4', source: '/dev/sda1', options: 'rw' };

test('a mount is named as who runs containers names it, and judged by whether it lasts', () => {
  const kinds: readonly (readonly [Partial<Mount>, 'docker' | undefined, string, string])[] = [
    [{ root: '/var/lib/docker/volumes/claw/_data' }, 'docker', 'volume claw', 'ok'],
    [{ root: `/var/lib/docker/volumes/${'a'.repeat(64)}/_data` }, 'docker', 'volume without a name', 'warn'],
    [{ root: '/srv/claw' }, 'docker', 'bind mount', 'ok'],
    [{ type: 'tmpfs', source: 'tmpfs' }, 'docker', 'memory (tmpfs)', 'bad'],
    [{ type: 'overlay', source: 'overlay', point: '/' }, 'docker', 'container layer', 'bad'],
    [{ root: '/var/lib/kubelet/pods/1/volumes/kubernetes.io~empty-dir/x' }, 'docker', 'emptyDir', 'bad'],
    [{ root: '/var/lib/kubelet/pods/1/volumes/kubernetes.io~csi/pvc-1/mount' }, 'docker', 'persistent volume', 'ok'],
    [{ type: 'nfs4', source: 'nas:/claw' }, undefined, 'network (nfs4)', 'ok'],
    [{ point: '/' }, undefined, 'disk of this machine', 'ok'],
  ];
  for (const [mount, container, kind, severity] of kinds) {
    const judged = judgeMount('/data', { ...plain, ...mount }, container);
    assert.equal(judged.kind, kind);
    assert.equal(judged.survival.severity, severity, kind);
  }
});

test('a report has every area and the growth that was read, and says where there are too few readings', async () => {
  using state = directory();
  state.put('logs/gateway.log', 40_000);
  const options = { stateDirectory: state.path, elsewhere: [], environment: readEnvironment({ env: {} }) };
  const [own] = (await reportVolumes(options)).volumes;
  assert.equal(own?.growth.known, false);
  for (let hour = 0; hour <= 48; hour += 4) {
    const atMs = Date.parse('2026-11-20T00:00:00Z') + hour * 3_600_000;
    addReading(state.path, { atMs, areas: { logs: hour * 1000 }, volumes: { [own.mountPoint ?? '']: hour * 2 ** 30 } });
  }
  const { areas, volumes } = await reportVolumes(options);
  const logs = areas.find(({ name }) => name === 'logs');
  assert.deepEqual(logs?.growth, { known: true, bytesPerDay: 24_000, readings: 13, spanMs: 48 * 3_600_000 });
  assert.ok(volumes[0]?.growth.known);
  assert.ok(Math.abs((volumes[0].daysUntilFull ?? 0) - volumes[0].freeBytes / (24 * 2 ** 30)) < 0.01);
});

test('a measurement of speed leaves nothing behind, also when it is interrupted', async () => {
  using state = directory();
  const options = { directory: state.path, clock: systemClock, random: () => 0.5, limitBytes: 2 * 2 ** 20, limitMs: 200 };
  const report = await benchVolume(options);
  assert.ok(report.fsync.count > 0 && report.fsync.p50Ms <= report.fsync.p99Ms);
  assert.ok(report.sequentialWriteBytesPerSecond > 0 && report.randomReadsPerSecond > 0);
  assert.deepEqual(readdirSync(state.path), ['state']);
  const stopping = new AbortController();
  const interrupted = benchVolume({ ...options, random: () => (stopping.abort(new Error('enough')), 0), signal: stopping.signal });
  await assert.rejects(interrupted, /enough/);
  assert.deepEqual(readdirSync(state.path), ['state']);
});

test('a measurement of speed touches no file that is there already', async () => {
  using state = directory();
  state.put('.openclaw-bench', 3);
  const options = { directory: state.path, clock: systemClock, random: () => 0.5, limitBytes: 2 * 2 ** 20, limitMs: 200 };
  await assert.rejects(benchVolume(options), { code: 'volume_bench' });
  assert.ok(existsSync(join(state.path, '.openclaw-bench')));
});
