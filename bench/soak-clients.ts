/**
 * The clients of the soak: keep some connections busy with requests of every kind, leave a share of them at a random moment, and
 * check whatever is read to its end. Runs as its own process and takes one batch after another over IPC.
 *
 * What a request is like follows from its number alone, so that a run can be repeated.
 */
import { connect, type Socket } from 'node:net';
import { answerEnd, deltaText, type Wish } from './script.ts';
import { createMessageReader } from './wire.ts';

export interface Batch {
  readonly port: number;
  readonly authorization: string;
  /** Number of the first request. */
  readonly first: number;
  readonly requests: number;
  readonly connections: number;
  /** The share of requests whose client leaves before the end. */
  readonly leave: number;
}

export interface BatchResult {
  readonly answered: number;
  readonly left: number;
  readonly failed: number;
  readonly firstFailure: string;
  readonly seconds: number;
}

/** When a client leaves: with half of its request sent, while it waits, or with the first piece of the answer. */
type Moment = 'sending' | 'waiting' | 'reading';

export interface Plan {
  readonly wish: Wish;
  readonly path: string;
  readonly model: string;
  readonly leaves: Moment | undefined;
  /** How it leaves: by a reset, as programs that are killed, or by an end, as those that close. */
  readonly resets: boolean;
}

const moments: readonly Moment[] = ['sending', 'waiting', 'reading'];
const paths = ['/v1/chat/completions', '/v1/messages'] as const;
/** The provider of each format; the mock speaks both. */
const models = ['mock/mock-model', 'claude/mock-model'] as const;
const giveUpMs = 20_000;

/** A half streams; a half is translated; of those that wait, some wait long enough to be left. */
export function planOf(number: number, leave: number): Plan {
  const random = randomOf(number);
  const leaves = random() < leave ? moments[Math.floor(random() * moments.length)] : undefined;
  const streams = leaves === 'reading' || random() < 0.5;
  return {
    wish: {
      delayMs: leaves === 'waiting' ? 20 : 0,
      deltas: streams ? 2 + Math.floor(random() * 20) : 0,
      paceMs: leaves === 'reading' ? 4 : 0,
      seed: number % 1000,
    },
    path: paths[Math.floor(random() * paths.length)] ?? paths[0],
    model: models[Math.floor(random() * models.length)] ?? models[0],
    leaves,
    resets: random() < 0.5,
  };
}

/** As good as any for this: the numbers of two neighbours have nothing in common. */
function randomOf(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function requestText({ wish, path, model }: Plan, { port, authorization }: Batch): string {
  const content = `[bench delay=${wish.delayMs} deltas=${wish.deltas} pace=${wish.paceMs} seed=${wish.seed}] ${'Say something about foxes. '.repeat(6)}`;
  const body = JSON.stringify({ model, max_tokens: 200, stream: wish.deltas > 0, messages: [{ role: 'user', content }] });
  return (
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: ${authorization}\r\ncontent-type: application/json\r\n` +
    `content-length: ${body.length}\r\n\r\n${body}`
  );
}

/** What is wrong with a whole answer; empty if nothing is. */
function wrongWith(plan: Plan, status: string, body: string): string {
  const { wish } = plan;
  const last = wish.deltas === 0 ? answerEnd : deltaText(wish.seed, wish.deltas - 1).trim();
  if (status === '200' && body.includes(last) && !/"error"/.test(body)) return '';
  return `${plan.path} of ${plan.model}: status ${status}: ${body.slice(-300)}`;
}

interface Client {
  /** Resolves with what was wrong, or with nothing. */
  ask(plan: Plan, batch: Batch): Promise<string>;
  close(): void;
}

function createClient(port: number): Client {
  let socket = open();
  let plan: Plan | undefined;
  let status = '';
  let body = '';
  let settle: (failure: string) => void = () => {};

  function open(): Socket {
    const opened = connect({ port, host: '127.0.0.1', noDelay: true });
    opened.on(
      'data',
      createMessageReader({
        onHead(head) {
          status = head.slice(9, 12);
          body = '';
        },
        onBody(piece) {
          body += piece.toString('latin1');
          if (plan?.leaves === 'reading' && opened === socket) leave(plan);
        },
        onEnd() {
          if (opened === socket && plan) settle(wrongWith(plan, status, body));
        },
      }),
    );
    opened.on('error', () => opened.destroy());
    opened.on('close', () => {
      if (opened === socket) settle('the connection was closed before the end');
    });
    opened.setTimeout(giveUpMs, () => opened.destroy());
    return opened;
  }

  /** A client that was answered before it could leave has nothing to leave. */
  function leave(leaving: Plan): void {
    if (plan !== leaving) return;
    const left = socket;
    socket = open();
    if (leaving.resets) left.resetAndDestroy();
    else left.destroy();
    settle('');
  }

  return {
    ask(next, batch) {
      if (socket.destroyed) socket = open();
      plan = next;
      const text = requestText(next, batch);
      return new Promise((resolve) => {
        settle = (failure) => {
          settle = () => {};
          plan = undefined;
          resolve(failure);
        };
        if (next.leaves === 'sending') socket.write(text.slice(0, -50), () => leave(next));
        else {
          socket.write(text);
          // The mock waits longer before its first byte.
          if (next.leaves === 'waiting') setTimeout(leave, 5, next);
        }
      });
    },
    close: () => socket.destroy(),
  };
}

export async function runBatch(batch: Batch): Promise<BatchResult> {
  const result = { answered: 0, left: 0, failed: 0, firstFailure: '' };
  const startedMs = performance.now();
  const end = batch.first + batch.requests;
  let next = batch.first;

  async function drive(client: Client): Promise<void> {
    while (next < end) {
      const plan = planOf(next, batch.leave);
      next += 1;
      const failure = await client.ask(plan, batch);
      if (failure !== '') {
        result.failed += 1;
        result.firstFailure ||= failure;
      } else if (plan.leaves) result.left += 1;
      else result.answered += 1;
    }
    client.close();
  }
  await Promise.all(Array.from({ length: batch.connections }, () => drive(createClient(batch.port))));
  return { ...result, seconds: (performance.now() - startedMs) / 1000 };
}

if (import.meta.main) {
  process.on('message', (batch: Batch) => {
    void runBatch(batch).then((result) => process.send?.({ result }));
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ listening: 0 });
}
