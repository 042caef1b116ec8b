import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { localTarget } from './control.fixture.ts';
import { dashboardUrl, registerDashboardCommand } from './dashboard.ts';
import type { GatewayTarget } from '../gateway-target.ts';

async function run(words: readonly string[], changes: Partial<GatewayTarget> = {}, hasBrowser = true) {
  let stdout = '';
  let stderr = '';
  const opened: string[] = [];
  const program = new Command('openclaw').exitOverride();
  registerDashboardCommand(program, {
    io: { stdout: { write: (text) => (stdout += text) }, stderr: { write: (text) => (stderr += text) }, env: {} },
    findTarget: () => Promise.resolve({ ...localTarget, ...changes }),
    openBrowser: (url) => Promise.resolve(hasBrowser && opened.push(url) > 0),
  });
  await program.parseAsync(['dashboard', ...words], { from: 'user' });
  return { stdout, stderr, opened };
}

test('the token stands in the fragment, which no server is sent, and nowhere else', async () => {
  const { stdout, opened } = await run([], { auth: { token: 'a+b/c=&#?' } });
  const url = new URL(stdout.trim());
  assert.deepEqual([url.origin, url.pathname, url.search], ['http://127.0.0.1:18789', '/', '']);
  assert.equal(decodeURIComponent(url.hash), '#token=a+b/c=&#?');
  assert.equal(new URLSearchParams(url.hash.slice(1)).get('token'), 'a+b/c=&#?');
  assert.deepEqual(opened, [url.href]);
});

test('--no-open opens nothing; where there is no browser it says so', async () => {
  assert.deepEqual((await run(['--no-open'])).opened, []);
  assert.match((await run([], {}, false)).stderr, /No browser could be opened/);
});

test('a password never stands in an address', () => {
  assert.equal(dashboardUrl({ url: 'wss://gateway.example/base', auth: { password: 'word' } }), 'https://gateway.example/base');
});

test('an address beyond this machine without encryption is warned of', async () => {
  assert.match((await run(['--no-open'], { url: 'ws://192.168.7.7:18789', isLoopback: false })).stderr, /not encrypted/);
  assert.doesNotMatch((await run(['--no-open'], { url: 'wss://gateway.example', isLoopback: false })).stderr, /not encrypted/);
});
