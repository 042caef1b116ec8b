/**
 * The client of the control plane: keeps one connection, brings it back, and carries requests and events over it.
 *
 * It keeps nothing beyond the process: keys and tokens of a device are the caller's. A request that was under way when the connection
 * ended is rejected and never sent again by itself, because it may have been carried out.
 */
import { protocolVersion, type ClientDescription, type ConnectParams, type EventFrame, type HelloOk } from '@openclaw/protocol';
import { sleep, systemClock, type Clock } from '../clock.ts';
import { createDeadline } from '../deadline.ts';
import { clientError, optionError } from '../errors.ts';
import { openConnection, type Connection, type EventGap } from './connection.ts';
import { ControlError, localError } from './control-error.ts';
import { createCredentials, type ControlAuth, type Credentials } from './credentials.ts';
import { proveDevice, type DeviceSigner } from './device-signer.ts';
import { nextDelayMs, normaliseReconnect, type ReconnectOptions } from './reconnect.ts';
import { controlUrl, isLoopbackUrl, openPlatformSocket, type OpenSocket } from './socket.ts';

export interface ControlClientOptions {
  /** `ws://127.0.0.1:18789`; `http` and `https` are understood too. */
  readonly url: string;
  /** @default none is sent */
  readonly auth?: ControlAuth;
  /** @default none: enough on the gateway's own machine */
  readonly device?: DeviceSigner | undefined;
  /** Who connects. `id` and `mode` are names of the protocol. */
  readonly client: ClientDescription;
  /** @default 'operator' */
  readonly role?: 'operator' | 'node';
  /** What the connection may be used for. @default ['operator.read'] */
  readonly scopes?: readonly string[];
  /** What the client understands beyond the protocol, such as `tool-events`. @default none */
  readonly caps?: readonly string[];
  /** Every event but the challenge, ticks included. More listeners: `subscribe`. */
  readonly onEvent?: (event: EventFrame) => void;
  /** Events were lost: what was built from them has to be asked for anew. A new connection, which `onState` tells, means the same. */
  readonly onGap?: (gap: EventGap) => void;
  readonly onState?: (state: ControlState) => void;
  /** A token for this device to keep; undefined: the kept one holds no longer. */
  readonly onDeviceToken?: (token: string | undefined) => void;
  /** Comes back after every end that passes by itself. `false`: one connection and no more. @default true, with its defaults */
  readonly reconnect?: boolean | ReconnectOptions;
  /** From a connection's beginning to its hello. @default 15_000 */
  readonly connectTimeoutMs?: number;
  /** Of a request, where it says nothing else. @default 30_000 */
  readonly requestTimeoutMs?: number;
  /** Requests under way and waiting for a connection together; more are refused. @default 256 */
  readonly requestLimit?: number;
  /** `openSocket` has checked the certificate's fingerprint, so that a device's token may be shown to it. @default false */
  readonly isCertificatePinned?: boolean;
  /** @default with the WebSocket of the platform */
  readonly openSocket?: OpenSocket;
  /** Passed in by tests. @default the system's */
  readonly clock?: Clock;
  /** From 0 up to 1; passed in by tests. @default Math.random */
  readonly random?: () => number;
}

export const controlDefaults = {
  auth: {},
  role: 'operator',
  scopes: ['operator.read'],
  caps: [],
  reconnect: true,
  connectTimeoutMs: 15_000,
  requestTimeoutMs: 30_000,
  requestLimit: 256,
  isCertificatePinned: false,
} as const satisfies Partial<ControlClientOptions>;

export type ControlState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting'; readonly attempt: number }
  | { readonly kind: 'connected'; readonly hello: HelloOk }
  /** It connects again by itself after `delayMs`. */
  | { readonly kind: 'waiting'; readonly error: ControlError; readonly delayMs: number }
  /** It does not connect again before `connect` is called: a person has to change something first. */
  | { readonly kind: 'stopped'; readonly error: ControlError }
  | { readonly kind: 'closed' };

export interface ControlRequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** All of it, the wait for a connection included. @default `requestTimeoutMs` of the client */
  readonly timeoutMs?: number;
  /** For methods that answer twice, such as `agent`: told the first answer; the second one is the result. Without it the first one is. */
  readonly onAccepted?: (payload: unknown) => void;
}

/** A connection that lasted this long was a good one: the next failure is the first in a row. */
const stableMs = 5000;

