/** The program as an operator starts and stops it: its own process, its exit codes, what it prints and leaves behind. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { startProgram, type Program, type ProgramOptions } from '../harness/program.ts';
import { startProvider, stream } from '../harness/provider.ts';
import { chatStream } from '../harness/wire.ts';

/** What a shell prints for the line that stands in the banner. */
async function paste(program: Program): Promise<string> {
  const line = program.stdout().slice(program.stdout().indexOf('curl'));
  const shell = spawn('sh', ['-c', line], { env: { PATH: process.env['PATH'] ?? '', HOME: program.home } });
  let answer = '';
  shell.stdout.on('data', (text: Buffer) => (answer += text.toString()));
  await once(shell, 'close');
  return answer;
}

describe('the first start', () => {
  test('an empty HOME is enough: a private state directory, a token that stays, a line to paste that works', async () => {
    await using program = await startProgram();
    const { url, token } = await program.ready();
    assert.match(program.stdout(), /openclaw\/rehearsal \(built in/);
    assert.equal((await stat(join(program.home, '.openclaw'))).mode & 0o777, 0o700);
    assert.equal((await stat(join(program.home, '.openclaw/credentials/gateway-token'))).mode & 0o777, 0o600);
    assert.ok(!program.stdout().includes(token) && !program.stderr().includes(token), 'the token is not printed');
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.match(await paste(program), /Hello from OpenClaw\./);
    program.child.kill('SIGTERM');
    assert.deepEqual(await program.exited(), { code: 0, signal: null });
    await using again = await startProgram({ home: program.home });
    assert.equal((await again.ready()).token, token);
    assert.match(await paste(again), /Hello from OpenClaw\./, 'the line of a later start works as well');
  });

  test('the line to paste works where the directory has a name that a shell would take apart', async () => {
    const home = await mkdtemp(join(tmpdir(), "openclaw it's $HOME "));
    await using program = await startProgram({ home });
    await program.ready();
    assert.match(await paste(program), /Hello from OpenClaw\./);
    program.child.kill('SIGKILL');
    await program.exited();
    await rm(home, { recursive: true });
  });

  test('an empty volume and the environment alone give a reachable gateway', async () => {
    const home = await mkdtemp(join(tmpdir(), 'openclaw-volume-'));
    await writeFile(join(home, 'token'), 'from-a-file\n');
    await using program = await startProgram({
      home,
      env: {
        OPENCLAW_STATE_DIR: join(home, 'volume'),
        OPENCLAW_GATEWAY_BIND: 'lan',
        PORT: '0',
        OPENCLAW_GATEWAY_PORT: '',
        OPENCLAW_GATEWAY_TOKEN_FILE: join(home, 'token'),
      },
    });
    const { url } = await program.ready();
    assert.match(program.stdout(), /listens on \S+ and on every other address of this machine\n/);
    const status = async (token: string) => (await fetch(`${url}/v1/models`, { headers: { 'x-api-key': token } })).status;
    assert.deepEqual([await status('from-a-file'), await status('wrong')], [200, 401]);
    assert.equal((await fetch(`${url}/metrics`)).status, 401, 'beyond loopback the metrics need a credential');
    program.child.kill('SIGKILL');
    await program.exited();
    await rm(home, { recursive: true });
  });
});

describe('what keeps it from starting ends it with 78, in words', () => {
  async function refused(options: ProgramOptions): Promise<string> {
    await using program = await startProgram(options);
    const started = program.ready().then(
      () => 'it started',
      () => program.exited(),
    );
    const outcome = await Promise.race([program.exited(), started]);
    assert.deepEqual(outcome, { code: 78, signal: null }, program.stderr());
    assert.equal(program.stdout(), '');
    assert.ok(!program.stderr().includes('    at '), 'no stack trace');
    return program.stderr();
  }

  async function homeWith(config: string): Promise<string> {
    const home = await mkdtemp(join(tmpdir(), 'openclaw-config-'));
    await mkdir(join(home, '.openclaw'));
    await writeFile(join(home, '.openclaw/openclaw.json'), config);
    return home;
  }

  test('a bind beyond loopback without auth', async () => {
    const home = await homeWith("{ gateway: { bind: 'lan', auth: { mode: 'none' } } }");
    const words = await refused({ home });
    assert.match(words, /refusing to bind/);
    assert.match(words, /without auth/);
    assert.match(words, /OPENCLAW_GATEWAY_TOKEN/);
  });

  test('a port that is taken, by whom it is known and by whom not', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const port = String((server.address() as AddressInfo).port);
    assert.match(await refused({ env: { OPENCLAW_GATEWAY_PORT: port } }), new RegExp(`Port ${port} .* in use`));
    server.close();
    await using program = await startProgram();
    const { url } = await program.ready();
    const words = await refused({ home: program.home, env: { OPENCLAW_GATEWAY_PORT: new URL(url).port } });
    assert.match(words, new RegExp(`in use by .*${program.child.pid}`));
  });

  test('a state directory that cannot be written', async () => {
    const home = await mkdtemp(join(tmpdir(), 'openclaw-readonly-'));
    await writeFile(join(home, 'file'), '');
    const words = await refused({ env: { OPENCLAW_STATE_DIR: join(home, 'file/state') } });
    assert.match(words, /state directory/);
    await chmod(home, 0o700);
  });
});

