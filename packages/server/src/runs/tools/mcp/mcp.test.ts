import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../../core/clock.ts';
import { createLog } from '../../../core/log.ts';
import { outputLimitCharacters, type Tool } from '../contract.ts';
import { createWorkspace, perform, type CallOptions } from '../tool.fixture.ts';
import { createMcpServers, type McpServers } from './servers.ts';
import type { McpServerSettings } from './settings.ts';

const lines: string[] = [];
const log = createLog({ destinations: [{ write: (line) => void lines.push(line) }], clock: systemClock, format: 'json' });
const require = createRequire(import.meta.url);
/** The program of a package, as `npx` would start it. */
const programOf = (name: string): string => join(dirname(require.resolve(`${name}/package.json`)), 'dist/index.js');
const filesystem = programOf('@modelcontextprotocol/server-filesystem');
const everything = programOf('@modelcontextprotocol/server-everything');
const wild = fileURLToPath(new URL('./wild-server.fixture.ts', import.meta.url));

interface Connected extends AsyncDisposable {
  readonly servers: McpServers;
  tool(name: string): Promise<Tool>;
  call(name: string, args: CallOptions['args'], more?: Partial<CallOptions>): ReturnType<typeof perform>;
}

async function connected(...settings: readonly McpServerSettings[]): Promise<Connected> {
  const servers = createMcpServers({ clock: systemClock, log, variables: { PATH: process.env['PATH'] ?? '' }, directory: '/' });
  await servers.configure(settings);
  const tool = async (name: string): Promise<Tool> => {
    const found = (await servers.tools()).find((each) => each.name === name);
    assert.ok(found, `${name}: ${JSON.stringify(servers.states())}`);
    return found;
  };
  return {
    servers,
    tool,
    call: async (name, args, more = {}) => perform(await tool(name), { workspace: '/', args, ...more }),
    [Symbol.asyncDispose]: () => servers.close(),
  };
}

const stdio = (name: string, ...args: readonly string[]): McpServerSettings => ({ name, command: process.execPath, args });

