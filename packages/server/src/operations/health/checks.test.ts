import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createFakeClock } from '../../core/fake-clock.ts';
import type { Check, CheckResult } from './check.ts';
import {
  createClockCheck,
  createConfigurationCheck,
  createDiskCheck,
  createEventLoopCheck,
  createInodeCheck,
  createMemoryCheck,
  createProvidersCheck,
  createSecretsCheck,
  createStateCheck,
  createSurvivalCheck,
  createWatchdog,
  readVolume,
  type ConfigurationLook,
} from './index.ts';

const mib = 2 ** 20;

async function look(check: Check): Promise<CheckResult> {
  return check();
}

describe('configuration', () => {
  const base: ConfigurationLook = { state: 'current', problem: undefined, file: '/state/openclaw.json', needsRestart: [] };

  test('an edit that was refused is worth a look, rescue mode is a failure, a setting that waits for a restart is neither', async () => {
    const problem = new Error('gateway.port: must be a number.');
    const stateOf = async (change: Partial<ConfigurationLook>) => look(createConfigurationCheck(() => ({ ...base, ...change })));
    assert.deepEqual(await stateOf({}), { state: 'ok' });
    const waiting = await stateOf({ needsRestart: ['gateway.port', 'gateway.bind'] });
    assert.deepEqual(waiting, { state: 'ok', detail: 'holds after a restart: gateway.port, gateway.bind' });
    for (const state of ['refused', 'lastGood'] as const) {
      const { state: found, detail = '' } = await stateOf({ state, problem });
      assert.equal(found, 'degraded');
      assert.match(detail, /gateway\.port: must be a number/);
    }
    assert.equal((await stateOf({ state: 'rescue', problem })).state, 'failed');
    assert.match((await stateOf({ state: 'rescue' })).detail ?? '', /openclaw\.json is not valid/);
  });
});

describe('secrets', () => {
  test('one that cannot be read where it lies is worth a look, and named with the reason', async () => {
    const well = { setting: 'gateway.auth.token', state: 'ok' } as const;
    assert.deepEqual(await look(createSecretsCheck(() => [well])), { state: 'ok' });
    const down = { setting: 'models.providers.a.apiKey', state: 'degraded', reason: 'vault could not be asked' } as const;
    assert.deepEqual(await look(createSecretsCheck(() => [well, down])), {
      state: 'degraded',
      detail: 'models.providers.a.apiKey: vault could not be asked',
    });
  });
});

describe('the database', () => {
  test('one that takes no write has failed; one that is behind or slow is degraded', async () => {
    const clock = createFakeClock();
    const stateOf = (waiting: number, tookMs: number) =>
      look(
        createStateCheck({
          clock,
          async look() {
            clock.advance(tookMs);
            return { writable: true, waiting };
          },
        }),
      );
    assert.deepEqual(await stateOf(0, 3), { state: 'ok' });
    assert.deepEqual(await stateOf(999, 499), { state: 'ok' });
    assert.match((await stateOf(1000, 3)).detail ?? '', /1000 writes wait/);
    assert.match((await stateOf(0, 500)).detail ?? '', /took 500 ms/);
    const refusing = createStateCheck({ clock, look: async () => ({ writable: false, reason: 'ENOSPC', waiting: 0 }) });
    assert.deepEqual(await look(refusing), { state: 'failed', detail: 'ENOSPC' });
  });
});

describe('the volume', () => {
  const room = (freeMib: number, freeInodes?: number) => async () => ({ freeBytes: freeMib * mib, freeInodes });

  test('little room is degraded, and a full disk has failed', async () => {
    assert.deepEqual(await look(createDiskCheck(room(256))), { state: 'ok' });
    assert.deepEqual(await look(createDiskCheck(room(255))), {
      state: 'degraded',
      detail: '255 MiB are free on the volume of the state directory',
    });
    assert.equal((await look(createDiskCheck(room(4)))).state, 'degraded');
    assert.equal((await look(createDiskCheck(room(3)))).state, 'failed');
  });

  test('a volume without names for files has failed whatever room it has, unless it makes them as they are needed', async () => {
    assert.deepEqual(await look(createInodeCheck(room(1000, 1000))), { state: 'ok' });
    assert.equal((await look(createInodeCheck(room(1000, 999)))).state, 'degraded');
    assert.equal((await look(createInodeCheck(room(1000, 15)))).state, 'failed');
    assert.deepEqual(await look(createInodeCheck(room(0))), { state: 'ok' });
  });

  test('a volume that is gone is a failure', async () => {
    await assert.rejects(look(createDiskCheck(() => readVolume('/nothing/here'))), /ENOENT/);
  });

  test('a real volume that fills up is seen: first its room, then its inodes', (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'openclaw-volume-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,nr_inodes=40', 'none', directory], { stdio: 'pipe' });
    } catch {
      rmSync(directory, { recursive: true });
      t.skip('mounting is not permitted here');
      return undefined;
    }
    return (async () => {
      const read = () => readVolume(directory);
      try {
        assert.equal((await look(createDiskCheck(read))).state, 'degraded');
        writeFileSync(join(directory, 'filler'), Buffer.alloc(7 * mib));
        assert.match((await look(createDiskCheck(read))).detail ?? '', /disk is full: [01] MiB are free/);
        rmSync(join(directory, 'filler'));
        for (let file = 0; file < 30; file += 1) writeFileSync(join(directory, `file-${file}`), '');
        assert.equal((await look(createInodeCheck(read))).state, 'failed');
        assert.equal((await look(createDiskCheck(read))).state, 'degraded');
      } finally {
        execFileSync('umount', [directory]);
        rmSync(directory, { recursive: true });
      }
    })();
  });
});

