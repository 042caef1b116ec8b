/**
 * Commands of agents in real containers: what they may do there, what ends them, and that nothing of them is left behind, also when the gateway
 * is killed. How they are asked for of Docker is shown beside the source; here Docker does it.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { OpenClaw, type RunEvent } from '@openclaw/client';
import { systemClock } from '../../src/core/clock.ts';
import { createLog } from '../../src/core/log.ts';
import { outputLimitCharacters, type ToolResult } from '../../src/runs/tools/contract.ts';
import { createExecTool } from '../../src/runs/tools/exec/exec.ts';
import { findDocker } from '../../src/runs/tools/exec/sandbox.ts';
import { ownerDigest } from '../../src/core/processes/mark.ts';
import type { ProcessBounds } from '../../src/runs/tools/processes/supervise.ts';
import { perform } from '../../src/runs/tools/tool.fixture.ts';
import { makeWorkspace } from '../../src/runs/tools/workspace.ts';
import { docker, dockerIsRequired, makeTestImage, withoutDocker } from '../harness/docker.ts';
import { startProgram } from '../harness/program.ts';

const variables = { PATH: process.env['PATH'] ?? '', HOME: tmpdir() };
const log = createLog({ destinations: [], clock: systemClock });
const mebibyte = 1024 ** 2;

interface Place extends Disposable {
  readonly directory: string;
  /** Containers that are there now, running or not. */
  containers(): readonly string[];
}

function createPlace(): Place {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'openclaw-sandbox-')));
  return {
    directory,
    containers: () => containersOf(directory),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function containersOf(owner: string): readonly string[] {
  return docker('ps', '--all', '--quiet', '--filter', `label=openclaw.owner=${ownerDigest(owner)}`)
    .split('\n')
    .filter((id) => id !== '');
}

interface Order {
  readonly bounds?: ProcessBounds;
  readonly timeLimitMs?: number;
  readonly signal?: AbortSignal;
  readonly onOutput?: (text: string) => void;
}

async function runIn({ directory }: Place, command: string, order: Order = {}): Promise<ToolResult> {
  const sandbox = await findDocker({ image: makeTestImage(), clock: systemClock, variables, owner: directory });
  assert.ok(sandbox);
  const { bounds = {}, timeLimitMs = 60_000, ...more } = order;
  const tool = createExecTool({ clock: systemClock, log, sandbox, owner: directory, bounds: { graceMs: 500, ...bounds } });
  const workspace = await makeWorkspace(join(directory, 'workspace'));
  return perform(tool, { workspace, args: { command, timeLimitMs }, ...more, idempotencyKey: `${directory}/1` });
}

/** Until it holds, or half a minute. */
async function until(what: string, holds: () => boolean): Promise<void> {
  for (const startedMs = performance.now(); !holds(); await wait(50))
    assert.ok(performance.now() - startedMs < 30_000, `not within half a minute: ${what}`);
}

test('Docker is there where it has to be', () =>
  assert.ok(withoutDocker === false || !dockerIsRequired, `OPENCLAW_TEST_REQUIRE names docker: ${withoutDocker}`));

describe('a command in a container', { skip: withoutDocker, timeout: 300_000 }, () => {
  test('works in the workspace and leaves files there, and has nothing else of the machine', async () => {
    using place = createPlace();
    const workspace = await makeWorkspace(join(place.directory, 'workspace'));
    writeFileSync(join(workspace, 'given'), 'from the gateway');
    const { isError, text } = await runIn(place, 'pwd; cat given; echo made >made; ls /; ls /workspace');
    assert.equal(isError, false, text);
    assert.match(text, /^\/workspace\nfrom the gateway/);
    assert.doesNotMatch(text, /home|root/);
    assert.equal(readFileSync(join(workspace, 'made'), 'utf8'), 'made\n');
    const { text: outside } = await runIn(place, 'echo x >/outside; echo y >/etc/passwd; touch /bin/z');
    assert.match(outside, /Read-only file system/);
    assert.deepEqual(place.containers(), []);
  });

  test('is not root, has no capabilities, and may not become anybody else', async () => {
    using place = createPlace();
    const { text } = await runIn(place, 'id -u; grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/self/status; touch mine');
    const [uid] = text.split('\n');
    assert.notEqual(uid, '0');
    assert.match(text, /CapEff:\s+0+\n/);
    assert.match(text, /CapBnd:\s+0+\n/);
    assert.match(text, /NoNewPrivs:\s+1/);
    assert.equal(String(statSync(join(place.directory, 'workspace/mine')).uid), uid, 'what it makes is its own');
  });

  test(
    'where the workspace is root’s own, it is not run, and the reason is said',
    { skip: process.getuid?.() !== 0 && 'needs root' },
    async () => {
      using place = createPlace();
      mkdirSync(join(place.directory, 'workspace'));
      const { isError, text } = await runIn(place, 'touch made');
      assert.equal(isError, true);
      assert.match(text, /not run: commands in a container are not run as root, .* chown -R 65534:65534 /);
    },
  );

  test('reaches no network', async () => {
    using place = createPlace();
    const { text } = await runIn(place, 'ls /sys/class/net; wget -T 2 -O - http://127.0.0.1:22/ 2>&1; ping -c 1 -W 1 1.1.1.1 2>&1; true');
    assert.match(text, /^lo\n/);
    assert.doesNotMatch(text, /eth0/);
    assert.match(text, /unreachable|permission denied|can't connect/i);
  });

  test('is ended where it takes too much memory, and has no more processes than it may', async () => {
    using place = createPlace();
    const hungry = await runIn(place, 'tail /dev/zero', { bounds: { memoryBytes: 64 * mebibyte } });
    assert.equal(hungry.isError, true);
    assert.match(hungry.text, /Killed|137/);
    const sleepers = 'i=0; while [ $i -lt 40 ]; do sleep 3 & i=$((i+1)); done; wait';
    const many = await runIn(place, sleepers, { bounds: { processes: 20 }, timeLimitMs: 4000 });
    assert.match(many.text, /can't fork/);
    assert.deepEqual(place.containers(), []);
  });

  test('is ended when its time is up, also where it heeds no signal', async () => {
    using place = createPlace();
    const { isError, text } = await runIn(place, 'trap "" TERM INT HUP; (trap "" TERM; sleep 1000) & echo begun; sleep 1000', {
      timeLimitMs: 2000,
    });
    assert.equal(isError, true);
    assert.match(text, /^begun\n.*It was ended after 2 s/s);
    assert.deepEqual(place.containers(), []);
  });

  test('may print without end: what is kept is bounded, and the daemon keeps nothing', async () => {
    using place = createPlace();
    let logging: string | undefined;
    const { text } = await runIn(place, 'yes 0123456789', {
      timeLimitMs: 3000,
      onOutput: () => (logging ??= docker('inspect', '--format', '{{.HostConfig.LogConfig.Type}}', ...place.containers())),
    });
    assert.equal(logging, 'none');
    assert.ok(text.length <= outputLimitCharacters);
    assert.match(text, /It was ended after 3 s/);
  });

  test('is ended when its call is stopped', async () => {
    using place = createPlace();
    const stop = new AbortController();
    const result = await runIn(place, 'echo begun; sleep 1000', { signal: stop.signal, onOutput: () => stop.abort() });
    assert.equal(result.isOutcomeUnknown, true);
    assert.match(result.text, /stopped before its end/);
    assert.deepEqual(place.containers(), []);
  });
});

interface Sandboxed extends Disposable {
  readonly home: string;
  readonly stateDirectory: string;
}

/** A home with a gateway whose agents may run commands, in containers. */
function createSandboxedHome(): Sandboxed {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'openclaw-sandboxed-')));
  const stateDirectory = join(home, '.openclaw');
  mkdirSync(stateDirectory, { mode: 0o700 });
  const settings = {
    tools: { exec: { image: makeTestImage() } },
    agents: { defaults: { model: 'openclaw/rehearsal', tools: { allow: ['exec'], deny: [] } } },
  };
  writeFileSync(join(stateDirectory, 'openclaw.json'), JSON.stringify(settings));
  return { home, stateDirectory, [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }) };
}

