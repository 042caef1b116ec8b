/**
 * The run of the crash test in a whole gateway: a process of its own with built-in tools of every effect, against a server that counts what it is
 * asked and a file that grows. Whoever follows a run goes on over everything that befalls the gateway, and decides what nobody else can know.
 *
 * What befalls it is the tests' to do.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { OpenClaw, OpenClawError, type RunEvent } from '@openclaw/client';
import { freePort } from '../complaints/operator.ts';
import { startProgram, type Program } from '../harness/program.ts';
import { checkCarried } from './crash-checks.ts';
import { startOutside, type Outside } from './crash-loop.ts';

export interface GatewaySceneOptions {
  /** Where the state directory lies; made and removed by the scene where it is not given. */
  readonly stateDirectory?: string;
  /** How long each answer takes. @default 30 */
  readonly answerMs?: number;
  /** Called when something has shown that it is durable: somebody was told, or something was done whose intent is written before. */
  readonly onShown?: () => void;
}

export interface GatewayScene extends AsyncDisposable {
  readonly stateDirectory: string;
  readonly token: string;
  readonly home: string;
  /** Of commands that speak with the gateway. */
  readonly environment: Record<string, string>;
  readonly outside: Outside;
  /** Of the one port at which there is a gateway now and then; it is patient. */
  readonly client: OpenClaw;
  /** Asks once. */
  ask(path: string, body?: object): Promise<Response>;
  /** A gateway on the state directory, or on another one in its place. */
  start(options?: StartOptions): Promise<Program>;
  /** @param name of the run, not used before @param calls what it calls in turn; other ones than these cannot be checked. @default all */
  begin(name: string, calls?: readonly Call[]): Promise<FollowedRun>;
  /** That its run has ended well, and that everything was done as often as it may be. */
  check(run: FollowedRun): Promise<void>;
}

export interface StartOptions {
  readonly stateDirectory?: string;
  readonly env?: Record<string, string>;
  /** After `gateway run`. */
  readonly args?: readonly string[];
}

export interface FollowedRun {
  readonly id: string;
  readonly name: string;
  /** What somebody saw who has followed it from the beginning, so far. */
  readonly seen: readonly RunEvent[];
  /** Calls whose outcome nobody knew, by their key. */
  readonly unknown: ReadonlySet<string>;
  /** It has ended, and everything was seen. */
  readonly ended: Promise<void>;
}

const token = 'token-of-the-scene';
const turns = 10;
type Call = 'look' | 'put' | 'send' | 'note';
const everyCall: readonly Call[] = ['look', 'put', 'send', 'note'];
const lastLine = '-- end --';

