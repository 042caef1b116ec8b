/**
 * A model provider that costs almost nothing: answers `/v1/chat/completions` and `/v1/messages` at once, after a delay, or
 * as a stream at a given pace, as the prompt asks (see `script.ts`).
 *
 * It runs as its own process, tells its port over IPC and answers `{ stats: true }` there. It judges nothing: credentials,
 * models and unknown fields are ignored.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { anthropicAnswer, anthropicStream, deltaText, openaiAnswer, openaiStream, readWish, type Wish } from './script.ts';
import { createMessageReader } from './wire.ts';

export interface MockStats {
  connections: number;
  open: number;
  requests: number;
  /** Streams whose reader left before the end. */
  abandoned: number;
  /** The most that a delta was written after its time: the noise of this machine, not of what is measured. */
  worstLatenessMs: number;
}

interface PacedStream {
  readonly socket: Socket;
  readonly wish: Wish;
  readonly events: typeof openaiStream;
  readonly startedMs: number;
  sent: number;
}

/** Finer than the pace by far, coarse enough that an idle mock costs nothing. */
const tickMs = 2;

const stats: MockStats = { connections: 0, open: 0, requests: 0, abandoned: 0, worstLatenessMs: 0 };
const paced = new Set<PacedStream>();
let ticker: NodeJS.Timeout | undefined;

const openaiReply = wholeReply(openaiAnswer);
const anthropicReply = wholeReply(anthropicAnswer);
const streamHead =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n';

function wholeReply(body: string): Buffer {
  return Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

function serve(socket: Socket): void {
  stats.connections += 1;
  stats.open += 1;
  socket.setNoDelay(true);
  let anthropic = false;
  let body = '';
  const read = createMessageReader({
    onHead(head) {
      anthropic = head.includes('/messages', 4) && head.indexOf('/messages') < head.indexOf('\r\n');
      body = '';
    },
    onBody(piece) {
      body += piece.toString('latin1');
    },
    onEnd() {
      stats.requests += 1;
      const wish = readWish(body);
      if (wish.delayMs > 0) setTimeout(answer, wish.delayMs, socket, wish, anthropic);
      else answer(socket, wish, anthropic);
    },
  });
  socket.on('data', read);
  // A reader that leaves resets the connection; that is its right, and 'close' follows.
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    stats.open -= 1;
    for (const stream of paced) if (stream.socket === socket) abandon(stream);
  });
}

function answer(socket: Socket, wish: Wish, anthropic: boolean): void {
  if (socket.destroyed) return;
  if (wish.deltas === 0) {
    socket.write(anthropic ? anthropicReply : openaiReply);
    return;
  }
  const events = anthropic ? anthropicStream : openaiStream;
  socket.write(streamHead + chunk(events.before));
  const stream: PacedStream = { socket, wish, events, startedMs: performance.now(), sent: 0 };
  if (wish.paceMs === 0) {
    while (stream.sent < wish.deltas) sendDelta(stream);
    return;
  }
  // The first at once, not at the next tick: the time to the first token is measured.
  if (sendDelta(stream)) return;
  paced.add(stream);
  ticker ??= setInterval(sendDue, tickMs);
}

function sendDue(): void {
  const nowMs = performance.now();
  for (const stream of paced) {
    const dueMs = stream.startedMs + stream.sent * stream.wish.paceMs;
    if (nowMs < dueMs) continue;
    if (nowMs - dueMs > stats.worstLatenessMs) stats.worstLatenessMs = nowMs - dueMs;
    if (sendDelta(stream)) paced.delete(stream);
  }
  if (paced.size > 0) return;
  clearInterval(ticker);
  ticker = undefined;
}

/** Writes the next delta, with the end of the stream after the last; true after the last. */
function sendDelta(stream: PacedStream): boolean {
  const { wish, events } = stream;
  const text = chunk(events.delta(deltaText(wish.seed, stream.sent)));
  stream.sent += 1;
  const last = stream.sent === wish.deltas;
  stream.socket.write(last ? `${text}${chunk(events.after)}0\r\n\r\n` : text);
  return last;
}

function abandon(stream: PacedStream): void {
  paced.delete(stream);
  stats.abandoned += 1;
}

if (import.meta.main) {
  const server = createServer(serve).listen(0, '127.0.0.1', 4096, () => {
    process.send?.({ listening: (server.address() as AddressInfo).port });
  });
  process.on('message', () => process.send?.({ stats }));
  process.on('disconnect', () => process.exit(0));
}