/** Until it is so; the test's own time limit ends what never comes. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('the file server of npm: names, effects by its annotations, calls, its own confinement', { timeout: 60_000 }, async () => {
  using workspace = createWorkspace();
  writeFileSync(join(workspace.path, 'a.txt'), 'hello');
  await using files = await connected(stdio('files', filesystem, workspace.path));
  assert.equal((await files.tool('files__read_text_file')).effect, 'read');
  assert.equal((await files.tool('files__write_file')).effect, 'idempotent');
  assert.equal((await files.tool('files__edit_file')).effect, 'once');
  assert.deepEqual(await files.call('files__read_text_file', { path: join(workspace.path, 'a.txt') }), { isError: false, text: 'hello' });
  assert.equal((await files.call('files__write_file', { path: join(workspace.path, 'b'), content: 'new' })).isError, false);
  assert.equal(readFileSync(join(workspace.path, 'b'), 'utf8'), 'new');
  assert.equal((await files.call('files__read_text_file', { path: '/etc/passwd' })).isError, true);
  assert.match((await files.call('files__read_text_file', { file: 'x' })).text, /`path` is required/);
});

test('the reference server of npm over stdio: kinds of content, progress, abort', { timeout: 60_000 }, async () => {
  await using all = await connected(stdio('all', everything, 'stdio'));
  assert.match((await all.call('all__echo', { message: 'hi' })).text, /hi/);
  assert.match((await all.call('all__get-tiny-image', {})).text, /\[image, image\/png, \d+ bytes\]/);
  const progress: string[] = [];
  const long = await all.call(
    'all__trigger-long-running-operation',
    { duration: 1, steps: 2 },
    { onOutput: (text) => progress.push(text) },
  );
  assert.equal(long.isError, false);
  const stop = new AbortController();
  const stopped = all.call('all__trigger-long-running-operation', { duration: 60, steps: 60 }, { signal: stop.signal });
  setTimeout(() => stop.abort(), 100);
  assert.match((await stopped).text, /stopped/);
  assert.equal((await all.call('all__echo', { message: 'still there' })).isError, false);
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('the reference server of npm over HTTP, also after it was started anew', { timeout: 60_000 }, async () => {
  const port = await freePort();
  const start = async (): Promise<ChildProcess> => {
    const child = spawn(process.execPath, [everything, 'streamableHttp'], { env: { PORT: String(port) }, stdio: 'ignore' });
    await until(() =>
      fetch(`http://127.0.0.1:${port}/mcp`).then(
        () => true,
        () => false,
      ),
    );
    return child;
  };
  let server = await start();
  try {
    await using web = await connected({ name: 'web', url: `http://127.0.0.1:${port}/mcp`, headers: { 'x-key': 'k' } });
    assert.match((await web.call('web__echo', { message: 'hi' })).text, /hi/);
    server.kill('SIGKILL');
    await new Promise((resolve) => server.once('exit', resolve));
    const gone = await web.call('web__echo', { message: 'hi' });
    assert.equal(gone.isError, true);
    server = await start();
    await until(async () => !(await web.call('web__echo', { message: 'back' })).isError);
  } finally {
    server.kill('SIGKILL');
  }
});

test('a server that dies costs only the call under way, whose outcome is unknown, and is started again', { timeout: 60_000 }, async () => {
  await using both = await connected(stdio('wild', wild), stdio('other', wild));
  const first = (await both.call('wild__good', {})).text;
  const other = (await both.call('other__good', {})).text;
  const died = await both.call('wild__die', {});
  assert.deepEqual([died.isError, died.isOutcomeUnknown], [true, true]);
  await until(() => both.servers.states()[0]?.state !== 'ready');
  const down = await both.call('wild__good', {});
  assert.match(down.text, /wild is not there.*tried again by itself; the tool was not called/);
  assert.equal(down.isOutcomeUnknown, undefined);
  assert.equal((await both.call('other__good', {})).text, other);
  await until(() => both.servers.states()[0]?.state === 'ready');
  assert.notEqual((await both.call('wild__good', {})).text, first);
});

test('a call that hangs ends with its time or its signal, and others of the same server go on', { timeout: 60_000 }, async () => {
  await using hanging = await connected({ ...stdio('wild', wild), timeoutMs: 300, effects: { hang: 'read' } });
  const [slow, good] = await Promise.all([hanging.call('wild__hang', {}), hanging.call('wild__good', {})]);
  assert.match(slow.text, /timed out/);
  assert.equal(slow.isOutcomeUnknown, undefined, 'it was declared to change nothing');
  assert.equal(good.isError, false);
});

test('a server that floods is ended, and its output is bounded', { timeout: 60_000 }, async () => {
  await using flooding = await connected(stdio('wild', wild));
  const long = await flooding.call('wild__long', {});
  assert.ok(long.text.length <= outputLimitCharacters);
  assert.match(long.text, /characters are left out here/);
  const before = process.memoryUsage.rss();
  for (const name of ['wild__flood', 'wild__huge']) {
    assert.equal((await flooding.call(name, {})).isError, true);
    await until(() => flooding.servers.states()[0]?.state === 'ready');
  }
  assert.ok(process.memoryUsage.rss() - before < 300 * 1024 ** 2);
});

test('a server that lies about schemas loses those tools, and says nonsense for itself alone', { timeout: 60_000 }, async () => {
  await using lying = await connected(stdio('liar', wild, 'liar'), stdio('wild', wild), stdio('endless', wild, 'endless'));
  const names = (await lying.servers.tools()).map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => name.startsWith('liar')),
    ['liar__recursive', 'liar__good'],
  );
  assert.match((await lying.call('liar__recursive', {})).text, /too intricate/);
  assert.match((await lying.call('wild__nonsense', {})).text, /answered with nothing/);
  assert.ok(names.includes('endless__good'));
});

test('a list that changes is followed', { timeout: 60_000 }, async () => {
  await using changing = await connected(stdio('wild', wild, 'changing'));
  await changing.call('wild__good', {});
  await until(async () => (await changing.servers.tools()).some(({ name }) => name === 'wild__added'));
});

test('what a server says on its error output is written down, a little of it', { timeout: 60_000 }, async () => {
  lines.length = 0;
  await using noisy = await connected(stdio('noisy', wild, 'stderr'));
  await noisy.call('noisy__good', {});
  const said = lines.filter((line) => line.includes('an MCP server says'));
  assert.ok(said.length > 0 && said.length <= 31, String(said.length));
  assert.match(said[0] ?? '', /"mcpServer":"noisy".*"text":"line 0"/);
});

test('a server that cannot be started is said to be so, and holds nobody up', { timeout: 60_000 }, async () => {
  await using missing = await connected({ name: 'gone', command: '/no/such/program' }, { name: 'neither' }, stdio('wild', wild));
  assert.deepEqual(
    (await missing.servers.tools()).some(({ name }) => name === 'wild__good'),
    true,
  );
  assert.deepEqual(
    missing.servers.states().map(({ state }) => state),
    ['down', 'down', 'ready'],
  );
});

test('with new settings only the servers that they are about are started and ended', { timeout: 60_000 }, async () => {
  await using changing = await connected(stdio('one', wild), stdio('two', wild));
  const pidOf = async (name: string) => Number((await changing.call(`${name}__good`, {})).text.slice(4));
  const [one, two] = [await pidOf('one'), await pidOf('two')];
  await changing.servers.configure([stdio('one', wild), stdio('three', wild)]);
  assert.equal(await pidOf('one'), one);
  assert.ok(!isAlive(two));
  const three = await pidOf('three');
  await changing.servers.close();
  assert.ok(!isAlive(one) && !isAlive(three));
});
