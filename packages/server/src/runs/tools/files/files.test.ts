import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../../core/clock.ts';
import type { JsonObject } from '../../../core/json.ts';
import type { Tool } from '../contract.ts';
import { createWorkspace, perform, type Workspace } from '../tool.fixture.ts';
import { createFileTools } from './index.ts';
import { createSearchTool } from './search.ts';
import { textFileLimitBytes } from './text-file.ts';

const tools = createFileTools(systemClock);

function toolNamed(name: string): Tool {
  const found = tools.find((tool) => tool.name === name);
  assert.ok(found, name);
  return found;
}

const call = (workspace: Workspace, name: string, args: JsonObject) => perform(toolNamed(name), { workspace: workspace.path, args });

/** What the tool says when all is well. */
async function textOf(workspace: Workspace, name: string, args: JsonObject): Promise<string> {
  const { isError, text } = await call(workspace, name, args);
  assert.equal(isError, false, text);
  return text;
}

async function faultOf(workspace: Workspace, name: string, args: JsonObject): Promise<string> {
  const { isError, text } = await call(workspace, name, args);
  assert.equal(isError, true, text);
  return text;
}

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

test('no path leads out of the workspace, for any tool', async () => {
  using workspace = createWorkspace();
  using outside = createWorkspace();
  writeFileSync(join(outside.path, 'secret'), 'secret');
  symlinkSync(outside.path, join(workspace.path, 'link'));
  symlinkSync(join(outside.path, 'secret'), join(workspace.path, 'file-link'));
  const paths = [
    '../x',
    'a/../../x',
    join(outside.path, 'secret'),
    '/etc/passwd',
    `${workspace.path}x/y`,
    'link/secret',
    'file-link',
    'a\0b',
  ];
  for (const path of paths) {
    await faultOf(workspace, 'read', { path });
    await faultOf(workspace, 'list', { path });
    await faultOf(workspace, 'search', { pattern: 's', path });
    await faultOf(workspace, 'write', { path, content: 'changed' });
    await faultOf(workspace, 'edit', { path, oldText: 'secret', newText: 'changed' });
  }
  assert.equal(readFileSync(join(outside.path, 'secret'), 'utf8'), 'secret');
  assert.deepEqual(readdirSync(outside.path), ['secret']);
  assert.match(await faultOf(workspace, 'read', { path: 'file-link' }), /file-link is a symbolic link/);
  assert.match(await textOf(workspace, 'search', { pattern: 'secret' }), /No line matches/);
});

test('an absolute path inside of the workspace is a path of the workspace', async () => {
  using workspace = createWorkspace();
  await textOf(workspace, 'write', { path: join(workspace.path, 'a/b.txt'), content: 'x' });
  assert.equal(await textOf(workspace, 'read', { path: './a//b.txt' }), 'x');
});

test(
  'a directory that is exchanged for a link while a call is under way leads nowhere',
  { skip: process.platform !== 'linux' },
  async () => {
    using workspace = createWorkspace();
    using outside = createWorkspace();
    const [real, link, place] = ['real', 'link', 'place'].map((name) => join(workspace.path, name)) as [string, string, string];
    mkdirSync(real);
    writeFileSync(join(real, 'file'), 'inside');
    writeFileSync(join(outside.path, 'file'), 'outside');
    symlinkSync(outside.path, link);
    let isOver = false;
    const exchanging = (async () => {
      while (!isOver) {
        for (const target of [real, link]) {
          renameSync(target, place);
          await new Promise(setImmediate);
          renameSync(place, target);
        }
      }
    })();
    const seen = new Set<string>();
    for (let round = 0; round < 300; round += 1) {
      const { isError, text } = await call(workspace, 'read', { path: 'place/file' });
      seen.add(isError ? 'refused' : text);
      await call(workspace, 'edit', { path: 'place/file', oldText: 'outside', newText: 'changed' });
    }
    isOver = true;
    await exchanging;
    assert.ok(seen.has('refused'), [...seen].join());
    assert.ok(!seen.has('outside'));
    assert.deepEqual(readdirSync(outside.path), ['file']);
  },
);

