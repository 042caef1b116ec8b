/** Backups around a whole gateway: by schedule, from a mount that cannot be written, and a copy that is only looked at. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { main } from '../../src/cli/openclaw/main.ts';
import { startHeldCopy } from '../../src/compose/index.ts';
import { readEnvironment } from '../../src/core/env.ts';
import { createFakeClock } from '../../src/core/fake-clock.ts';
import { startTestGateway, testToken, type TestGateway } from '../harness/gateway.ts';

interface Scratch extends Disposable {
  readonly path: string;
}

function createScratch(): Scratch {
  const path = mkdtempSync(join(tmpdir(), 'openclaw-backup-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(20);
}

async function backup(
  stateDirectory: string,
  ...args: string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const said = { out: '', err: '' };
  const code = await main(['backup', ...args, '--state-dir', stateDirectory], {
    env: { HOME: stateDirectory, OPENCLAW_GATEWAY_TOKEN: testToken, OPENCLAW_GATEWAY_PORT: '0' },
    stdout: { write: (text) => (said.out += text) },
    stderr: { write: (text) => (said.err += text) },
  });
  return { code, ...said };
}

async function backupHealth(gateway: TestGateway): Promise<{ readonly state: string; readonly detail?: string } | undefined> {
  const { checks } = (await (await gateway.request('/health')).json()) as { checks: Record<string, { state: string; detail?: string }> };
  return checks['backup'];
}

test('a gateway makes backups when they are due and keeps what the rules keep; what fails shows in its health until one succeeds', async () => {
  using scratch = createScratch();
  const clock = createFakeClock();
  const to = join(scratch.path, 'backups');
  const settings = { backup: { to, schedule: { every: '24h' }, keep: { last: 2, daily: 0, weekly: 0 } } };
  await using gateway = await startTestGateway({ settings, clock });
  const made = (): string[] => (existsSync(to) ? readdirSync(to).filter((name) => name.startsWith('openclaw-')) : []);
  /** Every timer of a day would take a minute. */
  const pass = (ms: number): void => {
    clock.jumpWallClock(ms);
    clock.advance(30_000);
  };
  /** The gateway looks every thirty seconds, and not while one is under way. */
  const meanwhile = (isSo: () => boolean | Promise<boolean>): Promise<void> =>
    until(() => {
      clock.advance(5000);
      return isSo();
    });
  const seen = new Set<string>();
  for (let count = 1; count <= 3; count += 1) {
    pass(count === 1 ? 0 : 86_400_000);
    await meanwhile(() => {
      for (const name of made()) seen.add(name);
      return seen.size === count;
    });
    await meanwhile(() => gateway.metrics.text().includes(`openclaw_backups_total{outcome="ok"} ${count}`));
  }
  await meanwhile(() => made().length === 2);
  const becomes = (state: string): Promise<void> => meanwhile(async () => (await backupHealth(gateway))?.state === state);
  await becomes('ok');
  rmSync(to, { recursive: true });
  writeFileSync(to, 'in the way');
  pass(86_400_000);
  await becomes('degraded');
  assert.match((await backupHealth(gateway))?.detail ?? '', /the last backup failed: The place .* cannot be used/);
  rmSync(to);
  pass(600_000);
  await becomes('ok');
  assert.equal(made().length, 1);
});

test('a backup is made from a mount that cannot be written, while the owner runs, and a gateway starts on what is restored', async (t) => {
  using scratch = createScratch();
  await using gateway = await startTestGateway({});
  const mounted = join(scratch.path, 'read-only');
  mkdirSync(mounted);
  try {
    execFileSync('mount', ['--bind', gateway.stateDirectory, mounted], { stdio: 'pipe' });
    execFileSync('mount', ['-o', 'remount,bind,ro', mounted], { stdio: 'pipe' });
  } catch {
    t.skip('mounting is not permitted here');
    return;
  }
  try {
    const created = await backup(mounted, 'create', '--to', join(scratch.path, 'out'));
    assert.equal(created.code, 0, created.err);
    const without = await backup(mounted, 'create');
    assert.equal(without.code, 1);
    assert.match(without.err, /cannot be used.*\n.*--to DIR/);
    const target = join(scratch.path, 'restored');
    const restored = await backup(target, 'restore', created.out.split('\n')[0] ?? '');
    assert.equal(restored.code, 0, restored.err);
    await using copy = await startTestGateway({ stateDirectory: target });
    assert.equal((await copy.request('/readyz')).status, 200);
  } finally {
    execFileSync('umount', [mounted]);
  }
});

test('on a copy that is only looked at nothing goes on: a run that was under way stands as it stood, and goes on where it really starts', async () => {
  using scratch = createScratch();
  const gateway = await startTestGateway({});
  const post = { json: { input: 'wait 600s' } };
  const { id } = (await (await gateway.request('/v1/runs', post)).json()) as { id: string };
  const runOf = async (url: string): Promise<{ readonly status: string; readonly last_seq?: number }> => {
    const answer = await fetch(`${url}/v1/runs/${id}`, { headers: { authorization: `Bearer ${testToken}` } });
    return (await answer.json()) as { status: string };
  };
  await until(async () => (await runOf(gateway.url)).status === 'running');
  const copy = join(scratch.path, 'copy');
  const out = await backup(gateway.stateDirectory, 'create', '--to', scratch.path);
  await gateway[Symbol.asyncDispose]();
  assert.equal((await backup(copy, 'restore', out.out.split('\n')[0] ?? '')).code, 0);
  const looked = join(scratch.path, 'looked');
  cpSync(copy, looked, { recursive: true });
  const env = { HOME: looked, OPENCLAW_GATEWAY_TOKEN: testToken };
  let before = '';
  {
    await using held = await startHeldCopy(looked, readEnvironment({ env }));
    before = JSON.stringify(await runOf(held.url));
    assert.equal((await fetch(`${held.url}/readyz`)).status, 200);
  }
  await using again = await startHeldCopy(looked, readEnvironment({ env }));
  assert.equal(JSON.stringify(await runOf(again.url)), before);
  await using real = await startTestGateway({ stateDirectory: copy });
  await until(async () => JSON.stringify(await runOf(real.url)) !== before);
});
