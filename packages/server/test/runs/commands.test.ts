/** `openclaw agent`, `runs` and `sessions` against runs over HTTP: what is printed where, how it ends, and what Ctrl-C does. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import type { RunEvent, RunView, SessionDetails } from '@openclaw/client';
import { registerAgentCommand } from '../../src/cli/openclaw/agent.ts';
import { createUseOpenClaw } from '../../src/cli/openclaw/runs-access.ts';
import { registerRunsCommands } from '../../src/cli/openclaw/runs.ts';
import { registerSessionsCommands } from '../../src/cli/openclaw/sessions.ts';
import { startRunServer, tokens, type RunServer, type RunServerOptions } from '../harness/run-server.ts';

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

interface Scene extends AsyncDisposable {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly server: RunServer;
  /** Stops the gateway and starts it again where it was. */
  restart(): Promise<void>;
  run(line: string | readonly string[], onText?: (text: string, press: () => void) => void): Promise<Ended>;
  release(): void;
}

async function setUp(options: Partial<RunServerOptions> = {}): Promise<Scene> {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-commands-'));
  let server = await startRunServer({ directory, ...options });
  const env = { HOME: directory, OPENCLAW_STATE_DIR: directory, OPENCLAW_GATEWAY_URL: server.url, OPENCLAW_GATEWAY_TOKEN: tokens.admin };
  const release = (): void => writeFileSync(join(directory, 'release'), '');
  return {
    ...{ directory, env, release },
    get server() {
      return server;
    },
    async restart() {
      const port = Number(new URL(server.url).port);
      await server[Symbol.asyncDispose]();
      server = await startRunServer({ directory, port });
    },
    async run(line, onText) {
      let [stdout, stderr, code] = ['', '', 0];
      const listeners = new Set<() => void>();
      const press = (): void => listeners.forEach((listener) => listener());
      const heard = (text: string): void => onText?.(text, press);
      const io = {
        stdout: { write: (text: string) => (heard(text), (stdout += text)) },
        stderr: { write: (text: string) => (heard(text), (stderr += text)) },
      };
      const context = {
        io,
        useOpenClaw: createUseOpenClaw({ ...io, env }),
        interrupts: (listener: () => void) => {
          listeners.add(listener);
          return () => void listeners.delete(listener);
        },
        setExitCode: (next: number) => (code = next),
      };
      const program = new Command('openclaw').exitOverride().configureOutput({ writeOut: io.stdout.write, writeErr: io.stderr.write });
      registerAgentCommand(program, context);
      registerRunsCommands(program, context);
      registerSessionsCommands(program, context);
      await program.parseAsync(typeof line === 'string' ? line.split(' ') : line, { from: 'user' });
      assert.equal(listeners.size, 0, 'Ctrl-C is as before again');
      return { stdout, stderr, code };
    },
    async [Symbol.asyncDispose]() {
      release();
      await server[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true });
    },
  };
}

const idIn = (text: string): string => /run_\w+/.exec(text)?.[0] ?? '';

test('what the agent says goes to standard output, what it does to standard error, and nothing of it moves the cursor', async () => {
  await using scene = await setUp();
  const said = await scene.run([
    'agent',
    '--message',
    'call look {"at":"the sky"}\nsay It is blue\u001b[2J, and so am I.',
    '--session',
    'main',
  ]);
  assert.equal(said.stdout, 'It is blue[2J, and so am I.\n');
  assert.match(said.stderr, /^→ look \{"at":"the sky"\}\n← look done \(.*ms\)\n$/);
  assert.equal(said.code, 0);
  const json = await scene.run(['agent', '-m', 'say Hello.', '--session', 'main', '-o', 'json']);
  const { run, text } = JSON.parse(json.stdout) as { run: RunView; text: string };
  assert.deepEqual([run.origin, run.id.startsWith('run_')], [{ kind: 'cli', by: 'gateway' }, true]);
  assert.deepEqual([run.sessionKey, run.status, text, json.stderr], ['agent:main:main', 'finished', 'Hello.', '']);
});

test('a run that fails ends the command with 1 and its reason; wrong names are said as the gateway says them', async () => {
  await using scene = await setUp();
  const failed = await scene.run(['agent', '-m', 'fail']);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /✗ .*it says so/);
  await assert.rejects(scene.run(['agent', '-m', 'x', '--agent', 'nobody']), { code: 'command_refused', message: /no agent nobody/ });
  await assert.rejects(scene.run('runs show run_none'), {
    code: 'command_refused',
    message: 'There is no run run_none.',
    hint: /^Runs that ended .* `openclaw sessions list`/,
  });
});

