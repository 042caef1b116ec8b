/**
 * A gateway in memory for tests: sockets without a network, on which it says what a test wants. Nothing happens by itself but the challenge.
 */
import type { ConnectParams, HelloOk, WireError } from '@openclaw/protocol';
import type { ManualClock } from '../manual-clock.fixture.ts';
import type { ControlSocket, OpenSocket, SocketEvent } from './socket.ts';

export interface SentFrame {
  readonly type: string;
  readonly id: string;
  readonly method: string;
  readonly params?: unknown;
}

export interface FakeSocket {
  readonly url: string;
  readonly sent: SentFrame[];
  /** As the client closed it. */
  closed: { readonly code: number | undefined; readonly reason: string | undefined } | undefined;
  bufferedAmount: number;
  frame(frame: unknown): void;
  text(data: unknown): void;
  event(event: string, payload?: unknown, seq?: number): void;
  answer(id: string, payload: unknown): void;
  refuse(id: string, error: WireError): void;
  end(code: number, reason?: string): void;
  fail(message: string): void;
  /** What the client introduced itself with. */
  readonly introduction: ConnectParams | undefined;
}

export type Script = (socket: FakeSocket, introduction: ConnectParams) => void;

export interface FakeGateway {
  readonly openSocket: OpenSocket;
  readonly sockets: FakeSocket[];
  readonly last: FakeSocket;
  /** What it does with who introduces itself; the first time the first, then on; the last goes on. */
  script(...steps: Script[]): void;
  /** Without one. */
  isSilent: boolean;
}

export const challenge = { nonce: 'nonce-1', ts: 1_763_700_000_000, stateId: 'state-1' };

export function hello(changes: Partial<HelloOk> = {}): HelloOk {
  return {
    type: 'hello-ok',
    protocol: 4,
    server: { version: '0.1.0', connId: 'connection-1' },
    features: { methods: ['health'], events: ['tick'] },
    snapshot: { presence: [], health: {}, stateVersion: { presence: 0, health: 0 }, uptimeMs: 1, stateId: 'state-1' },
    auth: { role: 'operator', scopes: ['operator.read'] },
    policy: { maxPayload: 1000, maxBufferedBytes: 5000, tickIntervalMs: 30_000 },
    ...changes,
  };
}

/** Lets the client in. */
export const admit: Script = (socket) => socket.answer('connect', hello());

/** Refuses and closes, as gateways do. */
export function refuseWith(code: string, changes: Partial<WireError> = {}, close: { code: number; reason: string } | null = null): Script {
  return (socket) => {
    const message = changes.message ?? `refused: ${code}`;
    const details = { code, ...changes.details };
    socket.refuse('connect', { code: 'INVALID_REQUEST', ...changes, message, details });
    socket.end(close?.code ?? 1008, close?.reason ?? message);
  };
}

export function createFakeGateway(): FakeGateway {
  const sockets: FakeSocket[] = [];
  let steps: readonly Script[] = [admit];
  let introductions = 0;
  const gateway: FakeGateway = {
    sockets,
    isSilent: false,
    get last() {
      const socket = sockets.at(-1);
      if (!socket) throw new Error('nobody has connected');
      return socket;
    },
    script(...wanted) {
      steps = wanted;
      introductions = 0;
    },
    openSocket(url) {
      const socket = new MemorySocket(url, (introduction) => {
        introductions += 1;
        steps[Math.min(introductions, steps.length) - 1]?.(socket, introduction);
      });
      sockets.push(socket);
      if (!gateway.isSilent) queueMicrotask(() => socket.event('connect.challenge', challenge));
      return socket;
    },
  };
  return gateway;
}

class MemorySocket implements FakeSocket, ControlSocket {
  readonly url: string;
  readonly sent: SentFrame[] = [];
  closed: FakeSocket['closed'];
  bufferedAmount = 0;
  introduction: ConnectParams | undefined;
  readonly #onIntroduction: (introduction: ConnectParams) => void;
  readonly #listeners = new Map<string, ((event: SocketEvent) => void)[]>();

  constructor(url: string, onIntroduction: (introduction: ConnectParams) => void) {
    this.url = url;
    this.#onIntroduction = onIntroduction;
  }

  addEventListener(type: string, listener: (event: SocketEvent) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  send(text: string): void {
    const frame = JSON.parse(text) as SentFrame;
    this.sent.push(frame);
    if (frame.method !== 'connect') return;
    this.introduction = frame.params as ConnectParams;
    this.#onIntroduction(this.introduction);
  }

  close(code?: number, reason?: string): void {
    if (this.closed) return;
    this.closed = { code, reason };
    this.end(code ?? 1005, reason);
  }

  text(data: unknown): void {
    this.#emit('message', { data });
  }

  frame(frame: unknown): void {
    this.text(JSON.stringify(frame));
  }

  event(event: string, payload?: unknown, seq?: number): void {
    this.frame({ type: 'event', event, payload, ...(seq === undefined ? {} : { seq }) });
  }

  answer(id: string, payload: unknown): void {
    this.frame({ type: 'res', id, ok: true, payload });
  }

  refuse(id: string, error: WireError): void {
    this.frame({ type: 'res', id, ok: false, error });
  }

  end(code: number, reason = ''): void {
    queueMicrotask(() => this.#emit('close', { code, reason }));
  }

  fail(message: string): void {
    this.#emit('error', { error: new Error(message) });
    this.end(1006);
  }

  #emit(type: string, event: SocketEvent): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }
}

/** Lets everything run that waits for no time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}

/** Moves the time on whenever everybody waits for it, until the promise is settled. */
export async function whileTimePasses<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const watched = promise.finally(() => (isSettled = true));
  // Its rejection is the caller's to see, a little later.
  watched.catch(() => {});
  for (;;) {
    await settle();
    if (isSettled) return watched;
    if (!clock.advanceToNext()) throw new Error('nothing waits for the time, and nothing happens');
  }
}
