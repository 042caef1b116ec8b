/**
 * Speaks to a control plane in random messages and random bytes, before and after the handshake, and says what became of it.
 *
 * As a program it sends a million frames: `npm run fuzz:control`, or `node packages/server/test/control/fuzz.ts FRAMES SEED`.
 */
import { connect } from 'node:net';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { WebSocket } from 'ws';
import { OpenClawError } from '../../src/core/errors.ts';
import type { MethodCall, MethodTable } from '../../src/gateway/control/contract.ts';
import { WireRefusal } from '../../src/gateway/control/index.ts';
import { eventually, startTestPlane, type TestPlane } from './plane.ts';
import { connectClient } from './raw-client.ts';
import { anyBytes, anyMessage, properConnect } from './random-frames.ts';

export interface FuzzOptions {
  readonly frames: number;
  readonly seed: number;
  /** Connections at a time. @default 8 */
  readonly parallel?: number;
  readonly onProgress?: (report: FuzzReport) => void;
}

export interface FuzzReport {
  frames: number;
  connections: number;
  readonly closeCodes: Record<number, number>;
  answers: number;
  /** Rejections that nobody took, and errors that nobody caught: there must be none. */
  readonly unhandled: string[];
  /** Answers that no client could make sense of: there must be none. */
  readonly misshapen: string[];
  /** What is left after a collection, ten times along the way; empty where collections cannot be asked for (`--expose-gc`). */
  readonly settledHeapBytes: number[];
}

const methods: MethodTable = {
  echo: { scope: 'none', run: ({ params }) => params },
  later: { scope: 'none', run: ({ params }) => Promise.resolve(params) },
  accept: {
    scope: 'none',
    async run({ accept }: MethodCall) {
      accept({ status: 'accepted' });
      return Promise.resolve({ status: 'ok' });
    },
  },
  fail: { scope: 'none', run: () => Promise.reject(new TypeError('it fails')) },
  refuse: {
    scope: (params) => {
      if ('x' in params) throw new OpenClawError('invalid_request', { details: { path: 'x', reason: 'must not be there' } });
      return 'none';
    },
    run() {
      throw new WireRefusal({ code: 'INVALID_REQUEST', message: 'no' });
    },
  },
  read: { scope: 'operator.read', run: () => [] },
  administer: { scope: 'operator.admin', run: () => 'never' },
  write: { scope: 'none', isControlPlaneWrite: true, run: () => 'written' },
  huge: { scope: 'none', run: () => 'x'.repeat(10_000) },
};

/** Messages of one connection before the next is opened: enough to get far, few enough to begin often. */
const messagesPerConnection = 50;

export async function fuzzControlPlane({ frames, seed, parallel = 8, onProgress }: FuzzOptions): Promise<FuzzReport> {
  const report: FuzzReport = {
    ...{ frames: 0, connections: 0, closeCodes: {}, answers: 0, unhandled: [], misshapen: [], settledHeapBytes: [] },
  };
  const onUnhandled = (thrown: unknown): void => void report.unhandled.push(String(thrown));
  process.on('unhandledRejection', onUnhandled).on('uncaughtException', onUnhandled);
  try {
    await using plane = await startTestPlane({ methods, realTime: true, limits: { waitingConnections: 64 } });
    let nextSeed = seed;
    const work = async (): Promise<void> => {
      while (report.frames < frames) {
        const ownSeed = (nextSeed += 1);
        if (ownSeed % 5 === 0) await sendBytes(plane, ownSeed, report);
        else await sendMessages(plane, ownSeed, report);
        if (report.frames < ((report.settledHeapBytes.length + 1) * frames) / 10 || !globalThis.gc) continue;
        globalThis.gc();
        report.settledHeapBytes.push(process.memoryUsage().heapUsed);
        onProgress?.(report);
      }
    };
    await Promise.all(Array.from({ length: parallel }, work));
    await eventually(() => plane.openSockets() === 0 && plane.plane.hub.clients().length === 0, 'that all connections are gone');
    // After all that it answers as at the beginning.
    await using client = await connectClient(plane);
    if (!(await client.call('echo', { a: 1 })).ok) report.misshapen.push('the plane does not answer any more');
  } finally {
    process.off('unhandledRejection', onUnhandled).off('uncaughtException', onUnhandled);
  }
  return report;
}

async function sendMessages(plane: TestPlane, seed: number, report: FuzzReport): Promise<void> {
  const ws = new WebSocket(plane.url, { perMessageDeflate: false });
  report.connections += 1;
  const ended = new Promise<void>((resolve) => {
    ws.on('error', () => undefined);
    ws.on('close', (code) => {
      report.closeCodes[code] = (report.closeCodes[code] ?? 0) + 1;
      resolve();
    });
  });
  ws.on('message', (data) => {
    report.answers += 1;
    const fault = faultOf(String(data));
    if (fault !== undefined && report.misshapen.length < 10) report.misshapen.push(fault);
  });
  await new Promise((resolve) => ws.once('open', resolve).once('close', resolve));
  // Every other breaks the handshake itself; behind a proper connect the rest is read.
  if (seed % 2 === 0) ws.send(properConnect);
  for (const message of fc.sample(anyMessage, { seed, numRuns: messagesPerConnection })) {
    if (ws.readyState !== WebSocket.OPEN) break;
    report.frames += 1;
    await new Promise((resolve) => ws.send(message, resolve));
  }
  ws.close();
  await ended;
}

/** Below messages: half of the time in place of the request itself, half of the time behind it. */
async function sendBytes(plane: TestPlane, seed: number, report: FuzzReport): Promise<void> {
  const socket = connect(plane.port, '127.0.0.1');
  report.connections += 1;
  const ended = new Promise<void>((resolve) => {
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
  });
  socket.resume();
  const key = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
  if (seed % 10 === 0) socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\n${key}\r\n\r\n`);
  for (const bytes of fc.sample(anyBytes, { seed, numRuns: 20 })) {
    if (socket.destroyed) break;
    report.frames += 1;
    await new Promise((resolve) => socket.write(bytes, resolve));
  }
  socket.destroySoon();
  await ended;
}

/** Every message of the gateway is an event or a response of the closed shape. */
function faultOf(text: string): string | undefined {
  const frame = JSON.parse(text) as Record<string, unknown>;
  const { type, id, ok, error, event, payload: _payload, seq: _seq, stateVersion: _version, ...rest } = frame;
  const isResponse = type === 'res' && typeof id === 'string' && typeof ok === 'boolean' && ok === (error === undefined);
  const isEvent = type === 'event' && typeof event === 'string' && id === undefined;
  return (isResponse || isEvent) && Object.keys(rest).length === 0 ? undefined : text.slice(0, 500);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [frames = '1000000', seed = String(Date.now() % 1_000_000)] = process.argv.slice(2);
  const startedMs = Date.now();
  const report = await fuzzControlPlane({
    frames: Number(frames),
    seed: Number(seed),
    onProgress: ({ frames: sent, connections }) => console.log(`${sent} frames, ${connections} connections`),
  });
  console.log(JSON.stringify({ seed: Number(seed), seconds: (Date.now() - startedMs) / 1000, ...report }, undefined, 2));
  const [, early = 0] = report.settledHeapBytes;
  const growth = (report.settledHeapBytes.at(-1) ?? early) - early;
  console.log(`the heap grew by ${(growth / 1024 / 1024).toFixed(1)} MiB between two tenths and the end`);
  if (report.unhandled.length + report.misshapen.length > 0 || growth > 16 * 1024 * 1024) process.exitCode = 1;
}
