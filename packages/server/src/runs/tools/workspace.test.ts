import assert from 'node:assert/strict';
import { chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { createFileTools } from './files/index.ts';
import { createWorkspace, perform } from './tool.fixture.ts';
import { commandUser, makeWorkspace } from './workspace.ts';

const isRoot = process.getuid?.() === 0;

test(
  'commands in a container have the user of the gateway, and are able to work in what it makes',
  { skip: isRoot && 'not as root' },
  async () => {
    using place = createWorkspace();
    const workspace = await makeWorkspace(join(place.path, 'made'));
    assert.equal(commandUser(workspace)?.uid, process.getuid?.());
    assert.equal(statSync(workspace).mode & 0o777, 0o700);
  },
);

describe('where the gateway is root’s', { skip: !isRoot && 'only root can' }, () => {
  test('a workspace that it makes is not, one that is there stays whose it is, and commands have its user', async () => {
    using place = createWorkspace();
    const made = await makeWorkspace(join(place.path, 'deep/made'));
    assert.deepEqual(commandUser(made), { uid: 65_534, gid: 65_534 });
    assert.equal(statSync(join(place.path, 'deep')).uid, 0, 'only the workspace itself');
    chownSync(made, 1234, 1235);
    await makeWorkspace(made);
    assert.deepEqual(commandUser(made), { uid: 1234, gid: 1235 });
    chownSync(made, 0, 0);
    assert.throws(() => commandUser(made), /not run as root/);
  });

  test('what its tools write belongs to whoever has the directory, and a file that is replaced stays whose it was', async () => {
    using workspace = createWorkspace();
    const [write] = createFileTools(systemClock).filter(({ name }) => name === 'write');
    assert.ok(write);
    const put = (path: string) => perform(write, { workspace: workspace.path, args: { path, content: 'x' } });
    const ownerOf = (path: string): number => statSync(join(workspace.path, path)).uid;
    await put('new/notes/today.md');
    assert.deepEqual(['new', 'new/notes', 'new/notes/today.md'].map(ownerOf), [65_534, 65_534, 65_534]);
    mkdirSync(join(workspace.path, 'theirs'));
    writeFileSync(join(workspace.path, 'theirs/old.md'), 'old');
    chownSync(join(workspace.path, 'theirs'), 1234, 1234);
    chownSync(join(workspace.path, 'theirs/old.md'), 4321, 4321);
    await put('theirs/old.md');
    await put('theirs/new.md');
    assert.deepEqual(['theirs/old.md', 'theirs/new.md'].map(ownerOf), [4321, 1234]);
  });
});