const endless = `tool exec ${JSON.stringify({ command: 'echo begun >begun; sleep 1000' })}\nsay Done.`;

async function untilItRuns({ stateDirectory }: Sandboxed): Promise<void> {
  const begun = join(stateDirectory, 'workspaces/main/begun');
  await until('the command has begun', () => statSync(begun, { throwIfNoEntry: false }) !== undefined);
  assert.equal(containersOf(stateDirectory).length, 1);
}

async function eventsOf(openclaw: OpenClaw, runId: string): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of openclaw.runs.events(runId)) {
    events.push(event);
    if (event.kind === 'run.parked') break;
  }
  return events;
}

describe('a gateway whose agents run commands in containers', { skip: withoutDocker, timeout: 300_000 }, () => {
  test('a command of a run that is cancelled is ended, and its container is gone', async () => {
    using sandboxed = createSandboxedHome();
    await using program = await startProgram({ home: sandboxed.home });
    const { url, token } = await program.ready();
    await using openclaw = new OpenClaw({ baseURL: url, token });
    const { id } = await openclaw.runs.create({ input: endless });
    await untilItRuns(sandboxed);
    await openclaw.runs.cancel(id);
    assert.equal((await eventsOf(openclaw, id)).at(-1)?.kind, 'run.cancelled');
    assert.deepEqual(containersOf(sandboxed.stateDirectory), []);
  });

  test('after kill -9 the next start removes what was left running, and the call is one with unknown outcome', async () => {
    using sandboxed = createSandboxedHome();
    await using first = await startProgram({ home: sandboxed.home });
    const begun = await first.ready();
    await using before = new OpenClaw({ baseURL: begun.url, token: begun.token });
    const { id } = await before.runs.create({ input: endless });
    await untilItRuns(sandboxed);
    first.child.kill('SIGKILL');
    await first.exited();
    await using second = await startProgram({ home: sandboxed.home });
    const { url, token } = await second.ready();
    await using openclaw = new OpenClaw({ baseURL: url, token });
    const events = await eventsOf(openclaw, id);
    assert.deepEqual(
      events.slice(-2).map(({ kind }) => kind),
      ['outcome.unknown', 'run.parked'],
    );
    assert.deepEqual(containersOf(sandboxed.stateDirectory), [], 'it was gone before anybody asked what became of the call');
    await openclaw.runs.cancel(id);
  });
});