test('read gives the lines that are asked for, and says how to go on', async () => {
  using workspace = createWorkspace();
  const lines = Array.from({ length: 5000 }, (_, index) => `line ${index + 1}`);
  writeFileSync(join(workspace.path, 'long'), lines.join('\n'));
  assert.equal(await textOf(workspace, 'read', { path: 'long', from: 4999 }), 'line 4999\nline 5000');
  assert.equal(
    await textOf(workspace, 'read', { path: 'long', from: 2, lines: 2 }),
    'line 2\nline 3\n[lines 2 to 3 of long; there is more: go on with from: 4]',
  );
  assert.match(
    await textOf(workspace, 'read', { path: 'long' }),
    /^line 1\n[^]*line 2000\n\[lines 1 to 2000 of long; there is more: go on with from: 2001\]$/,
  );
  assert.equal(await textOf(workspace, 'read', { path: 'long', from: 9000 }), 'long has only 5000 lines.');
  writeFileSync(join(workspace.path, 'empty'), '');
  assert.equal(await textOf(workspace, 'read', { path: 'empty' }), 'empty is empty.');
});

test('read shows no more than its bound of a file of any size, and of one endless line', async () => {
  using workspace = createWorkspace();
  writeFileSync(join(workspace.path, 'wide'), `${'x'.repeat(20_000_000)}\nend`);
  const text = await textOf(workspace, 'read', { path: 'wide' });
  assert.ok(text.length < 5000);
  assert.match(text, /x\[… the line goes on\]\nend$/);
  writeFileSync(join(workspace.path, 'many'), `${'y'.repeat(3999)}\n`.repeat(1000));
  assert.match(await textOf(workspace, 'read', { path: 'many' }), /\[lines 1 to 16 of many; there is more: go on with from: 17\]$/);
});

test('a character that lies across two pieces of a file is read whole', async () => {
  using workspace = createWorkspace();
  writeFileSync(join(workspace.path, 'text'), `${'a\n'.repeat(32 * 1024 - 1)}a😀`);
  assert.equal(await textOf(workspace, 'read', { path: 'text', from: 32 * 1024 }), 'a😀');
});

test('binary files, pipes and devices are said to be so, and nobody waits for them', async () => {
  using workspace = createWorkspace();
  writeFileSync(join(workspace.path, 'image'), Buffer.from([1, 2, 0, 3]));
  execFileSync('mkfifo', [join(workspace.path, 'pipe')]);
  assert.equal(await textOf(workspace, 'read', { path: 'image' }), 'image is a binary file of 4 bytes.');
  assert.match(await faultOf(workspace, 'edit', { path: 'image', oldText: 'a', newText: 'b' }), /binary file/);
  assert.match(await faultOf(workspace, 'read', { path: 'pipe' }), /not an ordinary file/);
  assert.match(await faultOf(workspace, 'write', { path: 'pipe', content: 'x' }), /not an ordinary file/);
  assert.match(await faultOf(workspace, 'read', { path: 'missing' }), /missing does not exist/);
  assert.match(await faultOf(workspace, 'read', { path: '.' }), /is a directory/);
  assert.match(await textOf(workspace, 'search', { pattern: 'a' }), /1 file was not searched: binary/);
});

