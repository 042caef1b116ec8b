/**
 * Carries one scripted run through kills at random moments and holds the outside world against the journal: what a server counted, what a file
 * has, what somebody who followed saw.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
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
  /** Everything that it was asked is counted. For whoever has ended all that could ask. */
  quiet(): Promise<void>;
}

/** A server that counts; an answer takes a moment, before and after the counting. */
export async function startOutside({ onCount }: { readonly onCount?: () => void } = {}): Promise<Outside> {
  const counts = new Map<string, number>();
  const pause = (ms = 2): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const connections = new Set<Socket>();
  const server = createServer((request, response) => {
    request.resume();
    const [, method = '', key = ''] = (request.url ?? '').split('/');
    void (async () => {
      await pause();
      const name = `${method} ${decodeURIComponent(key)}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      onCount?.();
      await pause();
      response.end('done');
    })();
  });
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    async quiet() {
      do await pause(20);
      while (connections.size > 0);
    },
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
  /** Every other kill waits for one of these; the rest come at random moments. @default none */
  readonly aims?: readonly Phase[];
}

/** How long a run takes about, where nobody kills it. */
const runMs = 250;
/** How long it takes to take up what was left, until one has been seen that did. */
const firstRecoveryMs = 40;
/** Of the moments that a kill waits for this part is taken, so that none of them is always the first. */
const partTaken = 0.2;

export async function carryThrough({ outside, kills, random, compactions = 0, aims = [] }: CarryOptions): Promise<Carried> {
  const directory = await mkdtemp(join(tmpdir(), 'openclaw-crash-'));
  const seen: RunEvent[] = [];
  const hit: Phase[] = [];
  const unknown = new Set<string>();
  let runId: string | undefined;
  let recoveryMs = firstRecoveryMs;
  try {
    for (;;) {
      const life = new Life(directory, outside.url);
      if (hit.length < kills) arm(life, { seen, recoveryMs, aims, random });
      const over = await live(life, { runId, seen, unknown, outside, onRun: (id) => (runId = id) });
      await life.ended();
      recoveryMs = life.recoveryMs ?? recoveryMs;
      if (over) {
        const { view, children } = over;
        const { left, hits } = await killCompactions({ directory, url: outside.url, runId: view.id, times: compactions, random });
        const all = [...hit, ...Array<Phase>(hits).fill('compaction')];
        return { view, children, seen, left, kills: all, unknown, notes: await notesIn(directory) };
      }
      const phase = phaseOf(life, { seen, outside, notes: await notesIn(directory) });
      if (phase !== undefined) hit.push(phase);
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface Arming extends Required<Pick<CarryOptions, 'aims' | 'random'>> {
  readonly seen: readonly RunEvent[];
  readonly recoveryMs: number;
}

/** Sees to it that a life ends: at a random moment, or in one of the phases that are aimed at. */
function arm(life: Life, { seen, recoveryMs, aims, random }: Arming): void {
  const aim = random() < 0.5 ? aims[Math.floor(random() * aims.length)] : undefined;
  // Before there is a run, there is nothing to take up.
  if (seen.length === 0) life.killAfter('ready', random() * runMs);
  else if (aim === 'recovery') life.killAfter('recovering', random() * recoveryMs);
  else if (aim === undefined) life.killAfter('recovering', random() * (recoveryMs + runMs));
  else {
    const isMoment = (event: RunEvent): boolean =>
      random() < partTaken && momentOf(event, seen) === (aim === 'effect to result' ? 'intent to effect' : aim);
    // The server counts two milliseconds after it is asked, and answers two later.
    life.killOn(isMoment, aim === 'effect to result' ? 2 + random() * 3 : 0);
  }
}

interface Compactions {
  readonly directory: string;
  readonly url: string;
  readonly runId: string;
  readonly times: number;
  readonly random: () => number;
}

interface Compacted {
  /** The events that are there afterwards. */
  readonly left: readonly RunEvent[];
  /** Kills that came before it said that it was done. */
  readonly hits: number;
}

async function killCompactions({ directory, url, runId, times, random }: Compactions): Promise<Compacted> {
  let hits = 0;
  for (let kill = 0; kill < times; kill += 1) {
    const life = new Life(directory, url);
    let isDone = false;
    for await (const message of life.messages()) {
      if (message.kind === 'compacted') isDone = true;
      if (message.kind !== 'ready') continue;
      life.send({ kind: 'compact' });
      setTimeout(() => life.stop(), random() * 6);
    }
    await life.ended();
    if (!isDone) hits += 1;
  }
  const left: RunEvent[] = [];
  const life = new Life(directory, url);
  for await (const message of life.messages()) {
    if (message.kind === 'ready') life.send({ kind: 'follow', runId, after: 0 });
    else if (message.kind === 'event') left.push(message.event);
    else if (message.kind === 'over') life.stop();
  }
  await life.ended();
  return { left, hits };
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

/** What comes after an event, as far as that can be told by the event alone. */
function momentOf(event: RunEvent, seen: readonly RunEvent[]): Phase {
  if (event.kind === 'step.delta') return 'streaming';
  if (event.kind === 'child.created' || event.kind === 'child.changed') return 'child at work';
  if (event.kind === 'step.started') return event.stepKind === 'tool' ? 'intent to effect' : 'streaming';
  if (event.kind !== 'step.finished') return 'before intent';
  const begun = seen.findLast((each) => each.kind === 'step.started' && each.step === event.step);
  return begun?.kind === 'step.started' && begun.stepKind === 'tool' ? 'result to reply' : 'before intent';
}

/**
 * Where the kill hit, by what is known outside: the last event that was told, and what came of the call that it is about. Undefined where there was
 * no run yet, and nothing to hit.
 */
function phaseOf(
  life: Life,
  { seen, outside, notes }: { readonly seen: readonly RunEvent[]; readonly outside: Outside; readonly notes: readonly string[] },
): Phase | undefined {
  if (life.recoveryMs === undefined) return seen.length > 0 ? 'recovery' : undefined;
  const last = seen.findLast(({ kind }) => kind !== 'run.parked');
  if (!last) return 'before intent';
  const moment = momentOf(last, seen);
  if (moment !== 'intent to effect' || last.kind !== 'step.started') return moment;
  const key = last.idempotencyKey ?? '';
  const wasDone = notes.includes(key) || ['GET', 'PUT', 'POST'].some((method) => outside.counts.has(`${method} ${key}`));
  return wasDone ? 'effect to result' : moment;
}

class Life {
  /** From when it begins to open what is there until it has taken up what was left; undefined where it did not get that far. */
  recoveryMs: number | undefined;
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  #timer: NodeJS.Timeout | undefined;

  constructor(directory: string, server: string) {
    const program = join(import.meta.dirname, 'crash-process.ts');
    this.#child = fork(program, [directory, server], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#exit = once(this.#child, 'exit');
    let recoveringMs = 0;
    this.#child.on('message', ({ kind }: FromProcess) => {
      if (kind === 'recovering') recoveringMs = performance.now();
      if (kind === 'ready') this.recoveryMs = performance.now() - recoveringMs;
    });
  }

  killAfter(from: 'recovering' | 'ready', ms: number): void {
    this.#child.on('message', ({ kind }: FromProcess) => {
      if (kind === from) this.#timer = setTimeout(() => this.#child.kill('SIGKILL'), ms);
    });
  }

  killOn(isMoment: (event: RunEvent) => boolean, afterMs: number): void {
    this.#child.on('message', (message: FromProcess) => {
      if (message.kind === 'event' && isMoment(message.event)) this.#timer ??= setTimeout(() => this.#child.kill('SIGKILL'), afterMs);
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
