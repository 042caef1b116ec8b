/**
 * Carries one scripted run through kills at random moments and holds the outside world against the journal: what a server counted, what a file
 * has, what somebody who followed saw.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OutcomeDecision, RunEvent, RunView } from '@openclaw/protocol';

export type FromProcess =
  | { readonly kind: 'recovering' | 'ready' | 'compacted' }
  | { readonly kind: 'created'; readonly runId: string }
  | { readonly kind: 'event'; readonly event: RunEvent }
  | { readonly kind: 'over'; readonly view: RunView; readonly children: readonly RunView[] }
  | { readonly kind: 'failed'; readonly reason: string };

export type ToProcess =
  | { readonly kind: 'create'; readonly key: string }
  | { readonly kind: 'follow'; readonly runId: string; readonly after: number }
  | { readonly kind: 'resolve'; readonly runId: string; readonly step: number; readonly decision: OutcomeDecision }
  | { readonly kind: 'compact' };

export const phases = [
  'before intent',
  'intent to effect',
  'effect to result',
  'result to reply',
  'streaming',
  'child at work',
  'recovery',
  'compaction',
] as const;
export type Phase = (typeof phases)[number];

export interface Outside extends AsyncDisposable {
  readonly url: string;
  /** How often each key was asked for by each method. */
  readonly counts: ReadonlyMap<string, number>;
}

