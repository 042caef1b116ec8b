/**
 * The load generator: raw sockets, requests prepared beforehand, every answer checked. Runs as its own process and takes one
 * job after another over IPC.
 *
 * It does not interpret its figures and knows nothing of what stands behind a port.
 */
import { connect, type Socket } from 'node:net';
import { percentile } from './percentile.ts';
import { answerEnd, deltaText, plainWish, requestBody, type Wish } from './script.ts';
import { createMessageReader } from './wire.ts';

export interface Target {
  readonly name: string;
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly model: string;
}

interface ClosedLoop {
  /** Every connection sends its next request when the last one is answered. Ends at whichever limit is given. */
  readonly kind: 'closed-loop';
  readonly connections: number;
  readonly requests?: number;
  readonly durationMs?: number;
  readonly delayMs?: number;
}

interface FirstToken {
  readonly kind: 'first-token';
  readonly requests: number;
}

interface HoldStreams {
  readonly kind: 'hold-streams';
  readonly streams: number;
  readonly deltas: number;
  readonly paceMs: number;
  /** Streams are opened evenly over this time. */
  readonly rampMs: number;
}

export type Job = (ClosedLoop | FirstToken | HoldStreams) & { readonly target: Target };

export interface LoopResult {
  readonly answered: number;
  readonly failed: number;
  readonly firstFailure: string;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface StreamsResult {
  readonly asked: number;
  /** Every frame arrived, in order, with its own text, and none was late. */
  readonly held: number;
  /** Ended early, or with a frame lost or altered. */
  readonly broken: number;
  /** Complete, but with a stall of more than ten times the pace. */
  readonly stalled: number;
  readonly worstGapMs: number;
  readonly firstFailure: string;
}

/** A stall this many times the pace counts as late, as in the public comparison of gateways. */
const stallFactor = 10;
const firstTokenWish: Wish = { delayMs: 0, deltas: 3, paceMs: 4, seed: 1 };
/** Far beyond any answer of the mock: what hangs this long is broken. */
const giveUpMs = 20_000;

interface Exchange {
  onPiece?(piece: Buffer): void;
  /** `failure` is empty for a complete answer with status 200. */
  onDone(failure: string, body: string): void;
}

interface Connection {
  send(request: string, exchange: Exchange): void;
  close(): void;
}

function openConnection(port: number): Connection {
  let exchange: Exchange | undefined;
  let status = '';
  let body = '';
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });

  function finish(failure: string): void {
    const done = exchange;
    exchange = undefined;
    done?.onDone(failure, body);
  }
  const read = createMessageReader({
    onHead(head) {
      status = head.slice(9, 12);
      body = '';
    },
    onBody(piece) {
      if (exchange?.onPiece !== undefined && status === '200') exchange.onPiece(piece);
      else body += piece.toString('latin1');
    },
    onEnd: () => finish(status === '200' ? '' : `status ${status}: ${body.slice(0, 200)}`),
  });
  socket.on('data', read);
  socket.on('error', (error) => finish(error.message));
  socket.on('close', () => finish('connection closed before the end'));
  socket.setTimeout(giveUpMs, () => socket.destroy());
  return {
    send(request, next) {
      exchange = next;
      if (socket.destroyed) finish('connection closed between requests');
      else socket.write(request);
    },
    close: () => socket.destroy(),
  };
}

