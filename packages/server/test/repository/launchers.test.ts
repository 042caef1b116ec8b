/** `./openclaw`, `./clw` and `npx openclaw` start from anywhere, whatever Node is on the PATH, and end as the program ends. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { version } from '../../src/version.ts';
import { root, runCommand } from './working-copy.ts';

function createFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'openclaw-launch-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What a bare system has, with a `node` on it that must not be used, or with none. */
const barePath = '/usr/bin:/bin';

function writeProgram(file: string, text: string): void {
  writeFileSync(file, text);
  chmodSync(file, 0o755);
}

/** A clone without `npm ci`: the launcher and nothing else. */
function createBareClone(t: TestContext): string {
  const clone = createFolder(t);
  copyFileSync(join(root, 'openclaw'), join(clone, 'openclaw'));
  return clone;
}

for (const name of ['openclaw', 'clw']) {
  test(`./${name} starts from another directory, through links, past an old Node on the PATH`, (t) => {
    const folder = createFolder(t);
    writeProgram(join(folder, 'node'), '#!/bin/sh\necho v18.0.0\nexit 3\n');
    mkdirSync(join(folder, 'links'));
    symlinkSync(join(root, name), join(folder, 'first'));
    symlinkSync('../first', join(folder, 'links/second'));

    for (const program of [join(root, name), join(folder, 'first'), join(folder, 'links/second')]) {
      const { code, stdout } = runCommand([program, '--version'], { cwd: folder, env: { PATH: `${folder}:${barePath}` } });
      assert.deepEqual({ code, stdout }, { code: 0, stdout: `${version}\n` });
    }
  });
}

test('both launchers are the same but for the name', () => {
  const read = (name: string): string => readFileSync(join(root, name), 'utf8').replaceAll(name, 'NAME');
  assert.equal(read('openclaw'), read('clw'));
});

test('without an installation one line says what to do', (t) => {
  const clone = createBareClone(t);
  const { code, output } = runCommand([join(clone, 'openclaw'), '--version'], { cwd: clone, env: { PATH: barePath } });
  assert.equal(code, 1);
  assert.equal(output, `openclaw: not installed yet: run 'npm ci' in ${clone}\n`);
});

test('where the installation brought no Node, one on the PATH is taken if it is new enough', (t) => {
  const clone = createBareClone(t);
  mkdirSync(join(clone, 'node_modules'));
  const withNode = (major: number): string => {
    const folder = join(clone, `node-${major}`);
    mkdirSync(folder);
    writeProgram(join(folder, 'node'), `#!/bin/sh\nif [ "$1" = --version ]; then echo v${major}.1.0; else echo "started $*"; fi\n`);
    return `${folder}:${barePath}`;
  };
  const start = (path: string) => runCommand([join(clone, 'openclaw'), 'a b', 'c'], { cwd: clone, env: { PATH: path } });

  assert.equal(start(withNode(26)).output, `started --max-semi-space-size=8 ${clone}/packages/server/bin/openclaw.js a b c\n`);
  assert.equal(start(withNode(24)).code, 0);
  assert.match(start(withNode(22)).output, /run 'npm ci'/);
  assert.match(start(withNode(9)).output, /run 'npm ci'/);
});

