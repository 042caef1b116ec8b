/** Durable steps of a program: gateway and program are killed in between, and every step is done as often as it may be. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { OpenClaw, type RunEvent, type RunView } from '@openclaw/client';
import { createFileSpool } from '@openclaw/client/node';
import { tokens } from '../harness/run-server.ts';

const serverFile = fileURLToPath(new URL('../harness/run-server.ts', import.meta.url));
const programFile = fileURLToPath(new URL('durable-program.ts', import.meta.url));

interface Gateway {
  readonly url: string;
  kill(): Promise<void>;
}

interface Scene extends AsyncDisposable {
  readonly directory: string;
  readonly gateway: Gateway;
  /** Starts it again where it was. */
  restart(): Promise<void>;
  openclaw(): OpenClaw;
}

async function startGateway(directory: string, port: string): Promise<Gateway> {
  const child = spawn(process.execPath, [serverFile, directory, port], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [line] = (await Promise.race([once(child.stdout, 'data'), exited.then(() => ['it ended'])])) as [Buffer | string];
  const url = String(line).trim();
  assert.match(url, /^http/);
  return {
    url,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function setUp(): Promise<Scene> {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-program-'));
  let gateway = await startGateway(directory, '0');
  const { port } = new URL(gateway.url);
  const clients: OpenClaw[] = [];
  return {
    directory,
    get gateway() {
      return gateway;
    },
    async restart() {
      gateway = await startGateway(directory, port);
    },
    openclaw() {
      const client = new OpenClaw({ baseURL: gateway.url, token: tokens.admin, spool: createFileSpool(join(directory, 'spool')) });
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.close();
      await gateway.kill();
      rmSync(directory, { recursive: true });
    },
  };
}

const spooled = (directory: string): string[] => (existsSync(join(directory, 'spool')) ? readdirSync(join(directory, 'spool')) : []);

test('a step that ends while the gateway is away is kept in a file, and told when it is back; nothing is done twice', async () => {
  await using scene = await setUp();
  const run = await scene.openclaw().runs.open('away', { input: 1 });
  const done: string[] = [];
  const step = (name: string, during?: () => Promise<void>): Promise<string> =>
    run.step(name, async () => {
      done.push(name);
      await during?.();
      return name;
    });
  await step('one');
  await step('two', () => scene.gateway.kill());
  assert.equal(spooled(scene.directory).length, 1);
  const third = step('three');
  await scene.restart();
  assert.equal(await third, 'three');
  assert.deepEqual(spooled(scene.directory), []);
  assert.equal((await run.finish({ done })).status, 'finished');
  assert.deepEqual(done, ['one', 'two', 'three']);
});

test('what ended while the gateway was away is told by the next process, if this one dies before it is back', async () => {
  await using scene = await setUp();
  const first = await scene.openclaw().runs.open('dies', { input: 1 });
  await first.step('pay', async () => {
    await scene.gateway.kill();
    return 'paid';
  });
  await scene.restart();
  const second = await scene.openclaw().runs.open('dies', { input: 1 });
  const again = await second.step('pay', () => assert.fail('it was done'));
  assert.equal(again, 'paid');
  // The process before is not dead, only slow: it may write no more.
  await assert.rejects(
    first.step('next', () => 1),
    { code: 'lease_lost' },
  );
});

test('steps that run side by side keep their places, a failure is thrown and done again, a result is the same as it comes back', async () => {
  await using scene = await setUp();
  const openclaw = scene.openclaw();
  const run = await openclaw.runs.open('side', { input: 1 });
  const results = await Promise.all([3, 2, 1].map((value) => run.step(`v${value}`, () => ({ value, none: undefined, at: new Date(0) }))));
  assert.deepEqual(results[0], { value: 3, at: '1970-01-01T00:00:00.000Z' });
  await assert.rejects(
    run.step('breaks', () => Promise.reject(new RangeError('too far'))),
    RangeError,
  );
  await assert.rejects(
    run.step('large', () => 'x'.repeat(2 ** 20)),
    { code: 'step_result_too_large' },
  );
  const again = await openclaw.runs.open('side', { input: 1 });
  assert.deepEqual(await Promise.all([3, 2, 1].map((value) => again.step(`v${value}`, () => assert.fail('done')))), results);
  assert.equal(await again.step('breaks', ({ attempt }) => attempt), 2);
  await assert.rejects(
    again.step('small', () => 1),
    { code: 'run_diverged', message: /the journal has "large", the program "small"/ },
  );
});

test('killed in the middle of a step that may not be repeated, a program that cannot look waits for a person', async () => {
  await using scene = await setUp();
  const openclaw = scene.openclaw();
  const first = await openclaw.runs.open('person', { input: 1 });
  const begun = Promise.withResolvers<void>();
  // It never ends, as in a process that is gone.
  void first.step('pay', () => new Promise<string>(() => begun.resolve()));
  await begun.promise;
  const second = await openclaw.runs.open('person', { input: 1 });
  await assert.rejects(
    second.step('pay', () => assert.fail('it may have been done')),
    { code: 'outcome_unknown' },
  );
  assert.deepEqual((await openclaw.runs.get(first.id)).waitsFor, { kind: 'outcome', step: 1 });
  await openclaw.runs.resolveOutcome(first.id, { step: 1, decision: { kind: 'done', result: 'paid by hand' } });
  const third = await openclaw.runs.open('person', { input: 1 });
  assert.equal(await third.step('pay', () => assert.fail('it was done')), 'paid by hand');
  assert.equal((await third.finish('ok')).status, 'finished');
});

test('20 steps of all three effects, with gateway and program killed at random moments until it ends: each step ends once', async () => {
  await using scene = await setUp();
  const { directory } = scene;
  const watcher = scene.openclaw();
  const { id } = await watcher.runs.open('twenty-steps', { input: { steps: 20 } });
  const watching = (async () => {
    const events: RunEvent[] = [];
    for await (const event of watcher.runs.events(id)) events.push(event);
    return events;
  })();
  let kills = 0;
  for (let life = 1; life < 100; life += 1) {
    const killAfterLines = kills < 5 ? 1 + Math.floor(Math.random() * 5) : Infinity;
    const isOver = await liveOnce(scene, { killAfterLines, gatewayToo: life % 2 === 0 });
    if (isOver) break;
    kills += 1;
    await decideWhatIsUnknown(watcher, id, directory);
  }
  assert.ok(kills >= 3, `it was killed ${kills} times only`);
  const view = await watcher.runs.get(id);
  assert.deepEqual([view.status, view.output], ['finished', { sum: 210 }]);
  const world = readFileSync(join(directory, 'world.txt'), 'utf8').split('\n').filter(Boolean);
  const once_ = world.filter((line) => line.startsWith('once'));
  assert.equal(new Set(once_).size, once_.length, 'a step of effect once was done twice');
  assert.equal(new Set(world).size, 20, 'a step is missing');
  const events = await watching;
  const finished = events.flatMap((event) => (event.kind === 'step.finished' ? [event.step] : []));
  assert.deepEqual(
    finished,
    Array.from({ length: 20 }, (_, index) => index + 1),
  );
  assert.deepEqual(
    events.map(({ seq }) => seq),
    Array.from({ length: view.lastSeq }, (_, index) => index + 1),
    'a gap or a duplicate',
  );
  assert.deepEqual(spooled(directory), []);
});

/** Runs the program until it ends or is killed, the gateway shortly before it where that is asked. @returns whether it came to its end */
async function liveOnce(
  scene: Scene,
  { killAfterLines, gatewayToo }: { readonly killAfterLines: number; readonly gatewayToo: boolean },
): Promise<boolean> {
  const args = [programFile, scene.gateway.url, tokens.admin, scene.directory];
  const program = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let lines = 0;
  let problems = '';
  program.stderr.setEncoding('utf8').on('data', (text: string) => (problems += text));
  const exited = once(program, 'close') as Promise<[number | null]>;
  const reached = new Map<number, () => void>();
  program.stdout.setEncoding('utf8').on('data', (text: string) => {
    lines += text.split('\n').length - 1;
    for (const [count, resolve] of reached) if (lines >= count) resolve();
  });
  /** @returns whether it lived to say so much */
  const hasSaid = (count: number): Promise<boolean> =>
    Promise.race([new Promise<boolean>((resolve) => reached.set(count, () => resolve(true))), exited.then(() => false)]);
  if (await hasSaid(killAfterLines)) {
    if (gatewayToo) {
      await scene.gateway.kill();
      await scene.restart();
      await hasSaid(lines + 2);
    }
    killNow(program);
  }
  const [code] = await exited;
  if (code === 0) return true;
  assert.ok(code === null || problems.includes('outcome_unknown'), problems);
  return false;
}

function killNow(child: ChildProcess): void {
  child.kill('SIGKILL');
}

/** The person: looks at the world, and says what is so. */
async function decideWhatIsUnknown(openclaw: OpenClaw, id: string, directory: string): Promise<void> {
  const { waitsFor }: RunView = await openclaw.runs.get(id);
  if (waitsFor?.kind !== 'outcome') return;
  const { step } = waitsFor;
  const wasDone = readFileSync(join(directory, 'world.txt'), 'utf8').includes(`once ${id}/${step}\n`);
  await openclaw.runs.resolveOutcome(id, { step, decision: wasDone ? { kind: 'done', result: step } : { kind: 'repeat' } });
}