test('without a gateway, and with a credential that does not hold, a command says so at once', async () => {
  await using scene = await setUp();
  const io = { stdout: { write: () => true }, stderr: { write: () => true } };
  const { OPENCLAW_GATEWAY_URL: _url, ...alone } = scene.env;
  const list = (env: Record<string, string>): Promise<unknown> => createUseOpenClaw({ ...io, env })(({ runs }) => runs.list());
  await assert.rejects(list(alone), { code: 'gateway_unreachable', message: /no gateway runs on/ });
  await assert.rejects(list({ ...scene.env, OPENCLAW_GATEWAY_TOKEN: 'wrong' }), { code: 'gateway_refused' });
  await assert.rejects(list({ ...scene.env, OPENCLAW_GATEWAY_URL: 'http://127.0.0.1:9' }), { code: 'gateway_unreachable' });
});

test('Ctrl-C leaves the run alone and says how to come back to it; asked to, it ends it', async () => {
  await using scene = await setUp();
  const pressWhenHolding = (text: string, press: () => void): void => {
    if (text.includes('holding')) press();
  };
  const detached = await scene.run(['agent', '-m', 'hold'], pressWhenHolding);
  assert.equal(detached.code, 0);
  assert.match(detached.stderr, /Detached; the run goes on\. openclaw runs watch run_\w+ shows it, openclaw runs cancel run_\w+ ends it\./);
  const id = idIn(detached.stderr);
  assert.equal((await scene.server.engine.get(id)).status, 'running');
  scene.release();
  const watched = await scene.run(`runs watch ${id}`);
  assert.deepEqual([watched.stdout, watched.code], ['holding hold\n', 0]);
  rmSync(join(scene.directory, 'release'));
  const ended = await scene.run(['agent', '-m', 'hold', '--on-interrupt', 'cancel'], pressWhenHolding);
  assert.equal(ended.code, 1);
  assert.match(ended.stderr, /Cancelling the run\.[\s\S]*\[cancelled by gateway\]/);
});

test('a task for another agent is told, what that asks too, and the list finds its run below the one above', async () => {
  await using scene = await setUp();
  const task = JSON.stringify({ agent: 'helper', task: 'call pay {}\nsay Paid.' });
  let approved: Promise<Ended> | undefined;
  const said = await scene.run(['agent', '-m', `call agent ${task}\nsay Done.`], (text) => {
    const asked = /openclaw (runs approve run_\w+)/.exec(text)?.[1];
    if (asked !== undefined) approved ??= scene.run(asked);
  });
  assert.equal((await approved)?.code, 0);
  assert.equal(said.stdout, 'Done.\n');
  assert.match(said.stderr, /^→ agent .*\n\[helper does it: openclaw runs watch run_\w+\]\n\[it waits for you: .*\]\n← Paid\. \(.*\)\n$/);
  const [parent] = await scene.server.engine.list({ limit: 10, agentId: 'main' });
  const below = await scene.run(`runs list --parent ${parent?.id} -o json`);
  const { runs } = JSON.parse(below.stdout) as { runs: readonly RunView[] };
  assert.deepEqual(
    runs.map(({ agentId, status }) => [agentId, status]),
    [['helper', 'finished']],
  );
  const shown = await scene.run(`runs show ${runs[0]?.id}`);
  assert.match(shown.stdout, new RegExp(`From +${parent?.id}`));
});

test('a gateway that starts again in the middle is waited for, and the answer comes to its end', async () => {
  await using scene = await setUp();
  let restarted: Promise<void> | undefined;
  const said = await scene.run(['agent', '-m', 'hold'], (text) => {
    if (!text.includes('holding') || restarted) return;
    restarted = scene.restart().then(scene.release);
  });
  await restarted;
  assert.equal(said.code, 0);
  assert.match(said.stderr, /\[the connection was lost, and is tried again\]/);
  assert.match(said.stdout, /holding hold\n$/);
});

test('runs are listed, shown and watched, as a table and as documents', async () => {
  await using scene = await setUp();
  const { run } = JSON.parse((await scene.run(['agent', '-m', 'say One.', '-o', 'json'])).stdout) as { run: RunView };
  await scene.run(['agent', '-m', 'fail', '--session', 'other']);
  const table = (await scene.run('runs list')).stdout.split('\n');
  assert.match(table[0] ?? '', /^RUN +STATUS +CREATED +AGENT +SESSION +STEPS +TOKENS +COST +INPUT$/);
  assert.match(table[1] ?? '', /^run_\w+ +failed .*agent:main:other .*fail$/);
  assert.match(table[2] ?? '', new RegExp(`^${run.id} +finished .* 15 +< \\$0`));
  assert.match((await scene.run('runs list --limit 1')).stderr, /There are more: --after run_/);
  const failed = JSON.parse((await scene.run('runs list --status failed --session other -o json')).stdout) as { runs: RunView[] };
  assert.equal(failed.runs.length, 1);
  const shown = await scene.run(`runs show ${run.id}`);
  assert.match(shown.stdout, /^Status +finished\n/m);
  assert.deepEqual((JSON.parse((await scene.run(`runs show ${run.id} -o json`)).stdout) as RunView).id, run.id);
  const lines = (await scene.run(`runs watch ${run.id} --after 2 -o json`)).stdout.trim().split('\n');
  assert.equal((JSON.parse(lines[0] ?? '') as RunEvent).seq, 3);
});