test('in a control group of less than 512 MiB the heap gets half of it, and elsewhere what the engine chooses', (t) => {
  const clone = createBareClone(t);
  mkdirSync(join(clone, 'node_modules'));
  writeProgram(join(clone, 'node'), '#!/bin/sh\nif [ "$1" = --version ]; then echo v24.1.0; else echo "$*"; fi\n');
  const group = `/sys/fs/cgroup/memory/openclaw-launch-${process.pid}`;
  try {
    mkdirSync(group);
  } catch {
    t.skip('no control group of version 1 can be made here');
    return;
  }
  const flagsIn = (limit: string): string => {
    writeFileSync(join(group, 'memory.limit_in_bytes'), limit);
    const command = ['sh', '-c', `echo $$ > ${group}/cgroup.procs; exec "$0"`, join(clone, 'openclaw')];
    return runCommand(command, { cwd: clone, env: { PATH: `${clone}:${barePath}` } }).output.replace(/ \S+\.js\n$/, '');
  };
  try {
    assert.equal(flagsIn('200M'), '--max-semi-space-size=8 --max-old-space-size=100');
    assert.equal(flagsIn('511M'), '--max-semi-space-size=8 --max-old-space-size=255');
    for (const enough of ['512M', '64G', '-1']) assert.equal(flagsIn(enough), '--max-semi-space-size=8');
  } finally {
    rmdirSync(group);
  }
});

test('the compile cache goes to the cache directory, and a directory that cannot be written is no failure', (t) => {
  const folder = createFolder(t);
  const run = (env: Readonly<Record<string, string>>): number | null =>
    runCommand([join(root, 'clw'), '--version'], { cwd: folder, env: { NODE_COMPILE_CACHE: '', ...env } }).code;

  assert.equal(run({ XDG_CACHE_HOME: join(folder, 'xdg') }), 0);
  assert.ok(existsSync(join(folder, 'xdg/openclaw')));
  mkdirSync(join(folder, 'home'));
  assert.equal(run({ XDG_CACHE_HOME: 'relative', HOME: join(folder, 'home') }), 0);
  assert.ok(existsSync(join(folder, 'home/.cache/openclaw')));
  assert.equal(run({ XDG_CACHE_HOME: '/proc/no-such-place' }), 0);
  assert.equal(run({ XDG_CACHE_HOME: '/dev/null' }), 0);
  assert.equal(run({ XDG_CACHE_HOME: '', HOME: '' }), 0);
});

/** Makes this Node look old to the launcher, which is what an old one is to it. */
const pretendOldNode = ['--import', "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.0.0'})"];

test('an older Node hands over to the one that the clone brings, with its words and its exit code', (t) => {
  const script = join(root, 'packages/server/bin/clw.js');
  const start = (...argv: string[]) => runCommand([process.execPath, ...pretendOldNode, script, ...argv], { cwd: createFolder(t) });

  assert.deepEqual(start('--version'), { code: 0, stdout: `${version}\n`, output: `${version}\n` });
  assert.equal(start('test', '-f', 'x').code, 69);
});

test('an older Node with no other in reach says in one line what is needed', (t) => {
  const folder = createFolder(t);
  for (const file of ['openclaw.js', 'launch.js']) copyFileSync(join(root, 'packages/server/bin', file), join(folder, file));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const { code, output } = runCommand([process.execPath, ...pretendOldNode, join(folder, 'openclaw.js')], { cwd: folder });
  assert.equal(code, 1);
  assert.match(output, /^openclaw: Node 24 or newer is needed, this is v\S+ \(.+\)\n$/);
});

test('a signal to an older Node reaches the program, and its end is passed back', async (t) => {
  const folder = createFolder(t);
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  for (const file of ['openclaw.js', 'launch.js']) copyFileSync(join(root, 'packages/server/bin', file), join(folder, file));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const start = async (program: string): Promise<{ code: number | null; signal: NodeJS.Signals | null }> => {
    writeProgram(join(folder, 'node_modules/.bin/node'), program);
    const child = spawn(process.execPath, [...pretendOldNode, join(folder, 'openclaw.js')], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    const [code, signal] = await ended;
    return { code, signal };
  };
  const wait = 'echo ready; for i in 1 2 3 4 5 6 7 8 9; do sleep 1; done';

  assert.deepEqual(await start(`#!/bin/sh\ntrap 'exit 7' TERM\n${wait}\n`), { code: 7, signal: null });
  assert.deepEqual(await start(`#!/bin/sh\n${wait}\n`), { code: null, signal: 'SIGTERM' });
});