describe('the event loop', () => {
  test('turns that are often late, or once very late, degrade with their figures', async () => {
    const at = (p99Ms: number, maxMs: number, samples = 1000) =>
      look(createEventLoopCheck({ p99Ms: () => p99Ms, maxMs: () => maxMs, samples: () => samples }));
    assert.deepEqual(await at(199, 1999), { state: 'ok' });
    assert.match((await at(200, 300)).detail ?? '', /p99 200 ms, at most 300 ms/);
    assert.deepEqual(await at(200, 300, 999), { state: 'ok' }, 'a start is late once, which says nothing of what comes');
    assert.match((await at(5, 30_000)).detail ?? '', /stood still for 30000 ms/);
  });
});

describe('providers', () => {
  test('whatever is wrong with them is never more than degraded', async () => {
    const at = (configured: number, troubles: string[]) => look(createProvidersCheck(() => ({ configured, troubles })));
    assert.deepEqual(await at(2, []), { state: 'ok' });
    assert.match((await at(0, [])).detail ?? '', /no provider is configured/);
    assert.deepEqual(await at(2, ['acme: refused', 'other: refused']), { state: 'degraded', detail: 'acme: refused; other: refused' });
    const thrown = createProvidersCheck(() => {
      throw new Error('broken');
    });
    assert.equal((await look(thrown)).state, 'degraded');
  });
});

describe('the clock', () => {
  test('a jump of the wall clock is told for five minutes, in both directions', async () => {
    for (const byMs of [3_600_000, -3_600_000]) {
      const clock = createFakeClock();
      const check = createClockCheck(clock);
      clock.advance(60_000);
      assert.deepEqual(await look(check), { state: 'ok' });
      clock.jumpWallClock(byMs);
      clock.advance(1000);
      assert.match((await look(check)).detail ?? '', byMs > 0 ? /\+3600 s/ : /-3600 s/);
      clock.advance(299_000);
      assert.equal((await look(check)).state, 'degraded');
      clock.advance(60_000);
      assert.deepEqual(await look(check), { state: 'ok' });
    }
  });

  test('the slow correction of a time server is no jump, even if nobody has looked for a day', async () => {
    const clock = createFakeClock();
    const check = createClockCheck(clock);
    clock.advance(86_400_000);
    clock.jumpWallClock(43_200);
    assert.deepEqual(await look(check), { state: 'ok' });
  });
});

describe('memory', () => {
  test('pressure and what is beyond it degrade with the share, and never fail', async () => {
    const at = (state: 'ok' | 'pressure' | 'critical', usedMib: number) =>
      look(createMemoryCheck(() => ({ state, usedBytes: usedMib * mib, limitBytes: 512 * mib })));
    assert.deepEqual(await at('ok', 500), { state: 'ok' });
    assert.deepEqual(await at('pressure', 450), { state: 'degraded', detail: '88 % of 512 MiB of memory are used: caches are given up' });
    assert.deepEqual(await at('critical', 500), {
      state: 'degraded',
      detail: '98 % of 512 MiB of memory are used: new long work is refused',
    });
  });
});

describe('the watchdog', () => {
  test('a task that is silent for too long, or has died, shows until it lives again', async () => {
    const clock = createFakeClock();
    const watchdog = createWatchdog(clock);
    const poller = watchdog.watch('poller', { silenceMs: 30_000 });
    const writer = watchdog.watch('writer', { silenceMs: 60_000, essential: true });
    clock.advance(30_000);
    assert.deepEqual(await look(watchdog.check), { state: 'ok' });
    clock.advance(1000);
    assert.deepEqual(await look(watchdog.check), { state: 'degraded', detail: 'poller has given no sign of life for 31 s' });
    poller.alive();
    assert.deepEqual(await look(watchdog.check), { state: 'ok' });
    writer.died(new Error('its thread ended.'));
    assert.deepEqual(await look(watchdog.check), { state: 'failed', detail: 'writer ended: its thread ended' });
    writer.alive();
    poller.done();
    writer.done();
    clock.advance(3_600_000);
    assert.deepEqual(await look(watchdog.check), { state: 'ok' });
  });

  test('a name is watched once at a time, and an old hand does not end the new one', async () => {
    const clock = createFakeClock();
    const watchdog = createWatchdog(clock);
    const first = watchdog.watch('poller', { silenceMs: 1000 });
    assert.throws(() => watchdog.watch('poller', { silenceMs: 1000 }), TypeError);
    first.done();
    watchdog.watch('poller', { silenceMs: 1000 });
    first.done();
    clock.advance(2000);
    assert.equal((await look(watchdog.check)).state, 'degraded');
  });
});

test('a volume that fills is degraded days before it is full, and one that does not fill is not', async () => {
  const roomy = { freeBytes: 2 ** 40, freeInodes: undefined };
  const at = (days: number | undefined) =>
    createDiskCheck(
      () => Promise.resolve(roomy),
      () => days,
    )();
  assert.deepEqual(await at(undefined), { state: 'ok' });
  assert.deepEqual(await at(3), { state: 'ok' });
  assert.deepEqual(await at(1.25), { state: 'degraded', detail: 'at its rate the volume of the state directory is full in 1.3 days' });
});

test('a state that does not survive is degraded; one that perhaps does, or that nobody has looked at yet, is not', async () => {
  const look = (severity: 'ok' | 'warn' | 'bad') => createSurvivalCheck(() => ({ severity, words: 'no: it lies in memory' }))();
  assert.deepEqual(await look('bad'), { state: 'degraded', detail: 'the state does not survive: it lies in memory' });
  for (const severity of ['ok', 'warn'] as const) assert.deepEqual(await look(severity), { state: 'ok' });
  assert.deepEqual(await createSurvivalCheck(() => undefined)(), { state: 'ok' });
});
