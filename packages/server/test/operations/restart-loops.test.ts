/**
 * Causes made real with the Docker of this machine: `openclaw doctor container` names the right one first, quotes what shows it and says what mends it.
 *
 * One after the other: what goes wrong in several containers at once is a sign of its own.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { systemClock } from '../../src/core/clock.ts';
import { Engine } from '../../src/docker-engine/engine.ts';
import { usualSocket } from '../../src/docker-engine/place.ts';
import { createLiveLookout, diagnoseContainer, type Diagnosis } from '../../src/operations/diagnose/index.ts';
import { docker, dockerIsRequired, makeNodeImage, makeTestImage, withoutDocker } from '../harness/docker.ts';
import { loopCases, makeDirectory, type LoopCase, type Stage, type State } from './restart-loop-cases.ts';

const prefix = `openclaw-test-loop-${randomBytes(4).toString('hex')}`;
const untilLimitMs = 90_000;
const pollMs = 100;
const program = new URL('../../bin/openclaw.js', import.meta.url).pathname;
const images = { busybox: makeTestImage, node: makeNodeImage };

test('Docker is there where it has to be', () =>
  assert.ok(withoutDocker === false || !dockerIsRequired, `OPENCLAW_TEST_REQUIRE names docker: ${withoutDocker}`));

describe('containers that restart', { skip: withoutDocker }, () => {
  let root = '';
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'openclaw-loops-'));
    for (const make of Object.values(images)) make();
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  for (const [index, loop] of loopCases.entries())
    test(`${loop.cause}: ${loop.title}`, async () => {
      const stage = stageOf(`${prefix}-${index}`, makeDirectory(root, index));
      try {
        await take(stage, loop);
        const diagnosis = await diagnoseHere(stage.name);
        const found = diagnosis.causes.map(({ id, weight }) => `${id} ${weight}`).join(', ');
        const [first] = diagnosis.causes;
        assert.equal(first?.id, loop.cause, `found: ${found || 'nothing'}\n${JSON.stringify(diagnosis.evidence.lives.slice(-2), null, 1)}`);
        assert.match(first.because.map(({ text: words }) => words).join('\n'), loop.quotes);
        assert.match(first.remedy.join('\n'), loop.advises);
        assert.match(first.disprovedBy, /\w/);
        // Whoever stopped it by hand has it as it was wanted.
        assert.equal(diagnosis.broken, loop.cause !== 'stopped-by-hand', diagnosis.summary);
      } finally {
        remove(stage.name);
      }
    });

  test('a container that runs is well, and the exit code is 0', async () => {
    const stage = stageOf(`${prefix}-well`, makeDirectory(root, loopCases.length));
    try {
      await take(stage, { ...wellCase, during: ({ untilSaid }) => untilSaid('ready') });
      const { exitCode, diagnosis, text } = await diagnose(stage.name);
      assert.deepEqual({ exitCode, broken: diagnosis.broken, causes: diagnosis.causes }, { exitCode: 0, broken: false, causes: [] }, text);
      assert.match(text, /is well: it has\s+run for/);
    } finally {
      remove(stage.name);
    }
  });

  test('no value of the environment and no secret of a log is shown, and nothing is changed', async () => {
    const stage = stageOf(`${prefix}-secret`, makeDirectory(root, loopCases.length + 1));
    const secret = 'correct-horse-battery-staple';
    try {
      await take(stage, {
        ...wellCase,
        options: () => ['--env', `DATABASE_PASSWORD=${secret}`, '--env', 'PLAIN_SETTING=visible-nowhere'],
        command: () => ['sh', '-c', 'echo "login with $DATABASE_PASSWORD failed" >&2; exit 1'],
        during: ({ until }) => until(({ Status }) => Status === 'exited'),
      });
      const before = docker('inspect', stage.name);
      const { diagnosis, text, exitCode } = await diagnose(stage.name);
      assert.equal(exitCode, 1);
      const all = JSON.stringify(diagnosis) + text;
      for (const value of [secret, 'visible-nowhere']) assert.ok(!all.includes(value), value);
      assert.ok(diagnosis.evidence.program.environmentNames.includes('DATABASE_PASSWORD'));
      assert.match(JSON.stringify(diagnosis.evidence.lives), /login with \[redacted\] failed/);
      assert.equal(docker('inspect', stage.name), before);
    } finally {
      remove(stage.name);
    }
  });

  test('a container that is gone is known by what Docker remembers and what was kept of its output', async () => {
    const directory = makeDirectory(root, loopCases.length + 2);
    const stage = stageOf(`${prefix}-gone`, directory);
    const kept = join(directory, 'kept.log');
    try {
      await take(stage, {
        ...wellCase,
        command: () => ['httpd', '-f', '-p', '80', '-h', '/nowhere'],
        during: ({ until }) => until(({ Status }) => Status === 'exited'),
      });
    } finally {
      remove(stage.name);
    }
    writeFileSync(kept, 'Error: listen EADDRINUSE: address already in use 0.0.0.0:8080\n');
    const { exitCode, diagnosis } = await diagnose(stage.name, '--logs', kept);
    assert.equal(diagnosis.evidence.state.status, 'gone');
    assert.equal(diagnosis.causes[0]?.id, 'port-in-use');
    assert.equal(exitCode, 1);
  });

  test('a name that there is not is an error that names the nearest', async () => {
    const stage = stageOf(`${prefix}-near`, makeDirectory(root, loopCases.length + 3));
    try {
      await take(stage, { ...wellCase, during: ({ untilSaid }) => untilSaid('ready') });
      const { exitCode, stderr } = await run('doctor', 'container', `${prefix}-naer`);
      assert.equal(exitCode, 1);
      assert.match(stderr, new RegExp(`Docker knows no container ${prefix}-naer.*\\n.*Did you mean .*${prefix}-near`));
    } finally {
      remove(stage.name);
    }
  });
});

const wellCase: LoopCase = {
  cause: '',
  title: '',
  options: () => [],
  command: () => ['sh', '-c', 'echo ready; exec sleep 1000'],
  quotes: /./,
  advises: /./,
};

async function take(stage: Stage, loop: LoopCase): Promise<void> {
  loop.prepare?.(stage);
  const { image = 'busybox', options = () => ['--restart', 'always'], command = () => [] } = loop;
  const started = spawn('docker', ['run', '--detach', '--name', stage.name, ...options(stage), images[image](), ...command(stage)], {
    stdio: 'ignore',
  });
  // Some are never started: Docker then says so by its exit code, and the container is there.
  await new Promise((resolve) => started.on('close', resolve));
  await (loop.during?.(stage) ?? stage.until((_state, restarts) => restarts >= 2));
}

function stageOf(name: string, directory: string): Stage {
  return {
    ...{ name, directory },
    until: (condition) =>
      poll(`the condition for ${name}`, () => {
        const [container] = JSON.parse(docker('inspect', name)) as { State: State; RestartCount: number }[];
        return container !== undefined && condition(container.State, container.RestartCount);
      }),
    untilSaid: (text) => poll(`${name} to say ${text}`, async () => (await logsOf(name)).includes(text)),
  };
}

async function poll(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const untilMs = Date.now() + untilLimitMs;
  while (!(await condition())) {
    if (Date.now() > untilMs) throw new Error(`waited in vain for ${what}`);
    await pause(pollMs);
  }
}

async function logsOf(name: string): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)('docker', ['logs', name]);
  return stdout + stderr;
}

function remove(name: string): void {
  for (const each of [name, `${name}-beside`])
    try {
      docker('rm', '--force', '--volumes', each);
    } catch {
      // There is none of that name.
    }
  try {
    docker('volume', 'rm', '--force', name);
  } catch {
    // Nor a volume.
  }
}

interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...words: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...words], { maxBuffer: 64 * 2 ** 20 }, (error, stdout, stderr) =>
      resolve({ exitCode: error === null ? 0 : typeof error.code === 'number' ? error.code : null, stdout, stderr }),
    );
  });
}

async function diagnoseHere(container: string): Promise<Diagnosis> {
  const engine = new Engine(usualSocket);
  try {
    const lookout = createLiveLookout(engine, systemClock, AbortSignal.timeout(untilLimitMs));
    return await diagnoseContainer(lookout, { container, engineAddress: usualSocket });
  } finally {
    engine.close();
  }
}

/** By the command, as a person and as a program. */
async function diagnose(
  name: string,
  ...more: readonly string[]
): Promise<{ exitCode: number | null; diagnosis: Diagnosis; text: string }> {
  const json = await run('doctor', 'container', name, '--json', ...more);
  assert.ok(json.stdout.startsWith('{'), json.stderr);
  const text = await run('doctor', 'container', name, ...more);
  return { exitCode: text.exitCode, diagnosis: JSON.parse(json.stdout) as Diagnosis, text: text.stdout };
}