test('what a run asks for is allowed or refused from the command line; it is cancelled, tried again and forked', async () => {
  await using scene = await setUp();
  const answers: string[] = [];
  const asked = await scene.run(['agent', '-m', 'call pay {}\nsay Done.'], (text) => {
    const id = /openclaw runs approve (run_\w+)/.exec(text)?.[1];
    if (id !== undefined) void scene.run(`runs approve ${id} --note fine`).then(({ stdout }) => answers.push(stdout));
  });
  assert.equal(asked.code, 0);
  assert.match(asked.stderr, /\[allowed by gateway\]/);
  assert.deepEqual(scene.server.calls, ['pay']);
  assert.match(answers[0] ?? '', /^Run +run_/);
  const { run } = JSON.parse((await scene.run(['agent', '-m', 'say One.', '-o', 'json'])).stdout) as { run: RunView };
  const fork = JSON.parse((await scene.run(`runs fork ${run.id} --from 1 -o json`)).stdout) as RunView;
  assert.deepEqual(fork.forkedFrom, { runId: run.id, seq: 1 });
  for (const line of [`runs cancel ${run.id}`, `runs retry ${run.id}`, `runs reject ${run.id}`, `runs outcome ${run.id} 1 done --result 1`])
    await assert.rejects(scene.run(line), { code: 'command_refused' }, line);
  await assert.rejects(scene.run(`runs outcome ${run.id} 1 done --result paid`), { code: 'usage_error' });
  await assert.rejects(scene.run(`runs outcome ${run.id} 1 perhaps`), { code: 'commander.invalidArgument' });
});

test('sessions are listed, shown, deleted and compacted', async () => {
  const view = { key: 'agent:main:main', agentId: 'main', label: 'Sky', model: null, messageCount: 1, createdAtMs: 0, updatedAtMs: 0 };
  const details: SessionDetails = { ...view, messages: [{ seq: 1, role: 'user', text: 'Hi\u001b[2J\nthere', atMs: 0, runId: 'r' }] };
  const sessions: RunServerOptions['sessions'] = {
    list: async () => ({ sessions: [view], total: 1 }),
    show: async () => details,
    remove: async (key) => key === view.key,
    compact: async () => details,
  };
  await using scene = await setUp({ sessions });
  assert.match((await scene.run('sessions list')).stdout, /\nagent:main:main +main +Sky +1 +1970-01-01 00:00:00\n$/);
  const shown = (await scene.run('sessions show main')).stdout;
  assert.equal(shown, 'agent:main:main: 1 messages, the last at 1970-01-01 00:00:00\n1970-01-01 00:00:00 user: Hi?[2J\n  there\n');
  assert.equal((await scene.run('sessions compact main')).stdout, shown);
  assert.equal((await scene.run('sessions delete main')).stdout, 'Deleted agent:main:main.\n');
  await assert.rejects(scene.run('sessions delete other'), { code: 'command_refused', message: /no session agent:main:other/ });
  assert.deepEqual(JSON.parse((await scene.run('sessions list -o json')).stdout), { sessions: [view], nextAfter: null });
});

test('the program itself detaches at Ctrl-C and ends well', async () => {
  await using scene = await setUp();
  const launcher = fileURLToPath(new URL('../../bin/openclaw.js', import.meta.url));
  const env = { PATH: process.env['PATH'] ?? '', XDG_CACHE_HOME: join(tmpdir(), 'openclaw-test-cache'), ...scene.env };
  const child = spawn(process.execPath, [launcher, 'agent', '--message', 'hold'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [first] = (await Promise.race([once(child.stdout, 'data'), once(child, 'close').then(() => ['it ended'])])) as [Buffer | string];
  assert.equal(String(first), 'holding ', stderr);
  child.kill('SIGINT');
  const [code] = (await once(child, 'close')) as [number];
  assert.equal(code, 0, stderr);
  assert.match(stderr, /Detached; the run goes on/);
});