/**
 * @example
 * await using client = new ControlClient({ url: 'ws://127.0.0.1:18789', auth: { token }, client: { id: 'cli', mode: 'cli', version: '1', platform: 'linux' } });
 * await client.connect();
 * const health = await client.request('health');
 */
export class ControlClient implements AsyncDisposable {
  readonly url: string;
  readonly #options: ControlClientOptions & typeof controlDefaults;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #reconnect: Required<ReconnectOptions> | undefined;
  readonly #credentials: Credentials;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<(event: EventFrame) => void>();
  /** Requests that wait for a connection, and `connect` itself. */
  readonly #waiters = new Set<PromiseWithResolvers<Connection>>();
  #state: ControlState = { kind: 'idle' };
  #connection: Connection | undefined;
  #running: Promise<void> | undefined;
  #hurry: AbortController | undefined;
  #outstanding = 0;

  /** Connects nothing yet. @throws OpenClawError `usage_error` for options that cannot be */
  constructor(options: ControlClientOptions) {
    const settings = (this.#options = { ...controlDefaults, ...options } as ControlClientOptions & typeof controlDefaults);
    for (const name of ['connectTimeoutMs', 'requestTimeoutMs', 'requestLimit'] as const) {
      if (!(settings[name] > 0)) throw optionError(name, 'above 0');
    }
    this.url = controlUrl(settings.url);
    this.#clock = settings.clock ?? systemClock;
    this.#random = settings.random ?? Math.random;
    const { reconnect } = options;
    this.#reconnect = reconnect === false ? undefined : normaliseReconnect(typeof reconnect === 'object' ? reconnect : {});
    this.#credentials = createCredentials({
      auth: settings.auth,
      hasDevice: settings.device !== undefined,
      isTrustedTransport: isLoopbackUrl(this.url) || settings.isCertificatePinned,
      onDeviceToken: (token) => settings.onDeviceToken?.(token),
    });
  }

  get state(): ControlState {
    return this.#state;
  }

  /** Of the connection there is now. */
  get hello(): HelloOk | undefined {
    return this.#connection?.hello;
  }

  /**
   * Connects, and comes back by itself from then on. With `reconnect` it goes on trying what passes by itself, approval by an operator
   * included; `onState` tells. The signal ends this wait, and not the client.
   * @throws ControlError where a person has to do something first, and, without `reconnect`, for every failure
   */
  async connect(signal?: AbortSignal): Promise<HelloOk> {
    this.#closing.signal.throwIfAborted();
    signal?.throwIfAborted();
    // A moment later, so that what is told of it finds it running.
    this.#running ??= Promise.resolve().then(() => this.#run());
    return (await this.#connected(signal ?? this.#closing.signal)).hello;
  }

  /**
   * @throws ControlError what the gateway answered, `connection_lost`, `not_connected`, `queue_full`; OpenClawError `deadline_exceeded`;
   * the reason of the signal
   */
  async request<Payload = unknown>(method: string, params?: unknown, options: ControlRequestOptions = {}): Promise<Payload> {
    this.#closing.signal.throwIfAborted();
    const { requestLimit, requestTimeoutMs } = this.#options;
    if (this.#outstanding >= requestLimit) {
      throw localError('queue_full', { limit: requestLimit - this.#waiters.size, queueLimit: this.#waiters.size });
    }
    const { timeoutMs = requestTimeoutMs, signal, onAccepted } = options;
    this.#outstanding += 1;
    using deadline = createDeadline({ timeoutMs, signal, clock: this.#clock });
    try {
      const connection = await this.#connected(deadline.signal);
      return (await connection.request({ method, params, onAccepted }, deadline.signal)) as Payload;
    } finally {
      this.#outstanding -= 1;
    }
  }

  /** @returns ends the subscription */
  subscribe(listener: (event: EventFrame) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Cuts the wait before the next connection short, for instance when the machine is back on line. */
  retryNow(): void {
    this.#hurry?.abort();
  }

  /** Ends everything with `client_disposed`; safe to call twice. */
  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      this.#closing.abort(clientError('client_disposed', { details: {} }));
      this.#connection?.close();
    }
    await this.#running;
    this.#become({ kind: 'closed' });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** One connection after the other, until there can be none without somebody's help. Never rejects. */
  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (let attempt = 1; !signal.aborted; attempt++) {
      this.#become({ kind: 'connecting', attempt });
      let error: ControlError;
      try {
        const connection = await this.#open(signal);
        const sinceMs = this.#clock.monotonicMs();
        this.#take(connection);
        error = await connection.ended;
        this.#connection = undefined;
        if (this.#clock.monotonicMs() - sinceMs >= stableMs) attempt = 1;
      } catch (thrown) {
        error = asControlError(thrown);
      }
      if (signal.aborted) break;
      const delayMs = this.#reconnect && nextDelayMs(error, attempt, { ...this.#reconnect, random: this.#random });
      if (delayMs === undefined) {
        this.#stop(error);
        return;
      }
      this.#become({ kind: 'waiting', error, delayMs });
      await this.#pause(delayMs, signal);
    }
    for (const waiter of this.#waiters) waiter.reject(signal.reason);
  }

  /** With the credential that holds: where there are two, both are tried. */
  async #open(signal: AbortSignal): Promise<Connection> {
    const { openSocket = openPlatformSocket, connectTimeoutMs, onGap } = this.#options;
    for (;;) {
      try {
        const connection = await openConnection(
          {
            url: this.url,
            openSocket,
            clock: this.#clock,
            connectTimeoutMs,
            introduce: (challenge) => this.#introduce(challenge),
            onEvent: (event) => this.#tell(event),
            onGap: (gap) => this.#call(() => onGap?.(gap)),
          },
          signal,
        );
        this.#credentials.accepted(connection.hello.auth.deviceToken);
        return connection;
      } catch (thrown) {
        if (!(thrown instanceof ControlError) || !this.#credentials.refused(thrown)) throw thrown;
      }
    }
  }

  async #introduce(challenge: Parameters<typeof proveDevice>[1]['challenge']): Promise<ConnectParams> {
    const { client, role, scopes, caps, device } = this.#options;
    const auth = this.#credentials.current();
    return {
      minProtocol: protocolVersion,
      maxProtocol: protocolVersion,
      client,
      caps,
      role,
      scopes,
      auth,
      ...(device ? { device: await proveDevice(device, { challenge, client, role, scopes, auth }) } : {}),
    };
  }

  #take(connection: Connection): void {
    this.#connection = connection;
    this.#become({ kind: 'connected', hello: connection.hello });
    for (const waiter of [...this.#waiters]) waiter.resolve(connection);
  }

  #stop(error: ControlError): void {
    const waiters = [...this.#waiters];
    // First, for who is told may connect again at once.
    this.#running = undefined;
    this.#become({ kind: 'stopped', error });
    for (const waiter of waiters) waiter.reject(error);
  }

  async #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    const hurry = (this.#hurry = new AbortController());
    // Either end of the wait is as good: what follows looks at the signal itself.
    await sleep(this.#clock, delayMs, AbortSignal.any([signal, hurry.signal])).catch(() => {});
    this.#hurry = undefined;
  }

  /** The connection there is, or the next one. */
  async #connected(signal: AbortSignal): Promise<Connection> {
    if (this.#connection) return this.#connection;
    if (!this.#running) throw this.#state.kind === 'stopped' ? this.#state.error : localError('not_connected', { url: this.url });
    signal.throwIfAborted();
    const waiter = Promise.withResolvers<Connection>();
    const onAbort = (): void => waiter.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#waiters.add(waiter);
    try {
      return await waiter.promise;
    } finally {
      this.#waiters.delete(waiter);
      signal.removeEventListener('abort', onAbort);
    }
  }

  #tell(event: EventFrame): void {
    this.#call(() => this.#options.onEvent?.(event));
    for (const listener of [...this.#listeners]) this.#call(() => listener(event));
  }

  #become(state: ControlState): void {
    if (this.#state.kind === 'closed') return;
    this.#state = state;
    this.#call(() => this.#options.onState?.(state));
  }

  /** A listener's own fault reaches whoever watches for uncaught ones, and not the other listeners. */
  #call(listener: () => void): void {
    try {
      listener();
    } catch (thrown) {
      queueMicrotask(() => {
        throw thrown;
      });
    }
  }
}

/** What is no refusal and no lost connection, such as a device that does not sign, does not pass by itself. */
function asControlError(thrown: unknown): ControlError {
  if (thrown instanceof ControlError) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return localError('connect_aborted', { reason }, { patience: 'never', cause: thrown });
}