function requestBytes(target: Target, wish: Wish): string {
  const body = requestBody(target.model, wish);
  const headers = {
    host: `127.0.0.1:${target.port}`,
    'content-type': 'application/json',
    ...target.headers,
    'content-length': String(body.length),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${target.path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

async function runClosedLoop(job: ClosedLoop & { target: Target }): Promise<LoopResult> {
  const request = requestBytes(job.target, { ...plainWish, delayMs: job.delayMs ?? 0 });
  const latenciesMs: number[] = [];
  let left = job.requests ?? Number.POSITIVE_INFINITY;
  let failed = 0;
  let firstFailure = '';
  const startedMs = performance.now();
  const endMs = startedMs + (job.durationMs ?? Number.POSITIVE_INFINITY);

  function drive(finished: () => void): void {
    let connection = openConnection(job.target.port);
    let sentMs = 0;
    const exchange: Exchange = {
      onDone(failure, body) {
        const nowMs = performance.now();
        const wrong = failure === '' && !body.includes(answerEnd) ? `unexpected answer: ${body.slice(0, 200)}` : failure;
        if (wrong === '') latenciesMs.push(nowMs - sentMs);
        else {
          failed += 1;
          firstFailure ||= wrong;
          connection.close();
          connection = openConnection(job.target.port);
        }
        // A target that refuses everything must not turn the generator into a busy loop.
        if (nowMs < endMs && left > 0 && failed < 1000) next();
        else {
          connection.close();
          finished();
        }
      },
    };
    function next(): void {
      left -= 1;
      sentMs = performance.now();
      connection.send(request, exchange);
    }
    next();
  }
  await Promise.all(Array.from({ length: job.connections }, () => new Promise<void>(drive)));
  return loopResult(latenciesMs, { failed, firstFailure, seconds: (performance.now() - startedMs) / 1000 });
}

function loopResult(latenciesMs: number[], rest: { failed: number; firstFailure: string; seconds: number }): LoopResult {
  return { answered: latenciesMs.length, ...rest, p50Ms: percentile(latenciesMs, 0.5), p99Ms: percentile(latenciesMs, 0.99) };
}

/** One stream after another on one connection; the time from request to the first text of the answer. */
async function runFirstToken(job: FirstToken & { target: Target }): Promise<LoopResult> {
  const request = requestBytes(job.target, firstTokenWish);
  const firstText = deltaText(firstTokenWish.seed, 0);
  const latenciesMs: number[] = [];
  let failed = 0;
  let firstFailure = '';
  const startedMs = performance.now();
  const connection = openConnection(job.target.port);
  for (let count = 0; count < job.requests && failed === 0; count += 1) {
    const failure = await new Promise<string>((resolve) => {
      const sentMs = performance.now();
      let seen = false;
      connection.send(request, {
        onPiece(piece) {
          if (seen || !piece.includes(firstText)) return;
          seen = true;
          latenciesMs.push(performance.now() - sentMs);
        },
        onDone: (reason) => resolve(reason === '' && !seen ? 'no first token' : reason),
      });
    });
    if (failure === '') continue;
    failed += 1;
    firstFailure ||= failure;
  }
  connection.close();
  return loopResult(latenciesMs, { failed, firstFailure, seconds: (performance.now() - startedMs) / 1000 });
}

interface StreamOutcome {
  readonly failure: string;
  readonly worstGapMs: number;
}

async function runHoldStreams(job: HoldStreams & { target: Target }): Promise<StreamsResult> {
  const outcomes = await Promise.all(
    Array.from({ length: job.streams }, async (_, seed) => {
      await new Promise((resolve) => setTimeout(resolve, (seed * job.rampMs) / job.streams));
      return holdStream(job.target, { delayMs: 0, deltas: job.deltas, paceMs: job.paceMs, seed });
    }),
  );
  const broken = outcomes.filter(({ failure }) => failure !== '');
  const stalled = outcomes.filter(({ failure, worstGapMs }) => failure === '' && worstGapMs > stallFactor * job.paceMs);
  return {
    asked: job.streams,
    held: job.streams - broken.length - stalled.length,
    broken: broken.length,
    stalled: stalled.length,
    worstGapMs: Math.max(...outcomes.map(({ worstGapMs }) => worstGapMs)),
    firstFailure: broken[0]?.failure ?? '',
  };
}

/** Reads one paced stream on a connection of its own and compares each delta with the one that was due. */
async function holdStream(target: Target, wish: Wish): Promise<StreamOutcome> {
  const connection = openConnection(target.port);
  let partial = '';
  let arrived = 0;
  let lastMs = 0;
  let worstGapMs = 0;
  let wrong = '';

  function onText(text: string, nowMs: number): void {
    if (text !== deltaText(wish.seed, arrived)) wrong ||= `frame ${arrived} carried '${text}'`;
    if (arrived > 0) worstGapMs = Math.max(worstGapMs, nowMs - lastMs);
    lastMs = nowMs;
    arrived += 1;
  }
  function onPiece(piece: Buffer): void {
    const nowMs = performance.now();
    const events = (partial + piece.toString('latin1')).split('\n\n');
    partial = events.pop() ?? '';
    for (const event of events) {
      const text = /"content":"([^"]+)"/.exec(event)?.[1];
      if (text !== undefined) onText(text, nowMs);
    }
  }
  const failure = await new Promise<string>((resolve) => {
    connection.send(requestBytes(target, wish), { onPiece, onDone: resolve });
  });
  connection.close();
  const lost = arrived === wish.deltas ? '' : `${arrived} of ${wish.deltas} frames arrived`;
  return { failure: failure || wrong || lost, worstGapMs };
}

export function runJob(job: Job): Promise<LoopResult | StreamsResult> {
  switch (job.kind) {
    case 'closed-loop':
      return runClosedLoop(job);
    case 'first-token':
      return runFirstToken(job);
    case 'hold-streams':
      return runHoldStreams(job);
  }
}

if (import.meta.main) {
  process.on('message', (job: Job) => {
    void runJob(job).then((result) => process.send?.({ result }));
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ listening: 0 });
}
