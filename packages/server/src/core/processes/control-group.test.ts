import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock } from '../clock.ts';
import { createControlGroup } from './control-group.ts';

const limits = { name: 'test', processLimit: 5, memoryLimitBytes: 1024, clock: systemClock };

test('a control group lies below the one of this process, in version 2 or in that of the `pids` controller', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-groups-'));
  after(() => rmSync(directory, { recursive: true, force: true }));
  const mounts = [
    `31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw`,
    `39 31 0:36 / ${directory}/pids rw,relatime - cgroup cgroup rw,pids`,
    `41 31 0:38 / ${directory}/unified rw,relatime - cgroup2 cgroup2 rw`,
  ].join('\n');
  const membersIn = async (groups: string) => (await createControlGroup({ ...limits, told: { mounts, groups } }))?.memberFiles;
  assert.equal(await membersIn('0::/system.slice/openclaw.service\n'), undefined, 'it may not make one there');
  // A directory may be made here, as in a tree that was handed down.
  mkdirSync(join(directory, 'unified/system.slice'), { recursive: true });
  mkdirSync(join(directory, 'pids'), { recursive: true });
  assert.deepEqual(await membersIn('0::/system.slice\n'), [`${directory}/unified/system.slice/openclaw-test/cgroup.procs`]);
  assert.deepEqual(await membersIn('8:pids:/\n1:name=systemd:/x\n'), [`${directory}/pids/openclaw-test/cgroup.procs`]);
  assert.equal(await membersIn('0::/../outside\n'), undefined);
  assert.equal(await membersIn(''), undefined);
});

test('of a process that was put into a leaf for it, groups lie beside the leaf, and may use what was handed down', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-groups-'));
  after(() => rmSync(directory, { recursive: true, force: true }));
  const service = join(directory, 'system.slice/openclaw.service');
  mkdirSync(join(service, 'openclaw-gateway'), { recursive: true });
  writeFileSync(join(service, 'cgroup.subtree_control'), '');
  const mounts = `41 31 0:38 / ${directory} rw,relatime - cgroup2 cgroup2 rw`;
  const told = { mounts, groups: '0::/system.slice/openclaw.service/openclaw-gateway\n' };
  const group = await createControlGroup({ ...limits, told });
  assert.equal(group?.directories.unified, join(service, 'openclaw-test'));
  // A file of the kernel takes one after the other; this one keeps the last.
  assert.equal(readFileSync(join(service, 'cgroup.subtree_control'), 'utf8'), '+pids');
});