export async function createGatewayScene(options: GatewaySceneOptions = {}): Promise<GatewayScene> {
  const { stateDirectory: given, answerMs = 30, onShown = () => {} } = options;
  const resources = new AsyncDisposableStack();
  const home = mkdtempSync(join(tmpdir(), 'openclaw-scene-'));
  resources.defer(() => rmSync(home, { recursive: true, force: true }));
  const outside = resources.use(await startOutside({ onCount: onShown }));
  const workspace = join(home, 'workspace');
  mkdirSync(workspace);
  const watcher = watch(workspace, onShown);
  resources.defer(() => watcher.close());
  const stateDirectory = given ?? join(home, '.openclaw');
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  writeFileSync(join(stateDirectory, 'openclaw.json'), JSON.stringify(settingsOf(workspace)));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const environment = { OPENCLAW_STATE_DIR: stateDirectory, OPENCLAW_GATEWAY_PORT: port, OPENCLAW_GATEWAY_TOKEN: token };
  // That the gateway is away is what these tests are about, and no reason to leave it alone for a while.
  const client = resources.use(new OpenClaw({ baseURL: url, token, breaker: { failureThreshold: 10_000 } }));
  return {
    ...{ stateDirectory, token, home, environment, outside, client },
    ask: (path, body) =>
      fetch(url + path, {
        headers: { authorization: `Bearer ${token}` },
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      }),
    async start({ stateDirectory: other = stateDirectory, env = {}, args = [] } = {}) {
      return resources.use(
        await startProgram({ home, args: ['gateway', 'run', ...args], env: { ...environment, OPENCLAW_STATE_DIR: other, ...env } }),
      );
    },
    async begin(name, calls = everyCall) {
      writeFileSync(join(workspace, `${name}.txt`), lastLine);
      const { id } = await client.runs.create({ input: scriptOf({ name, url: outside.url, answerMs, calls }), idempotencyKey: name });
      onShown();
      const wasDone = (step: number): boolean =>
        outside.counts.has(`POST ${name}-${step}`) || notesIn(workspace, name).includes(`step ${step}`);
      return follow(client, { id, name, onShown, wasDone });
    },
    async check(run) {
      const [view, left] = await Promise.all([client.runs.get(run.id), eventsOf(client, run.id)]);
      const notes = notesIn(workspace, run.name);
      checkCarried(
        { ...run, view, left, notes, children: [], kills: [] },
        { counts: countsOf(run, outside) },
        { posts: 2, puts: 3, tasks: [] },
      );
      for (const [index, event] of run.seen.entries())
        assert.ok(event.atMs >= (run.seen[index - 1]?.atMs ?? 0), `event ${event.seq} is older than the one before it`);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The host that heeds keys has its calls made again; to the other one, which is the same by another name, they are made once. */
function settingsOf(workspace: string): object {
  return {
    tools: { http: { privateAddresses: ['127.0.0.0/8', '::1'], keyedHosts: ['127.0.0.1'] } },
    agents: {
      defaults: { model: 'openclaw/rehearsal', tools: { allow: ['*'], ask: [], deny: [] } },
      entries: { main: { workspace } },
    },
  };
}

interface Script {
  readonly name: string;
  readonly url: string;
  readonly answerMs: number;
  readonly calls: readonly Call[];
}

/** Ten answers with a call each and the last answer: twenty-one steps. */
function scriptOf({ name, url, answerMs, calls }: Script): string {
  const lineOf: Record<Call, (step: number) => string> = {
    look: (step) => `http ${JSON.stringify({ url: `${url}/GET/${name}-${step}` })}`,
    put: (step) => `http ${JSON.stringify({ url: `${url}/PUT/${name}-${step}`, method: 'PUT' })}`,
    send: (step) => `http ${JSON.stringify({ url: `${url.replace('127.0.0.1', 'localhost')}/POST/${name}-${step}`, method: 'POST' })}`,
    note: (step) => `edit ${JSON.stringify({ path: `${name}.txt`, oldText: lastLine, newText: `step ${step}\n${lastLine}` })}`,
  };
  const lines = Array.from({ length: turns }, (_, turn) => {
    const call = lineOf[calls[turn % calls.length] ?? 'look'](2 * turn + 2);
    return `say Answer ${turn} is thought\nwait ${answerMs}ms\nsay about for a moment.\ntool ${call}`;
  });
  return [...lines, 'say That was all.'].join('\n');
}

function notesIn(workspace: string, name: string): readonly string[] {
  const lines = readFileSync(join(workspace, `${name}.txt`), 'utf8').split('\n');
  assert.equal(lines.pop(), lastLine);
  return lines;
}

interface Following extends Pick<FollowedRun, 'id' | 'name'> {
  readonly onShown: () => void;
  readonly wasDone: (step: number) => boolean;
}

function follow(client: OpenClaw, { id, name, onShown, wasDone }: Following): FollowedRun {
  const seen: RunEvent[] = [];
  const unknown = new Set<string>();
  const read = async (): Promise<void> => {
    for await (const event of client.runs.events(id)) {
      seen.push(event);
      onShown();
      if (event.kind !== 'run.parked' || event.waitsFor.kind !== 'outcome') continue;
      const { step } = event.waitsFor;
      unknown.add(`${id}/${step}`);
      await decide(client, { id, step, wasDone });
      onShown();
    }
  };
  const ended = read();
  // Whoever waits for it is told; nobody does while something befalls the gateway.
  ended.catch(() => {});
  return { id, name, seen, unknown, ended };
}

interface Question {
  readonly id: string;
  readonly step: number;
  readonly wasDone: (step: number) => boolean;
}

/** As an operator does who looks whether it happened, and comes again where no answer came. */
async function decide({ runs }: OpenClaw, { id, step, wasDone }: Question): Promise<void> {
  for (;;) {
    try {
      await runs.resolveOutcome(id, { step, decision: wasDone(step) ? { kind: 'done', result: 'done' } : { kind: 'repeat' } });
      return;
    } catch (thrown) {
      if (!(thrown instanceof OpenClawError)) throw thrown;
      // A gateway that is gone by now has taken the answer.
      if (thrown.code === 'outcome_not_open') return;
      if (!thrown.retryable && thrown.status !== 0) throw thrown;
      await wait(50);
    }
  }
}

async function eventsOf(client: OpenClaw, id: string): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of client.runs.events(id)) events.push(event);
  return events;
}

/** What the server counted for this run, by the keys of its calls. */
function countsOf({ id, name }: FollowedRun, { counts }: Outside): ReadonlyMap<string, number> {
  const own = [...counts].flatMap(([what, times]) => {
    const [, method, step] = new RegExp(`^(\\w+) ${name}-(\\d+)$`).exec(what) ?? [];
    return method === undefined ? [] : [[`${method} ${id}/${step}`, times] as const];
  });
  return new Map(own);
}
