import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../../core/clock.ts';
import { createWorkspace } from '../tool.fixture.ts';
import { ownGroups } from '../../../core/processes/control-group.ts';
import { endLeftBehind } from './left-behind.ts';
import { ownerDigest } from '../../../core/processes/mark.ts';

const isLinux = process.platform === 'linux';

function livingWith(text: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
    } catch {
      return false;
    }
  });
}

test(
  'what a process that was killed has left running is ended by whoever comes after it, and nobody else is',
  { skip: !isLinux, timeout: 30_000 },
  async () => {
    using workspace = createWorkspace();
    const [own, others] = ['own', 'others'].map((name) => join(workspace.path, name)) as [string, string];
    for (const name of [own, others]) writeFileSync(name, 'setsid sleep 61 & sleep 62 & echo $! > "$0.started"; wait');
    const program = join(workspace.path, 'gateway.ts');
    writeFileSync(
      program,
      `import { startProgram } from ${JSON.stringify(new URL('supervise.ts', import.meta.url).href)};
     import { systemClock } from ${JSON.stringify(new URL('../../../core/clock.ts', import.meta.url).href)};
     const [owner, script] = process.argv.slice(2);
     await startProgram({ program: ['/bin/sh', script], directory: '/', variables: { PATH: '/usr/bin:/bin' }, takesInput: false, clock: systemClock, owner });
     setInterval(() => {}, 1000);`,
    );
    const gateways = [own, others].map((name) => spawn(process.execPath, [program, name, name], { stdio: 'inherit' }));
    while (!existsSync(`${own}.started`) || !existsSync(`${others}.started`)) await new Promise((resolve) => setTimeout(resolve, 20));
    for (const gateway of gateways) {
      gateway.kill('SIGKILL');
      await once(gateway, 'exit');
    }
    assert.equal(livingWith(`${own}\0`).length, 1, 'it has outlived its gateway');
    const { ended, left } = await endLeftBehind(own, systemClock);
    assert.ok(ended >= 2, `${ended} ended`);
    assert.equal(left, 0);
    assert.deepEqual(livingWith(own), []);
    assert.equal(livingWith(`${others}\0`).length, 1);
    await endLeftBehind(others, systemClock);
    assert.deepEqual(livingWith(others), []);
    const groups = (await Promise.all((await ownGroups()).map((directory) => readdir(directory)))).flat();
    assert.deepEqual(
      groups.filter((name) => [own, others].some((owner) => name.includes(ownerDigest(owner)))),
      [],
    );
  },
);
