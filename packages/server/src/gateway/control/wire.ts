/**
 * One WebSocket: sends texts and closes, and does not let a client that reads slowly fill the memory.
 *
 * It does not know what the texts say. Who counts what waits for all clients together: `backlog.ts`.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { closeCodes, wireLimits } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { Backlog } from './backlog.ts';
import type { ControlFigures } from './figures.ts';
import type { ControlLimits } from './limits.ts';
import type { Message } from './read-frame.ts';

export interface WireOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly figures: ControlFigures;
  readonly limits: ControlLimits;
  readonly backlog: Backlog;
}

export interface WireEnd {
  readonly code: number;
  readonly reason: string;
}

export class Wire {
  /** What a message means changes with the handshake. */
  onMessage: (message: Message) => void = () => undefined;
  /** Nothing more is read or said; the connection may still be open for a moment. */
  onEnding: () => void = () => undefined;
  /** Resolves when the connection is gone, with what the other side said last. */
  readonly ended: Promise<WireEnd>;
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #options: WireOptions;
  #isEnding = false;
  #ping: 'none' | 'unwritten' | { readonly writtenAtMs: number } = 'none';
  #takenBytes = 0;
  #takenAtMs: number;

  constructor(ws: WebSocket, socket: Socket, options: WireOptions) {
    this.#ws = ws;
    this.#socket = socket;
    this.#options = options;
    this.#takenAtMs = options.clock.monotonicMs();
    ws.on('message', (data, isBinary) => {
      if (this.#isEnding) return;
      options.figures.framesIn.increment();
      // With the default `binaryType` it is one Buffer, whatever the type allows.
      this.#hear({ bytes: data as Buffer, isBinary });
    });
    ws.on('pong', () => {
      this.#ping = 'none';
    });
    ws.on('error', (error) => {
      // The library closes by itself with the code that fits.
      this.#beginEnding();
      options.log.debug('the control plane was spoken to in broken frames', { error: error.message });
    });
    this.ended = new Promise((resolve) => {
      ws.on('close', (code, reason) => {
        this.#beginEnding();
        options.backlog.forget(this);
        resolve({ code, reason: reason.toString() });
      });
    });
    socket.on('drain', () => {
      options.backlog.forget(this);
      if (ws.isPaused) ws.resume();
    });
  }

  get isOpen(): boolean {
    return !this.#isEnding;
  }

  /** What has been said and not yet taken. */
  get bufferedBytes(): number {
    return this.#ws.bufferedAmount;
  }

  get isBehind(): boolean {
    return this.bufferedBytes > this.#options.limits.behindBytes;
  }

  send(text: string): void {
    if (this.#isEnding) return;
    const { limits, figures, backlog } = this.#options;
    if (this.bufferedBytes > limits.bufferedBytes) {
      this.closeAsSlow();
      return;
    }
    figures.framesOut.increment();
    this.#ws.send(text);
    if (!this.isBehind) return;
    // A client that asks and does not listen: its further questions wait at its end.
    if (!this.#ws.isPaused) this.#ws.pause();
    backlog.note(this);
  }

  /** Sends code and reason; what has not ended a moment later is cut. */
  close(code: number, reason: string): void {
    if (this.#isEnding) return;
    this.#beginEnding();
    if (this.#ws.isPaused) this.#ws.resume();
    this.#ws.close(code, cutToBytes(reason, wireLimits.closeReasonBytes));
  }

  closeAsSlow(): void {
    if (this.#isEnding) return;
    this.#options.figures.slowConsumers.increment();
    this.close(closeCodes.refused, 'slow consumer');
  }

  /** Its memory is needed now, also where it was closed a moment ago. */
  cutAsSlow(): void {
    if (!this.#isEnding) this.#options.figures.slowConsumers.increment();
    this.cut();
  }

  /** At once, without a word. */
  cut(): void {
    this.#beginEnding();
    this.#ws.terminate();
  }

  /**
   * Watches for more bytes than `limitBytes` that have not made a message; without it they may be as many as the largest message has.
   * Nothing more is read once it was `exceeded`.
   * @returns ends the watch
   */
  watchUnfinished(limitBytes: number, exceeded: () => void): () => void {
    let bytes = 0;
    const count = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= limitBytes || this.#isEnding) return;
      exceeded();
      this.#ws.pause();
    };
    const reset = (): void => {
      bytes = 0;
    };
    this.#socket.prependListener('data', count);
    this.#ws.prependListener('message', reset);
    return () => {
      this.#socket.off('data', count);
      this.#ws.off('message', reset);
    };
  }

  /** Called once per pong window: pings, and cuts who did not answer the last one in time, or takes nothing of what waits for it. */
  checkAlive(): void {
    if (this.#isEnding) return;
    const { clock, limits } = this.#options;
    const nowMs = clock.monotonicMs();
    if (this.isBehind || this.#ping === 'unwritten') {
      if (this.#isStalled(nowMs)) this.closeAsSlow();
      return;
    }
    this.#takenAtMs = nowMs;
    if (this.#ping === 'none') {
      this.#ping = 'unwritten';
      this.#ws.ping(() => {
        // The pong may have come already.
        if (this.#ping === 'unwritten') this.#ping = { writtenAtMs: clock.monotonicMs() };
      });
    } else if (nowMs - this.#ping.writtenAtMs >= limits.pongWindowMs) this.cut();
  }

  /** A fault of ours ends one connection, and not the process: nothing stands above this. */
  #hear(message: Message): void {
    try {
      this.onMessage(message);
    } catch (thrown) {
      this.#options.log.error('a message to the control plane could not be handled', { error: thrown });
      this.close(closeCodes.internal, 'gateway message handler unavailable');
    }
  }

  #beginEnding(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.onEnding();
  }

  #isStalled(nowMs: number): boolean {
    const takenBytes = this.#socket.bytesWritten - this.#socket.writableLength;
    if (takenBytes !== this.#takenBytes) {
      this.#takenBytes = takenBytes;
      this.#takenAtMs = nowMs;
    }
    return nowMs - this.#takenAtMs >= this.#options.limits.stalledMs;
  }
}

/** The longest beginning of the text that fits, without half a character at its end. */
function cutToBytes(text: string, limitBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= limitBytes) return text;
  let end = limitBytes;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}
