/**
 * One control connection, from its socket to its end: handshake, requests, events, and the watch for silence.
 *
 * It is used once. It decides neither which credential is sent nor whether there is another connection after it: see `control-client.ts`.
 */
import { protocolVersion, type Challenge, type ConnectParams, type EventFrame, type HelloOk, type ResponseFrame } from '@openclaw/protocol';
import type { Clock, Timer } from '../clock.ts';
import { reasonOf } from '../errors.ts';
import { errorFromClose, errorFromWire, localError, withClose, type Close, type ControlError } from './control-error.ts';
import { createPendingRequests, type PendingRequests } from './pending-requests.ts';
import type { ControlSocket, OpenSocket, SocketEvent } from './socket.ts';

export interface ConnectionOptions {
  readonly url: string;
  readonly openSocket: OpenSocket;
  readonly clock: Clock;
  /** From the socket's beginning to the gateway's hello. */
  readonly connectTimeoutMs: number;
  /** Says who connects, in answer to the challenge. */
  readonly introduce: (challenge: Challenge) => Promise<ConnectParams>;
  readonly onEvent: (event: EventFrame) => void;
  /** Events were lost between these numbers. */
  readonly onGap: (gap: EventGap) => void;
}

export interface EventGap {
  readonly expected: number;
  readonly received: number;
}

export interface OutgoingCall {
  readonly method: string;
  readonly params?: unknown;
  /** For methods that answer twice: told the first answer; without it the first answer is the result. */
  readonly onAccepted?: ((payload: unknown) => void) | undefined;
}

export interface Connection {
  readonly hello: HelloOk;
  /** Resolves, and never rejects, with why it ended. */
  readonly ended: Promise<ControlError>;
  /** @throws ControlError; the reason of the signal if that is aborted, and what comes later is passed over */
  request(call: OutgoingCall, signal: AbortSignal): Promise<unknown>;
  close(): void;
}

/** Of the request that opens every connection. */
const connectId = 'connect';
/** After a refusal the gateway closes; its close is waited for this long, since it may say more. */
const closeGraceMs = 1000;
/** Silence for two ticks means that nobody is there any more. */
const silentTicks = 2;
/** Browsers let a page close with 1000, and with 3000 to 4999. */
const silentClose: Close = { code: 4000, reason: 'tick timeout' };
const ownClose: Close = { code: 1000, reason: '' };