test('list shows what is there, links as links, in a bound', async () => {
  using workspace = createWorkspace();
  mkdirSync(join(workspace.path, 'b/deep'), { recursive: true });
  writeFileSync(join(workspace.path, 'a.txt'), 'four');
  writeFileSync(join(workspace.path, 'b/deep/file'), '');
  symlinkSync('/etc', join(workspace.path, 'etc'));
  assert.equal(await textOf(workspace, 'list', {}), 'a.txt (4 bytes)\nb/\netc (a symbolic link)');
  assert.equal(await textOf(workspace, 'list', { path: 'b', depth: 2 }), 'deep/\n  file (0 bytes)');
  for (let index = 0; index < 1100; index += 1) writeFileSync(join(workspace.path, 'b/deep', String(index)), '');
  assert.match(await textOf(workspace, 'list', { path: 'b/deep' }), /\[only the first 1000 entries are shown/);
});

test('write replaces a file whole, keeps its mode, and leaves nothing else behind', async () => {
  using workspace = createWorkspace();
  const file = join(workspace.path, 'run.sh');
  assert.equal(await textOf(workspace, 'write', { path: 'run.sh', content: 'one' }), 'run.sh was made: 3 bytes.');
  chmodSync(file, 0o750);
  assert.equal(await textOf(workspace, 'write', { path: 'run.sh', content: 'second' }), 'run.sh was replaced: 6 bytes.');
  assert.equal(readFileSync(file, 'utf8'), 'second');
  assert.equal(statSync(file).mode & 0o777, 0o750);
  assert.deepEqual(readdirSync(workspace.path), ['run.sh']);
  assert.match(await faultOf(workspace, 'write', { path: 'run.sh', content: 'x'.repeat(textFileLimitBytes + 1) }), /at most/);
  assert.match(await faultOf(workspace, 'write', { path: 'run.sh/x', content: '' }), /not a directory/);
});

test('search gives path, line and text, in the files that are meant', async () => {
  using workspace = createWorkspace();
  mkdirSync(join(workspace.path, 'src'));
  mkdirSync(join(workspace.path, 'node_modules'));
  writeFileSync(join(workspace.path, 'src/a.ts'), 'one\nTwo two\nthree');
  writeFileSync(join(workspace.path, 'src/a.md'), 'two');
  writeFileSync(join(workspace.path, 'node_modules/b.ts'), 'two');
  assert.equal(await textOf(workspace, 'search', { pattern: 'tw[o]', files: '*.ts' }), 'src/a.ts:2: Two two');
  assert.equal(await textOf(workspace, 'search', { pattern: '^TWO', ignoreCase: true }), 'src/a.md:1: two\nsrc/a.ts:2: Two two');
  assert.equal(await textOf(workspace, 'search', { pattern: 'two', path: 'node_modules' }), 'node_modules/b.ts:1: two');
  assert.equal(await textOf(workspace, 'search', { pattern: 'three', path: 'src/a.ts' }), 'src/a.ts:3: three');
  assert.match(await faultOf(workspace, 'search', { pattern: '(' }), /Invalid regular expression/);
  assert.match(await faultOf(workspace, 'search', { pattern: 'x', path: 'none' }), /none does not exist/);
});

test('a pattern that backtracks without end is stopped in time, holds nothing up, and what was found before is told', async () => {
  using workspace = createWorkspace();
  writeFileSync(join(workspace.path, 'a'), 'aaa');
  writeFileSync(join(workspace.path, 'b'), `${'a'.repeat(60)}!`);
  const tool = createSearchTool(systemClock, { timeLimitMs: 700 });
  const descriptors = openDescriptors();
  let turns = 0;
  const turning = setInterval(() => (turns += 1), 10);
  const { isError, text } = await perform(tool, { workspace: workspace.path, args: { pattern: '^(a+)+$' } });
  clearInterval(turning);
  assert.equal(isError, false);
  assert.match(text, /^a:1: aaa\n\[The search was ended after 0.7 s and is not complete/);
  assert.ok(turns > 10, `the event loop turned ${turns} times`);
  assert.ok(openDescriptors() <= descriptors + 1, 'the thread has left files open');
});

test('a search ends with its signal', async () => {
  using workspace = createWorkspace();
  writeFileSync(join(workspace.path, 'b'), `${'a'.repeat(60)}!`);
  const stop = new AbortController();
  const searching = perform(toolNamed('search'), { workspace: workspace.path, args: { pattern: '^(a+)+$' }, signal: stop.signal });
  setTimeout(() => stop.abort(), 100);
  const { isError, text } = await searching;
  assert.equal(isError, true);
  assert.match(text, /stopped/);
});