describe('a second process on the same state directory', () => {
  test('waits, alive and unready, and takes over when the first one goes, however it goes', async () => {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await using first = await startProgram();
      await first.ready();
      const port = String(await freePort());
      await using second = await startProgram({ home: first.home, env: { OPENCLAW_GATEWAY_PORT: port } });
      const probe = async (path: string): Promise<number> =>
        (await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined))?.status ?? 0;
      while ((await probe('/healthz')) === 0) await setImmediate();
      assert.equal(await probe('/readyz'), 503);
      while (!second.stderr().includes('another process holds the state directory')) await setImmediate();
      assert.match(second.stderr(), new RegExp(`"pid":${first.child.pid}`), 'whoever reads the log learns who is waited for');
      first.child.kill(signal);
      await second.ready();
      assert.equal(await probe('/readyz'), 200);
      await first.exited();
    }
  });

  test('says who holds the state when it has waited long enough, and leaves with 78', async () => {
    await using first = await startProgram();
    await first.ready();
    await using second = await startProgram({ home: first.home, args: ['gateway', 'run', '--state-wait', '50ms'] });
    assert.deepEqual(await second.exited(), { code: 78, signal: null });
    assert.match(second.stderr(), new RegExp(`is held by .*${first.child.pid}`));
  });

  test('commands ask the running gateway, and the state itself where none runs', async () => {
    await using gateway = await startProgram();
    await gateway.ready();
    const run = async (...args: string[]): Promise<string> => {
      await using command = await startProgram({ home: gateway.home, args });
      assert.deepEqual(await command.exited(), { code: 0, signal: null }, command.stderr());
      return command.stdout();
    };
    const created = JSON.parse(await run('keys', 'create', '--name', 'ci', '-o', 'json')) as { id: string; key: string };
    assert.match(await run('keys', 'list'), new RegExp(created.id));
    assert.equal((await run('logs', 'level', 'debug')).trim(), 'debug');
    gateway.child.kill('SIGKILL');
    await gateway.exited();
    assert.match(await run('keys', 'list'), new RegExp(created.id));
    await run('keys', 'revoke', created.id);
    assert.match(await run('usage', '--since', '1h', '-o', 'json'), /^\s*[[{]/);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('the end', () => {
  test('is not brought about by the end of whoever read its output', async () => {
    await using program = await startProgram({ args: ['gateway', 'run', '--log-level', 'debug'] });
    const { url, token } = await program.ready();
    program.child.stdout?.destroy();
    program.child.stderr?.destroy();
    const ask = async (): Promise<number> => {
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body: '{"model":"nobody","messages":[]}' });
      await response.arrayBuffer();
      return response.status;
    };
    // Each failure is a line of the log at this level.
    for (let round = 0; round < 5; round += 1) assert.equal(await ask(), 404);
    program.child.kill('SIGTERM');
    assert.deepEqual(await program.exited(), { code: 0, signal: null });
  });

  test('SIGTERM lets a running stream end, answers no new request, and exits 0', async () => {
    const finish = Promise.withResolvers<void>();
    const parts = chatStream({ text: ['one', 'two'] });
    await using provider = await startProvider(async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(parts.slice(0, 2).join(''));
      await finish.promise;
      response.end(parts.slice(2).join(''));
    });
    const config = { models: { providers: { acme: { baseUrl: provider.baseUrl, api: 'openai-completions', models: [{ id: 'large' }] } } } };
    const home = await mkdtemp(join(tmpdir(), 'openclaw-stop-'));
    await mkdir(join(home, '.openclaw'));
    await writeFile(join(home, '.openclaw/openclaw.json'), JSON.stringify(config));
    await using program = await startProgram({ home });
    const { url, token } = await program.ready();
    const headers = { authorization: `Bearer ${token}` };
    const body = JSON.stringify({ model: 'acme/large', stream: true, messages: [{ role: 'user', content: 'Hello?' }] });
    const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    assert.match((await reader?.read())?.value ?? '', /one/);
    program.child.kill('SIGTERM');
    while (!program.stderr().includes('waiting for running requests')) await once(program.child.stderr ?? program.child, 'data');
    await assert.rejects(fetch(`${url}/healthz`, { headers: { connection: 'close' } }));
    finish.resolve();
    let rest = '';
    for (let step = await reader?.read(); step && !step.done; step = await reader?.read()) rest += step.value;
    assert.match(rest, /two[\s\S]*\[DONE\]/);
    assert.deepEqual(await program.exited(), { code: 0, signal: null });
  });

  test('a stream that outlives the drain ends with an error event, and a second signal ends the process at once', async () => {
    await using provider = await startProvider(stream(chatStream({ text: ['one'] }).slice(0, 2), { end: 'hang' }));
    const config = {
      gateway: { drainTimeoutMs: 50 },
      models: { providers: { acme: { baseUrl: provider.baseUrl, api: 'openai-completions', models: [{ id: 'large' }] } } },
    };
    for (const signals of [1, 2]) {
      const home = await mkdtemp(join(tmpdir(), 'openclaw-stop-'));
      await mkdir(join(home, '.openclaw'));
      const drainTimeoutMs = signals === 1 ? 50 : 60_000;
      await writeFile(join(home, '.openclaw/openclaw.json'), JSON.stringify({ ...config, gateway: { drainTimeoutMs } }));
      await using program = await startProgram({ home });
      const { url, token } = await program.ready();
      const body = JSON.stringify({ model: 'acme/large', stream: true, messages: [{ role: 'user', content: 'Hello?' }] });
      const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body });
      program.child.kill('SIGTERM');
      if (signals === 1) {
        assert.match(await response.text(), /data: \{"error":\{[^\n]*shutting down/);
        assert.deepEqual(await program.exited(), { code: 0, signal: null });
      } else {
        while (!program.stderr().includes('waiting for running requests')) await once(program.child.stderr ?? program.child, 'data');
        // Within a third of a second a second signal is the first one passed on, so it is repeated until it counts.
        const again = setInterval(() => program.child.kill('SIGTERM'), 50);
        assert.equal((await program.exited()).signal, 'SIGTERM');
        clearInterval(again);
        await assert.rejects(response.text());
      }
    }
  });
});
