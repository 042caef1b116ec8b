/** A configuration that lies on a mount: a ConfigMap, a volume that is read-only, a file that is mounted by itself. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { systemClock } from '../../core/clock.ts';
import { readEnvironment } from '../../core/env.ts';
import { OpenClawError } from '../../core/errors.ts';
import { setSetting } from '../edit-file.ts';
import { rollBack } from './by-command.ts';
import { createKeptFolder, createLoggedLines, statusOf } from './keeper.fixture.ts';

/** As kubelet does it: each version in a folder of its own, the link `..data` swapped by a rename, the old folder removed. */
function createConfigMap(
  t: TestContext,
  files: Readonly<Record<string, string>>,
): { path: string; update(files: Record<string, string>): void } {
  const path = mkdtempSync(join(tmpdir(), 'openclaw-configmap-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  let count = 0;
  const update = (next: Readonly<Record<string, string>>): void => {
    const folder = `..2026_11_21_0${++count}`;
    mkdirSync(join(path, folder));
    for (const [name, text] of Object.entries(next)) writeFileSync(join(path, folder, name), text);
    const before = readdirSync(path).filter((name) => name.startsWith('..2026') && name !== folder);
    symlinkSync(folder, join(path, '..data_tmp'));
    renameSync(join(path, '..data_tmp'), join(path, '..data'));
    for (const name of before) rmSync(join(path, name), { recursive: true });
  };
  update(files);
  for (const name of Object.keys(files)) symlinkSync(join('..data', name), join(path, name));
  return { path, update };
}

async function errorOf(promise: Promise<unknown>): Promise<OpenClawError> {
  const error = await promise.then(
    () => assert.fail('it should have been refused'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof OpenClawError, String(error));
  return error;
}

const onPort = (port: number): string => `{ gateway: { port: ${port} }, models: { $include: 'models.json5' } }`;

test('a ConfigMap: swaps of its link are seen again and again, includes too, and writing names what to edit', async (t) => {
  const map = createConfigMap(t, { 'openclaw.json': onPort(1), 'models.json5': '{ retry: { attempts: 2 } }' });
  const folder = createKeptFolder(t);
  const keeper = await folder.open({
    env: { OPENCLAW_CONFIG_PATH: join(map.path, 'openclaw.json') },
    timing: { quietMs: 1, pollIntervalMs: 3_600_000 },
  });
  keeper.start(createLoggedLines().log);
  for (const port of [2, 3, 4]) {
    map.update({ 'openclaw.json': onPort(port), 'models.json5': `{ retry: { attempts: ${port} } }` });
    await statusOf(keeper, () => keeper.current?.settings.gateway.port === port);
    assert.equal(keeper.current?.settings.models.retry.attempts, port);
  }
  map.update({ 'openclaw.json': '{ gateway: ', 'models.json5': '{}' });
  await statusOf(keeper, ({ state }) => state === 'refused');
  map.update({ 'openclaw.json': onPort(5), 'models.json5': '{ retry: { attempts: 5 } }' });
  await statusOf(keeper, () => keeper.current?.settings.gateway.port === 5);
  assert.deepEqual(readdirSync(join(folder.path, 'state', 'config')).filter((name) => /^\d/.test(name)).length, 5);
});

/** Mounts `from` on `path` while `use` runs; where this process may mount nothing, the rule cannot be shown. */
async function withMount(
  t: TestContext,
  { from, path, isReadOnly }: { from: string; path: string; isReadOnly: boolean },
  use: () => Promise<void>,
): Promise<void> {
  try {
    execFileSync('mount', ['--bind', from, path], { stdio: 'ignore' });
  } catch {
    return t.skip('this process may not mount anything');
  }
  try {
    if (isReadOnly) execFileSync('mount', ['-o', 'remount,bind,ro', path], { stdio: 'ignore' });
    await use();
  } finally {
    execFileSync('umount', ['--lazy', path], { stdio: 'ignore' });
  }
}

const readOnly = (path: string): { from: string; path: string; isReadOnly: boolean } => ({ from: path, path, isReadOnly: true });

test('a mount that is read-only: starts, keeps its history in the state directory, and every way to write refuses with the remedy', async (t) => {
  const place = createKeptFolder(t, { 'etc/openclaw.json': '{ gateway: { port: 1 } }', 'state-dir/.keep': '' });
  const file = join(place.path, 'etc', 'openclaw.json');
  await withMount(t, readOnly(join(place.path, 'etc')), async () => {
    const env = { OPENCLAW_STATE_DIR: join(place.path, 'state-dir'), OPENCLAW_CONFIG_PATH: file };
    const keeper = await place.open({ env });
    assert.deepEqual([keeper.status.state, keeper.status.isReadOnly, keeper.status.version], ['current', true, 1]);
    const command = { environment: readEnvironment({ env }), clock: systemClock };
    const tries = [
      keeper.write({ text: '{}', by: 'device:a' }),
      keeper.rollback(1, 'device:a').then(async () => keeper.write({ text: '{ gateway: {} }', by: 'device:a' })),
      setSetting({ ...command, by: 'cli' }, ['gateway', 'port'], '2'),
      rollBack(command, 1, 'cli'),
    ];
    for (const attempt of tries) {
      const { code, message, hint } = await errorOf(attempt);
      assert.equal(code, 'config_read_only');
      assert.equal(message, `The configuration ${file} cannot be written: it lies on a mount that is read-only.`);
      assert.match(hint, /^Edit it where it is mounted from, on the host, or mount it without `:ro`/);
    }
    assert.equal(readFileSync(file, 'utf8'), '{ gateway: { port: 1 } }');
    await keeper.close();
  });
});

test('a ConfigMap that is mounted read-only names the ConfigMap as what to edit', async (t) => {
  const map = createConfigMap(t, { 'openclaw.json': '{}' });
  await withMount(t, readOnly(map.path), async () => {
    const keeper = await createKeptFolder(t).open({ env: { OPENCLAW_CONFIG_PATH: join(map.path, 'openclaw.json') } });
    assert.match((await errorOf(keeper.write({ text: '{ gateway: {} }', by: 'cli' }))).hint, /^It comes from a ConfigMap .*`kubectl edit`/);
    await keeper.close();
  });
});

test('a file that is mounted by itself cannot be replaced, and is written in place', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': '{ gateway: { port: 1 } }', 'on-the-host.json': '{ gateway: { port: 1 } }' });
  await withMount(t, { from: join(folder.path, 'on-the-host.json'), path: folder.file, isReadOnly: false }, async () => {
    const keeper = await folder.open();
    assert.equal(keeper.status.isReadOnly, false);
    await keeper.write({ text: '{ gateway: { port: 2 } }', by: 'cli' });
    assert.equal(readFileSync(join(folder.path, 'on-the-host.json'), 'utf8'), '{ gateway: { port: 2 } }');
    assert.deepEqual(
      readdirSync(folder.path).filter((name) => name.endsWith('.new')),
      [],
    );
    await keeper.close();
  });
});

/** Runs a program as somebody who is not root, for whom rights mean something. It prints JSON; undefined where that user may not run it. */
async function asNobody(program: string, folder: string): Promise<unknown> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, folder], {
    ...(process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}),
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { NODE_DISABLE_COMPILE_CACHE: '1' },
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const code = await new Promise((resolve) => child.on('error', () => resolve(undefined)).on('close', resolve));
  if (code === undefined) return undefined;
  return JSON.parse(out);
}