/** A server that counts; an answer takes a moment, before and after the counting. */
export async function startOutside(): Promise<Outside> {
  const counts = new Map<string, number>();
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));
  const server = createServer((request, response) => {
    request.resume();
    const [, method = '', key = ''] = (request.url ?? '').split('/');
    void (async () => {
      await pause();
      const name = `${method} ${decodeURIComponent(key)}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      await pause();
      response.end('done');
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export interface Carried {
  readonly view: RunView;
  /** Runs that it has begun. */
  readonly children: readonly RunView[];
  /** What somebody who followed from the beginning saw. */
  readonly seen: readonly RunEvent[];
  /** What is there in the end: where it was compacted, without the streamed text. */
  readonly left: readonly RunEvent[];
  readonly kills: readonly Phase[];
  /** Calls whose outcome nobody knew, by their key. */
  readonly unknown: ReadonlySet<string>;
  readonly notes: readonly string[];
}

export interface CarryOptions {
  readonly outside: Outside;
  /** At most so many; the run ends in between. */
  readonly kills: number;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Kills while the run that has ended is compacted. @default 0 */
  readonly compactions?: number;
}

/** How long a life lasts at most; most are shorter. */
const lifeMs = 120;

export async function carryThrough({ outside, kills, random, compactions = 0 }: CarryOptions): Promise<Carried> {
  const directory = await mkdtemp(join(tmpdir(), 'openclaw-crash-'));
  const seen: RunEvent[] = [];
  const hit: Phase[] = [];
  const unknown = new Set<string>();
  let runId: string | undefined;
  try {
    for (;;) {
      const life = new Life(directory, outside.url);
      const isLast = hit.length >= kills;
      // Some are killed before they are ready: while they take up what was left.
      const early = !isLast && random() < 0.15;
      if (!isLast) life.killAfter(early ? random() * 60 : 150 + random() * lifeMs, early);
      const over = await live(life, { runId, seen, unknown, outside, onRun: (id) => (runId = id) });
      await life.ended();
      if (over) {
        const { view, children } = over;
        const left = await killCompactions({ directory, url: outside.url, runId: view.id, times: compactions, random });
        const all = [...hit, ...Array<Phase>(compactions).fill('compaction')];
        return { view, children, seen, left, kills: all, unknown, notes: await notesIn(directory) };
      }
      hit.push(phaseOf(life, seen, outside));
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface Compactions {
  readonly directory: string;
  readonly url: string;
  readonly runId: string;
  readonly times: number;
  readonly random: () => number;
}

/** @returns the events that are there afterwards */
async function killCompactions({ directory, url, runId, times, random }: Compactions): Promise<RunEvent[]> {
  for (let kill = 0; kill < times; kill += 1) {
    const life = new Life(directory, url);
    for await (const message of life.messages()) {
      if (message.kind !== 'ready') continue;
      life.send({ kind: 'compact' });
      setTimeout(() => life.stop(), random() * 6);
    }
    await life.ended();
  }
  const left: RunEvent[] = [];
  const life = new Life(directory, url);
  for await (const message of life.messages()) {
    if (message.kind === 'ready') life.send({ kind: 'follow', runId, after: 0 });
    else if (message.kind === 'event') left.push(message.event);
    else if (message.kind === 'over') life.stop();
  }
  await life.ended();
  return left;
}

async function notesIn(directory: string): Promise<string[]> {
  const text = await readFile(join(directory, 'notes.txt'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

interface LiveOptions {
  readonly runId: string | undefined;
  readonly seen: RunEvent[];
  readonly unknown: Set<string>;
  readonly outside: Outside;
  readonly onRun: (runId: string) => void;
}

/** @returns the run once it has ended; undefined where the process was killed before */
async function live(
  life: Life,
  { runId, seen, unknown, outside, onRun }: LiveOptions,
): Promise<Pick<Carried, 'view' | 'children'> | undefined> {
  const decide = (event: RunEvent): void => {
    if (event.kind !== 'run.parked' || event.waitsFor.kind !== 'outcome') return;
    const key = `${event.runId}/${event.waitsFor.step}`;
    unknown.add(key);
    // As an operator does who looks whether it happened.
    const decision: OutcomeDecision = outside.counts.has(`POST ${key}`) ? { kind: 'done', result: 'done' } : { kind: 'repeat' };
    life.send({ kind: 'resolve', runId: event.runId, step: event.waitsFor.step, decision });
  };
  for await (const message of life.messages()) {
    if (message.kind === 'failed') {
      // The decision of a life before has got into the journal after all.
      if (!/outcome_not_open|not asked for/.test(message.reason)) throw new Error(message.reason);
    } else if (message.kind === 'ready') {
      if (runId === undefined) life.send({ kind: 'create', key: 'the one' });
      else life.send({ kind: 'follow', runId, after: seen.at(-1)?.seq ?? 0 });
      const last = seen.at(-1);
      if (last) decide(last);
    } else if (message.kind === 'created') {
      onRun(message.runId);
      life.send({ kind: 'follow', runId: message.runId, after: 0 });
    } else if (message.kind === 'event') {
      seen.push(message.event);
      decide(message.event);
    } else if (message.kind === 'over') {
      life.stop();
      return message;
    }
  }
  return undefined;
}

/** Where the kill hit, by what is known outside: the last event that was told, and what the server counted. */
function phaseOf(life: Life, seen: readonly RunEvent[], { counts }: Outside): Phase {
  if (!life.wasReady) return 'recovery';
  const last = seen.findLast(({ kind }) => kind !== 'run.parked');
  if (!last) return 'before intent';
  if (last.kind === 'step.delta') return 'streaming';
  if (last.kind === 'child.created' || last.kind === 'child.changed') return 'child at work';
  if (last.kind !== 'step.started') return last.kind === 'step.finished' ? 'result to reply' : 'before intent';
  if (last.stepKind !== 'tool') return 'streaming';
  const method = { look: 'GET', put: 'PUT', send: 'POST' }[last.name];
  return method !== undefined && counts.has(`${method} ${last.idempotencyKey}`) ? 'effect to result' : 'intent to effect';
}

class Life {
  wasReady = false;
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  #timer: NodeJS.Timeout | undefined;

  constructor(directory: string, server: string) {
    const program = join(import.meta.dirname, 'crash-process.ts');
    this.#child = fork(program, [directory, server], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#exit = once(this.#child, 'exit');
  }

  /** @param early counted from the moment when it begins to take up what was left; else from when it is ready */
  killAfter(ms: number, early: boolean): void {
    const wanted: FromProcess['kind'] = early ? 'recovering' : 'ready';
    this.#child.on('message', (message: FromProcess) => {
      if (message.kind === wanted) this.#timer = setTimeout(() => this.#child.kill('SIGKILL'), early ? ms / 4 : ms);
    });
  }

  send(message: ToProcess): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  async *messages(): AsyncGenerator<FromProcess, undefined> {
    const waiting: FromProcess[] = [];
    let wake: (() => void) | undefined;
    let isOver = false;
    this.#child.on('message', (message: FromProcess) => {
      if (message.kind === 'ready') this.wasReady = true;
      waiting.push(message);
      wake?.();
    });
    void this.#exit.then(() => {
      isOver = true;
      wake?.();
    });
    for (;;) {
      const next = waiting.shift();
      if (next) yield next;
      else if (isOver) return undefined;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#child.kill('SIGKILL');
  }

  async ended(): Promise<void> {
    await this.#exit;
    clearTimeout(this.#timer);
  }
}
