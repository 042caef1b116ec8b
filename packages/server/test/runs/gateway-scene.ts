/**
 * The run of the crash test in a whole gateway: a process of its own with built-in tools of every effect, against a server that counts what it is
 * asked and a file that grows. Whoever follows a run goes on over everything that befalls the gateway, and decides what nobody else can know.
 *
 * What befalls it is the tests' to do.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OpenClaw, type RunEvent } from '@openclaw/client';
import { freePort } from '../complaints/operator.ts';
import { startProgram, type Program } from '../harness/program.ts';
import { checkCarried } from './crash-checks.ts';
import { startOutside, type Outside } from './crash-loop.ts';

export interface GatewaySceneOptions {
  /** Where the state directory lies; made and removed by the scene where it is not given. */
  readonly stateDirectory?: string;
  /** How long each answer takes. @default 30 */
  readonly answerMs?: number;
}

export interface GatewayScene extends AsyncDisposable {
  readonly stateDirectory: string;
  readonly outside: Outside;
  /** Of the one port at which there is a gateway now and then; it is patient. */
  readonly client: OpenClaw;
  /** Asks once. */
  ask(path: string, body?: object): Promise<Response>;
  /** A gateway on the state directory, or on another one in its place. */
  start(options?: { readonly stateDirectory?: string; readonly env?: Record<string, string> }): Promise<Program>;
  /** @param name of the run, not used before */
  begin(name: string): Promise<FollowedRun>;
  /** That its run has ended well, and that everything was done as often as it may be. */
  check(run: FollowedRun): Promise<void>;
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
const order = ['look', 'put', 'send', 'note'] as const;
const lastLine = '-- end --';

export async function createGatewayScene({ stateDirectory: given, answerMs = 30 }: GatewaySceneOptions = {}): Promise<GatewayScene> {
  const resources = new AsyncDisposableStack();
  const home = mkdtempSync(join(tmpdir(), 'openclaw-scene-'));
  resources.defer(() => rmSync(home, { recursive: true, force: true }));
  const outside = resources.use(await startOutside());
  const workspace = join(home, 'workspace');
  mkdirSync(workspace);
  const stateDirectory = given ?? join(home, '.openclaw');
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  writeFileSync(join(stateDirectory, 'openclaw.json'), JSON.stringify(settingsOf(workspace)));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const client = resources.use(new OpenClaw({ baseURL: url, token }));
  return {
    ...{ stateDirectory, outside, client },
    ask: (path, body) =>
      fetch(url + path, {
        headers: { authorization: `Bearer ${token}` },
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      }),
    async start({ stateDirectory: other = stateDirectory, env = {} } = {}) {
      const own = { OPENCLAW_STATE_DIR: other, OPENCLAW_GATEWAY_PORT: port, OPENCLAW_GATEWAY_TOKEN: token };
      return resources.use(await startProgram({ home, env: { ...own, ...env } }));
    },
    async begin(name) {
      writeFileSync(join(workspace, `${name}.txt`), lastLine);
      const { id } = await client.runs.create({ input: scriptOf(name, outside.url, answerMs), idempotencyKey: name });
      return follow(client, { id, name, outside });
    },
    async check(run) {
      const [view, left] = await Promise.all([client.runs.get(run.id), eventsOf(client, run.id)]);
      const notes = readFileSync(join(workspace, `${run.name}.txt`), 'utf8').split('\n');
      assert.equal(notes.pop(), lastLine);
      checkCarried({ ...run, view, left, notes, kills: [] }, { counts: countsOf(run, outside) });
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

/** Ten answers with a call each and the last answer: twenty-one steps. */
function scriptOf(name: string, url: string, answerMs: number): string {
  const calls: Record<(typeof order)[number], (step: number) => string> = {
    look: (step) => `http ${JSON.stringify({ url: `${url}/GET/${name}-${step}` })}`,
    put: (step) => `http ${JSON.stringify({ url: `${url}/PUT/${name}-${step}`, method: 'PUT' })}`,
    send: (step) => `http ${JSON.stringify({ url: `${url.replace('127.0.0.1', 'localhost')}/POST/${name}-${step}`, method: 'POST' })}`,
    note: (step) => `edit ${JSON.stringify({ path: `${name}.txt`, oldText: lastLine, newText: `step ${step}\n${lastLine}` })}`,
  };
  const lines = Array.from({ length: turns }, (_, turn) => {
    const call = calls[order[turn % order.length] ?? 'look'](2 * turn + 2);
    return `say Answer ${turn} is thought\nwait ${answerMs}ms\nsay about for a moment.\ntool ${call}`;
  });
  return [...lines, 'say That was all.'].join('\n');
}

function follow(
  client: OpenClaw,
  { id, name, outside }: { readonly id: string; readonly name: string; readonly outside: Outside },
): FollowedRun {
  const seen: RunEvent[] = [];
  const unknown = new Set<string>();
  const read = async (): Promise<void> => {
    for await (const event of client.runs.events(id)) {
      seen.push(event);
      if (event.kind !== 'run.parked' || event.waitsFor.kind !== 'outcome') continue;
      const { step } = event.waitsFor;
      unknown.add(`${id}/${step}`);
      // As an operator does who looks whether it happened.
      const wasDone = outside.counts.has(`POST ${name}-${step}`);
      await client.runs.resolveOutcome(id, { step, decision: wasDone ? { kind: 'done', result: 'done' } : { kind: 'repeat' } });
    }
  };
  const ended = read();
  // Whoever waits for it is told; nobody does while something befalls the gateway.
  ended.catch(() => {});
  return { id, name, seen, unknown, ended };
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
