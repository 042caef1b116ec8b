/** Writers that are killed at each step: there is the old text or the new one, and the next start finds its way. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { createKeptFolder, type KeptFolder } from './keeper.fixture.ts';

const before = '{ gateway: { port: 1 } }';

/** Sets the port to 2 in a process of its own, which kills itself as soon as it calls this function of `node:fs` with a path that fits. */
async function killedAt(folder: KeptFolder, call: string, path: RegExp): Promise<void> {
  const module = (name: string): string => JSON.stringify(join(import.meta.dirname, name));
  const program = `
    const fs = (await import('node:fs')).default;
    const { syncBuiltinESMExports } = await import('node:module');
    const original = fs[${JSON.stringify(call)}];
    fs[${JSON.stringify(call)}] = (...given) => {
      if (given.some((one) => ${path}.test(String(one)))) process.kill(process.pid, 'SIGKILL');
      return original(...given);
    };
    syncBuiltinESMExports();
    const { setSetting } = await import(${module('../edit-file.ts')});
    const { readEnvironment } = await import(${module('../../core/env.ts')});
    const { systemClock } = await import(${module('../../core/clock.ts')});
    const environment = readEnvironment({ env: { OPENCLAW_STATE_DIR: process.argv[1] } });
    await setSetting({ environment, clock: systemClock, by: 'cli' }, ['gateway', 'port'], '2');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, folder.path], { stdio: 'inherit' });
  const signal = await new Promise((resolve) => child.on('exit', (_, by) => resolve(by)));
  assert.equal(signal, 'SIGKILL');
}

const steps = {
  'before its version is written': { call: 'writeFileSync', path: /000002\.json/, versions: [1] },
  'before its version has a name': { call: 'linkSync', path: /000002\.json/, versions: [1] },
  'between its version and the file': { call: 'renameSync', path: /openclaw\.json/, versions: [1, 2, 3] },
} as const;

for (const [title, { call, path, versions }] of Object.entries(steps)) {
  test(`a command that is killed ${title} leaves the old text, and a history that goes on`, async (t) => {
    const folder = createKeptFolder(t, { 'openclaw.json': before });
    await (await folder.open()).close();
    await killedAt(folder, call, path);
    assert.equal(readFileSync(folder.file, 'utf8'), before);
    const keeper = await folder.open();
    assert.deepEqual([keeper.status.state, keeper.current?.settings.gateway.port], ['current', 1]);
    assert.deepEqual(
      keeper.versions().map(({ version }) => version),
      versions,
    );
    assert.equal(keeper.versionText(keeper.status.version ?? 0), before);
    const written = await keeper.write({ text: '{ gateway: { port: 3 } }', by: 'cli' });
    assert.equal(written.version, (versions.at(-1) ?? 0) + 1);
  });
}

test('what a killed command left beside the file is gone at a later start', async (t) => {
  const folder = createKeptFolder(t, { 'openclaw.json': before });
  await killedAt(folder, 'renameSync', /openclaw\.json/);
  const left = readdirSync(folder.path).filter((name) => name.endsWith('.new'));
  assert.equal(left.length, 1);
  for (const name of left) utimesSync(join(folder.path, name), 1, 1);
  await folder.open();
  assert.deepEqual(
    readdirSync(folder.path).filter((name) => name.endsWith('.new')),
    [],
  );
});