/** The clone may lie where only root can look. */
function canNobodyRead(): boolean {
  if (process.getuid?.() !== 0) return true;
  return (
    spawnSync(process.execPath, ['-e', `require('node:fs').readFileSync(${JSON.stringify(import.meta.filename)})`], {
      uid: 65_534,
      gid: 65_534,
    }).status === 0
  );
}

test('rights that were taken away: a file that may not be read is refused, and one that may not be written is not replaced', async (t) => {
  if (!canNobodyRead()) return t.skip('another user may not read this clone');
  const folder = createKeptFolder(t, { 'openclaw.json': '{ gateway: { port: 1 } }' });
  if (process.getuid?.() === 0) for (const path of [folder.path, folder.file]) chownSync(path, 65_534, 65_534);
  const module = (name: string): string => JSON.stringify(join(import.meta.dirname, name));
  const program = `
    import { chmodSync, readFileSync } from 'node:fs';
    const { createConfigurationKeeper } = await import(${module('keeper.ts')});
    const { readEnvironment } = await import(${module('../../core/env.ts')});
    const { systemClock } = await import(${module('../../core/clock.ts')});
    const folder = process.argv[1];
    const file = folder + '/openclaw.json';
    const keeper = await createConfigurationKeeper({ environment: readEnvironment({ env: { OPENCLAW_STATE_DIR: folder } }), clock: systemClock });
    chmodSync(file, 0o400);
    const written = await keeper.write({ text: '{ gateway: { port: 2 } }', by: 'cli' }).catch((error) => [error.code, error.message]);
    const { isReadOnly } = keeper.status;
    chmodSync(file, 0o000);
    await keeper.look();
    const { state, problem } = keeper.status;
    chmodSync(file, 0o600);
    await keeper.look();
    console.log(JSON.stringify({ written, isReadOnly, state, code: problem.code, port: keeper.current.settings.gateway.port, mended: keeper.status.state }));`;
  assert.deepEqual(await asNobody(program, folder.path), {
    written: ['config_read_only', `The configuration ${folder.file} cannot be written: this user may not write it.`],
    isReadOnly: true,
    state: 'refused',
    code: 'config_unreadable',
    port: 1,
    mended: 'current',
  });
});

test('a link to a file elsewhere stays a link when the file is written', async (t) => {
  const folder = createKeptFolder(t, { 'elsewhere/real.json': '{}' });
  symlinkSync('elsewhere/real.json', folder.file);
  const keeper = await folder.open();
  await keeper.write({ text: '{ gateway: { port: 2 } }', by: 'cli' });
  assert.ok(lstatSync(folder.file).isSymbolicLink());
  assert.equal(readFileSync(join(folder.path, 'elsewhere', 'real.json'), 'utf8'), '{ gateway: { port: 2 } }');
});