/** @throws ControlError; the reason of the signal if that is aborted */
export async function openConnection(options: ConnectionOptions, signal: AbortSignal): Promise<Connection> {
  signal.throwIfAborted();
  const connection = new SocketConnection(options);
  const onAbort = (): void => connection.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await connection.opened;
    return connection;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

class SocketConnection implements Connection {
  readonly opened: Promise<void>;
  readonly ended: Promise<ControlError>;
  readonly #options: ConnectionOptions;
  readonly #socket: ControlSocket;
  readonly #pending: PendingRequests;
  readonly #opening = Promise.withResolvers<void>();
  readonly #ending = Promise.withResolvers<ControlError>();
  #hello: HelloOk | undefined;
  #challenge: Challenge | undefined;
  #refusal: ControlError | undefined;
  #socketFault: unknown;
  #hasEnded = false;
  #lastSeq = 0;
  #heardAtMs: number;
  #timer: Timer;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.opened = this.#opening.promise;
    this.ended = this.#ending.promise;
    this.#socket = options.openSocket(options.url);
    this.#pending = createPendingRequests();
    this.#heardAtMs = options.clock.monotonicMs();
    const { url, connectTimeoutMs } = options;
    this.#timer = options.clock.after(connectTimeoutMs, () =>
      this.#end(localError('connection_failed', { url, reason: `no hello within ${connectTimeoutMs} ms` }), ownClose),
    );
    this.#socket.addEventListener('message', (event) => this.#onMessage(event));
    this.#socket.addEventListener('error', ({ error, message }) => (this.#socketFault ??= error ?? message));
    this.#socket.addEventListener('close', (event) => this.#onClose(event));
  }

  get hello(): HelloOk {
    if (!this.#hello) throw new Error('hello is there once the connection has opened');
    return this.#hello;
  }

  async request(call: OutgoingCall, signal: AbortSignal): Promise<unknown> {
    signal.throwIfAborted();
    if (this.#hasEnded) throw await this.ended;
    const { maxPayload, maxBufferedBytes } = this.hello.policy;
    const waiting = this.#pending.add(call, signal);
    const text = JSON.stringify({
      type: 'req',
      id: waiting.id,
      method: call.method,
      ...(call.params === undefined ? {} : { params: call.params }),
    });
    const refuse = (reason: string): void =>
      waiting.reject(localError('unsendable', { method: call.method, reason }, { patience: 'never' }));
    if (exceeds(text, maxPayload)) refuse(`it is longer than the ${maxPayload} bytes that the gateway takes`);
    else if (this.#socket.bufferedAmount > maxBufferedBytes) refuse(`${this.#socket.bufferedAmount} bytes wait to be sent already`);
    else this.#socket.send(text);
    return waiting.promise;
  }

  close(): void {
    this.#end(localError('client_disposed', {}), ownClose);
  }

  abort(reason: unknown): void {
    this.#opening.reject(reason);
    this.close();
  }

  #onMessage({ data }: SocketEvent): void {
    if (this.#hasEnded) return;
    this.#heardAtMs = this.#options.clock.monotonicMs();
    const frame = typeof data === 'string' ? parse(data) : undefined;
    if (frame?.type === 'event') this.#onEvent(frame);
    else if (frame?.type === 'res' && frame.id === connectId && !this.#hello) this.#onAnswer(frame);
    else if (frame?.type === 'res') this.#pending.settle(frame);
    else this.#unreadable(`a frame that begins ${JSON.stringify(String(data).slice(0, 60))}`);
  }

  #onEvent(event: EventFrame): void {
    if (event.event === 'connect.challenge') {
      if (!this.#challenge) void this.#introduce(event.payload);
      return;
    }
    if (typeof event.seq === 'number') {
      const expected = this.#lastSeq + 1;
      this.#lastSeq = event.seq;
      if (event.seq > expected) this.#options.onGap({ expected, received: event.seq });
    }
    this.#options.onEvent(event);
  }

  async #introduce(payload: unknown): Promise<void> {
    try {
      const { nonce, ts } = (payload ?? {}) as Partial<Challenge>;
      if (typeof nonce !== 'string' || typeof ts !== 'number') {
        this.#unreadable('a challenge without nonce and time');
        return;
      }
      this.#challenge = payload as Challenge;
      const params = await this.#options.introduce(this.#challenge);
      if (!this.#hasEnded) this.#socket.send(JSON.stringify({ type: 'req', id: connectId, method: 'connect', params }));
    } catch (thrown) {
      // The device would not sign: a fault of the caller's, told as it is.
      this.abort(thrown);
    }
  }

  #onAnswer({ ok, payload, error }: ResponseFrame): void {
    if (!ok) {
      const wire = error ?? { code: 'INVALID_REQUEST', message: 'the gateway refused without a word' };
      const refusal = (this.#refusal = errorFromWire(wire, { stateId: this.#challenge?.stateId }));
      this.#timer.cancel();
      this.#timer = this.#options.clock.after(closeGraceMs, () => this.#end(refusal, ownClose));
      return;
    }
    if (!isHello(payload)) {
      this.#unreadable('no hello of this version of the protocol');
      return;
    }
    this.#timer.cancel();
    this.#hello = payload;
    this.#watch(payload.policy.tickIntervalMs * silentTicks);
    this.#opening.resolve();
  }

  /** A timer that looks again when the silence would be long enough; each frame only notes its time. */
  #watch(silenceMs: number): void {
    const { clock, url } = this.#options;
    const lookAgain = (afterMs: number): void => {
      this.#timer = clock.after(afterMs, () => {
        const leftMs = this.#heardAtMs + silenceMs - clock.monotonicMs();
        if (leftMs > 0) lookAgain(leftMs);
        else
          this.#end(
            localError('connection_lost', { url, reason: `nothing was heard for ${silenceMs} ms` }, { close: silentClose }),
            silentClose,
          );
      });
    };
    lookAgain(silenceMs);
  }

  #unreadable(reason: string): void {
    const { url } = this.#options;
    this.#end(localError('unreadable_answer', { url, reason }), ownClose);
  }

  #onClose({ code = 1006, reason = '' }: SocketEvent): void {
    const { url } = this.#options;
    const close = { code, reason };
    if (this.#refusal) this.#end(withClose(this.#refusal, close));
    else if (this.#socketFault !== undefined && !this.#challenge) {
      const cause = this.#socketFault;
      this.#end(localError('connection_failed', { url, reason: faultOf(cause) }, { close, cause }));
    } else this.#end(errorFromClose(url, close, { wasConnected: this.#hello !== undefined, stateId: this.#challenge?.stateId }));
  }

  #end(error: ControlError, close?: Close): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#timer.cancel();
    if (close) this.#socket.close(close.code, close.reason);
    this.#opening.reject(error);
    this.#pending.rejectAll(error);
    this.#ending.resolve(error);
  }
}

/** As much of it as is gone by here. */
function isHello(payload: unknown): payload is HelloOk {
  const { type, protocol, policy, auth } = (payload ?? {}) as Partial<HelloOk>;
  const { tickIntervalMs = 0, maxPayload = 0, maxBufferedBytes = 0 } = policy ?? {};
  const numbers = [tickIntervalMs, maxPayload, maxBufferedBytes];
  return (
    type === 'hello-ok' && protocol === protocolVersion && typeof auth === 'object' && auth !== null && numbers.every((one) => one > 0)
  );
}

type Incoming = EventFrame | ResponseFrame;

function parse(text: string): Incoming | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Incoming) : undefined;
  } catch {
    // The caller ends the connection and says what came.
    return undefined;
  }
}

/** What sockets say of themselves, where they do: browsers do not. */
function faultOf(fault: unknown): string {
  const reason = fault === '' ? '' : reasonOf(fault);
  return reason === '' ? 'the connection failed' : reason;
}

/** In UTF-8 no UTF-16 unit takes more than three bytes, so most texts need not be counted. */
function exceeds(text: string, limitBytes: number): boolean {
  if (text.length > limitBytes) return true;
  return text.length * 3 > limitBytes && new TextEncoder().encode(text).length > limitBytes;
}
