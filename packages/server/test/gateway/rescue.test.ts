/** What a bad configuration and a refused start do to the program: it goes on, or waits, and says why; it is never started for ever. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { startProgram, type Program } from '../harness/program.ts';

async function homeWith(config: string): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'openclaw-rescue-'));
  await mkdir(join(home, '.openclaw'));
  await writeFile(join(home, '.openclaw/openclaw.json'), config);
  return home;
}

const statusOf = async (url: string, token?: string): Promise<number> =>
  (await fetch(url, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })).status;

/** Asks until the answer is this one: what is awaited comes from the program's own watch. */
async function until(url: string, status: number, token?: string): Promise<void> {
  while ((await statusOf(url, token)) !== status);
}

const mistakes: readonly (readonly [string, RegExp])[] = [
  ['{ gateway: { prot: 1 } }', /openclaw\.json:1:14: .*gateway\.prot[\s\S]*port/],
  ["{\n  gateway: {\n    drainTimeoutMs: 'soon',\n  },\n}", /openclaw\.json:3:21/],
  ["{ gateway: { auth: { token: '${NO_SUCH_VARIABLE}' } } }", /NO_SUCH_VARIABLE/],
  ['{ gateway: ', /openclaw\.json:1:/],
  ["{ models: { providers: { mine: { apiKey: 'k' } } } }", /models\.providers\.mine[\s\S]*baseUrl/],
  ["{ $include: 'missing.json5' }", /missing\.json5/],
  ["{ gateway: { auth: { token: { $secret: { file: '/none/such' } } } } }", /none\/such/],
];

describe('a configuration that was never good starts rescue mode, not a restart loop', () => {
  for (const [config, words] of mistakes) {
    test(config.replaceAll('\n', ' '), async () => {
      const home = await homeWith(config);
      await using program = await startProgram({ home });
      const { url, token } = await program.ready();
      assert.match(program.stdout(), /Rescue mode/);
      assert.match(program.stdout(), words);
      assert.match(program.stdout(), /\n {2}mend it {2}\/.*openclaw\.json/);
      assert.ok(!program.stdout().includes('try it'), 'nothing is offered that would not work');
      const codes = await Promise.all(['healthz', 'health', 'readyz', 'startupz'].map((path) => statusOf(`${url}/${path}`)));
      assert.deepEqual(codes, [200, 200, 503, 200]);
      assert.equal(await statusOf(`${url}/v1/models`), 401, 'what is wrong is not for strangers');
      const refused = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${token}` } });
      assert.equal(refused.status, 503);
      assert.match(await refused.text(), /rescue_mode/);
      await writeFile(join(home, '.openclaw/openclaw.json'), '{ logging: { level: "warn" } }');
      await until(`${url}/readyz`, 200);
      assert.equal(await statusOf(`${url}/v1/models`, token), 200);
      await rm(home, { recursive: true, force: true });
    });
  }
});

test('a bad edit while it runs is refused and what held goes on; the next start uses the last good version', async () => {
  const home = await homeWith("{ gateway: { auth: { token: 'a-token-of-the-file' } } }");
  const file = join(home, '.openclaw/openclaw.json');
  {
    await using program = await startProgram({ home });
    const { url } = await program.ready();
    await writeFile(file, "{ gateway: { auth: { token: 'another' ");
    const degraded = async (): Promise<boolean> =>
      /refused/.test(await (await fetch(`${url}/health`, { headers: { authorization: 'Bearer a-token-of-the-file' } })).text());
    while (!(await degraded()));
    assert.equal(await statusOf(`${url}/v1/models`, 'a-token-of-the-file'), 200);
    assert.equal(await statusOf(`${url}/readyz`), 200);
    program.child.kill('SIGKILL');
    await program.exited();
  }
  {
    await using again = await startProgram({ home });
    const { url } = await again.ready();
    assert.match(again.stdout(), /An earlier version of the configuration holds/);
    assert.equal(await statusOf(`${url}/v1/models`, 'a-token-of-the-file'), 200);
    await writeFile(file, "{ gateway: { auth: { token: 'the-mended-token' } } }");
    await until(`${url}/v1/models`, 200, 'the-mended-token');
    assert.equal(await statusOf(`${url}/v1/models`, 'a-token-of-the-file'), 401, 'a rotated token ends at once');
  }
  await rm(home, { recursive: true, force: true });
});

test('rescue mode can be asked for, and holds until an operator writes a good file', async () => {
  const home = await homeWith('{}');
  for (const how of [{ args: ['gateway', 'run', '--rescue'] }, { env: { OPENCLAW_RESCUE: '1' } }]) {
    await using program = await startProgram({ home, ...how });
    const { url } = await program.ready();
    assert.equal(await statusOf(`${url}/readyz`), 503);
    assert.equal(await statusOf(`${url}/health`), 200);
    await writeFile(join(home, '.openclaw/openclaw.json'), `{ logging: { level: 'warn' } } // ${Math.random()}`);
    await until(`${url}/readyz`, 200);
  }
  await rm(home, { recursive: true, force: true });
});

test('a start that is refused ends with 78 three times; the fourth stays up on loopback, unready, and says why', async () => {
  const home = await homeWith("{ gateway: { bind: 'lan', auth: { mode: 'none' } } }");
  for (let start = 0; start < 3; start += 1) {
    await using program = await startProgram({ home });
    assert.deepEqual(await program.exited(), { code: 78, signal: null }, program.stderr());
  }
  await using held = await startProgram({ home });
  const url = await addressOf(held);
  const codes = await Promise.all(['healthz', 'health', 'readyz', 'v1/models', 'nothing'].map((path) => statusOf(`${url}/${path}`)));
  assert.deepEqual(codes, [200, 200, 503, 503, 404]);
  assert.match(await (await fetch(url)).text(), /refusing to bind[\s\S]*without auth/);
  held.child.kill('SIGTERM');
  assert.deepEqual(await held.exited(), { code: 0, signal: null });
  // Mended, it starts, and what was counted is forgotten.
  await writeFile(join(home, '.openclaw/openclaw.json'), '{}');
  await using program = await startProgram({ home });
  await program.ready();
  await assert.rejects(readFile(join(home, '.openclaw/refusals.jsonl')), { code: 'ENOENT' });
});

async function addressOf(program: Program): Promise<string> {
  for (;;) {
    const url = /waiting on (\S+) instead/.exec(program.stderr())?.[1];
    if (url !== undefined) return url;
    await new Promise((resolve) => program.child.stderr?.once('data', resolve));
  }
}
