/**
 * Writes one answer of a chaos upstream, good or faulty, to the byte.
 *
 * It does not choose what goes wrong or count it: see `upstream.ts`.
 */
import type { ServerResponse } from 'node:http';
import { deltaText } from '../script.ts';
import type { Behaviour, FaultKind } from './behaviour.ts';
import type { WireFormat } from './wire-format.ts';

export interface Reply {
  readonly response: ServerResponse;
  readonly format: WireFormat;
  readonly streamed: boolean;
  readonly behaviour: Behaviour;
  readonly fault: FaultKind | undefined;
  /** Resolves when those that are silent without a time may go on. */
  readonly released: () => Promise<void>;
}

const eventStream = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };
const json = { 'content-type': 'application/json' };
/** Bytes before a reset would be lost with it: they get this long to be read. */
const beforeResetMs = 10;

/** Resolves when the answer has been written, or its reader has left; with the name under which it counts. */
export async function writeReply(reply: Reply): Promise<string> {
  const { response, fault, format } = reply;
  switch (fault?.kind) {
    case 'status':
      response.writeHead(fault.status, json).end(format.errorBody(fault.status, `chaos: status ${fault.status}`));
      return String(fault.status);
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(htmlPage);
      return 'html';
    case 'text-plain':
      response.writeHead(200, { 'content-type': 'text/plain' }).end(format.whole);
      return 'text-plain';
    case 'slow-head':
      await writeSlowHead(reply, fault.ms);
      return 'slow-head';
    case 'reset':
    case 'stall':
    case 'silence':
      if (fault.at === 'accept' && (await meetFault(reply, fault))) return fault.kind;
      break;
    default:
      break;
  }
  if (reply.streamed) await writeStream(reply);
  else await writeWhole(reply);
  return fault === undefined ? '200' : fault.kind;
}

/** What a network shows that wants a sign-in first, with a status that says otherwise. */
const htmlPage =
  '<!doctype html><html><head><title>Please sign in</title></head><body><h1>Please sign in to the network</h1></body></html>';

/** True when nothing may follow it. */
async function meetFault({ response, format, released }: Reply, fault: FaultKind): Promise<boolean> {
  switch (fault.kind) {
    case 'reset':
      await pause(response, beforeResetMs);
      response.socket?.resetAndDestroy();
      return true;
    case 'stall':
      await left(response);
      return true;
    case 'silence':
      if (fault.ms === undefined) await Promise.race([released(), left(response)]);
      else await pause(response, fault.ms);
      return response.destroyed;
    case 'half-frame': {
      const event = format.stream.delta('half of what');
      await written(response, event.slice(0, event.length / 2));
      response.destroy();
      return true;
    }
    case 'truncated':
      response.end();
      return true;
    case 'error-event':
      response.end(format.errorEvent(fault.status ?? 503, 'chaos: an error inside a 200'));
      return true;
    default:
      return false;
  }
}

async function writeStream(reply: Reply): Promise<void> {
  const { response, format, behaviour, fault } = reply;
  response.writeHead(200, eventStream);
  response.flushHeaders();
  const at = placeOf(fault);
  if (at === -1 && fault !== undefined && (await meetFault(reply, fault))) return;
  await written(response, format.stream.before);
  for (let sent = 0; sent < behaviour.deltas; sent += 1) {
    if (sent === at && fault !== undefined && (await meetFault(reply, fault))) return;
    if (sent > 0 && behaviour.paceMs > 0) await pause(response, behaviour.paceMs);
    if (response.destroyed) return;
    await written(response, format.stream.delta(deltaText(0, sent)));
  }
  if (at >= behaviour.deltas && fault !== undefined && (await meetFault(reply, fault))) return;
  response.end(format.stream.after);
}

/** Before which delta a fault comes: -1 for one that comes right after the head, `undefined` never. */
function placeOf(fault: FaultKind | undefined): number {
  if (fault === undefined) return Number.NaN;
  if ('at' in fault && fault.at === 'head') return -1;
  if ('at' in fault && fault.at === 'accept') return Number.NaN;
  if (fault.kind === 'error-event') return fault.after ?? -1;
  return 'after' in fault && fault.after !== undefined ? fault.after : 1;
}

/** A whole answer knows two places: right after the head, and in the middle of its body. */
async function writeWhole({ response, format, fault, ...rest }: Reply): Promise<void> {
  const { whole } = format;
  const headers = { ...json, 'content-length': String(Buffer.byteLength(whole)) };
  if (fault === undefined || placeOf(fault) !== placeOf(fault)) {
    response.writeHead(200, headers).end(whole);
    return;
  }
  if (fault.kind === 'error-event') {
    response.writeHead(200, json).end(format.errorBody(fault.status ?? 503, 'chaos: an error inside a 200'));
    return;
  }
  response.writeHead(200, headers);
  response.flushHeaders();
  const cut = 'at' in fault && fault.at === 'head' ? 0 : whole.length / 2;
  if (cut > 0) await written(response, whole.slice(0, cut));
  if (fault.kind === 'half-frame' || fault.kind === 'truncated') {
    response.destroy();
    return;
  }
  if (await meetFault({ response, format, fault, ...rest }, fault)) return;
  response.end(whole.slice(cut));
}

async function writeSlowHead({ response, format }: Reply, ms: number): Promise<void> {
  const socket = response.socket;
  if (socket === null) return;
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(format.whole)}\r\nconnection: close\r\n\r\n`;
  for (const letter of head) {
    if (socket.destroyed) return;
    socket.write(letter);
    await pause(response, ms / head.length);
  }
  socket.end(format.whole);
}

/** Resolves when the text has been given to the system, or the reader has left. */
function written(response: ServerResponse, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (response.destroyed) resolve();
    else response.write(text, () => resolve());
  });
}

function left(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (response.destroyed) resolve();
    else response.once('close', resolve);
  });
}

/** Waits, and no longer than the reader does. */
export function pause(response: ServerResponse, ms: number): Promise<void> {
  if (ms <= 0 || response.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      response.off('close', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    response.once('close', done);
  });
}
