import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../../core/clock.ts';
import { createWorkspace } from '../tool.fixture.ts';
import { createControlGroup, ownGroups } from './control-group.ts';
import { endLeftBehind } from './left-behind.ts';
import { ownerDigest } from './mark.ts';

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

const limits = { name: 'test', processLimit: 5, memoryLimitBytes: 1024, clock: systemClock };

test('a control group lies below the one of this process, in version 2 or in that of the `pids` controller', async () => {
  using workspace = createWorkspace();
  const mounts = [
    `31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw`,
    `39 31 0:36 / ${workspace.path}/pids rw,relatime - cgroup cgroup rw,pids`,
    `41 31 0:38 / ${workspace.path}/unified rw,relatime - cgroup2 cgroup2 rw`,
  ].join('\n');
  const membersIn = async (groups: string) => (await createControlGroup({ ...limits, told: { mounts, groups } }))?.memberFiles;
  assert.equal(await membersIn('0::/system.slice/openclaw.service\n'), undefined, 'it may not make one there');
  // A directory may be made here, as in a tree that was handed down.
  mkdirSync(join(workspace.path, 'unified/system.slice'), { recursive: true });
  mkdirSync(join(workspace.path, 'pids'), { recursive: true });
  assert.deepEqual(await membersIn('0::/system.slice\n'), [`${workspace.path}/unified/system.slice/openclaw-test/cgroup.procs`]);
  assert.deepEqual(await membersIn('8:pids:/\n1:name=systemd:/x\n'), [`${workspace.path}/pids/openclaw-test/cgroup.procs`]);
  assert.equal(await membersIn('0::/../outside\n'), undefined);
  assert.equal(await membersIn(''), undefined);
});
