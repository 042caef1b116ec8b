/**
 * The page's one connection to its gateway: signs in with what is remembered or typed, and keeps the connection.
 *
 * What is shown of it follows in `phase.ts`; how it is kept is the business of `@openclaw/client/control`.
 */
import { ControlClient, type ControlState, type DeviceSigner } from '@openclaw/client/control';
import { holdsScope, type EventFrame, type OperatorScope } from '@openclaw/protocol';
import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals';
import { now } from '../clock.ts';
import { forgetDeviceKey } from './device-key.ts';
import { nextPhase, isStateLost, startPhase, type Phase, type PhaseEvent } from './phase.ts';
import type { Remembered, Secret } from './remembered.ts';

export interface ConnectionOptions {
  /** Of the page, with a slash at its end; the WebSocket is there too. */
  readonly baseUrl: string;
  readonly version: string;
  readonly remembered: Remembered;
  readonly loadDevice: () => Promise<DeviceSigner>;
}

export interface Connection {
  readonly phase: ReadonlySignal<Phase>;
  /** Of this browser, once it is known. */
  readonly deviceId: ReadonlySignal<string | undefined>;
  /** The gateway has another state than the one that this browser knew. */
  readonly stateLost: ReadonlySignal<boolean>;
  /** Rises with every connection: what was built from events has to be asked for anew. */
  readonly epoch: ReadonlySignal<number>;
  /** Connects with what is remembered, or with a secret that was handed over. */
  start(secret?: Secret): Promise<void>;
  /** @throws ControlError, as `ControlClient.request` */
  request<Payload = unknown>(method: string, params?: unknown, options?: Parameters<ControlClient['request']>[2]): Promise<Payload>;
  /** @returns ends the subscription */
  subscribe(listener: (event: EventFrame) => void): () => void;
  /** Whether this connection may do it; false while there is none. */
  may(scope: OperatorScope): boolean;
  /** Whether the gateway knows the method. */
  knows(method: string): boolean;
  /** What HTTP requests may show, the best first. */
  credentials(): readonly string[];
  retryNow(): void;
  /** From now on the new state is the known one. */
  acceptState(): void;
  /** Forgets secret and device token in this browser. The device stays paired. */
  signOut(): Promise<void>;
  /** Becomes a device that no gateway knows, and connects anew. */
  renewDevice(): Promise<void>;
}

/** The page is for operators; a device that was approved for less gets less. */
const wantedScopes: readonly OperatorScope[] = [
  ...(['operator.admin', 'operator.read', 'operator.write', 'operator.approvals', 'operator.pairing'] as const),
];

export function createConnection(options: ConnectionOptions): Connection {
  return new PageConnection(options);
}

class PageConnection implements Connection {
  readonly phase = signal<Phase>(startPhase);
  readonly deviceId = signal<string | undefined>(undefined);
  readonly epoch = signal(0);
  readonly stateLost = computed(() => isStateLost(this.#knownState.value, this.#toldState.value));
  readonly #options: ConnectionOptions;
  readonly #knownState: Signal<string | undefined>;
  readonly #toldState = signal<string | undefined>(undefined);
  readonly #listeners = new Set<(event: EventFrame) => void>();
  #client: ControlClient | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#knownState = signal(options.remembered.stateId);
  }

  async start(secret?: Secret): Promise<void> {
    if (secret) this.#options.remembered.secret = secret;
    await this.#connect();
  }

  request<Payload>(method: string, params?: unknown, options?: Parameters<ControlClient['request']>[2]): Promise<Payload> {
    if (!this.#client) return Promise.reject(new Error('The page is not connected.'));
    return this.#client.request(method, params, options);
  }

  subscribe(listener: (event: EventFrame) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  may(scope: OperatorScope): boolean {
    const hello = helloOf(this.phase.value);
    return hello !== undefined && holdsScope(new Set(hello.auth.scopes), scope);
  }

  knows(method: string): boolean {
    return helloOf(this.phase.value)?.features.methods.includes(method) ?? false;
  }

  readonly credentials = (): readonly string[] => {
    const { secret, deviceToken } = this.#options.remembered;
    return [secret?.value, deviceToken].filter((each) => each !== undefined);
  };

  readonly retryNow = (): void => this.#client?.retryNow();

  readonly acceptState = (): void => this.#keepState(this.#toldState.peek());

  async signOut(): Promise<void> {
    const { remembered } = this.#options;
    const client = this.#client;
    this.#client = undefined;
    remembered.secret = undefined;
    remembered.deviceToken = undefined;
    this.#step({ kind: 'signOut' });
    await client?.close();
  }

  async renewDevice(): Promise<void> {
    this.#options.remembered.deviceToken = undefined;
    await forgetDeviceKey();
    await this.#connect();
  }

  async #connect(): Promise<void> {
    const { remembered, baseUrl, version, loadDevice } = this.#options;
    await this.#client?.close();
    const device = await loadDevice();
    this.deviceId.value = device.deviceId;
    const { secret, deviceToken } = remembered;
    const client = new ControlClient({
      url: baseUrl,
      auth: { ...(secret ? { [secret.kind]: secret.value } : {}), deviceToken },
      device,
      client: { id: 'openclaw-control-ui', mode: 'ui', version, ...describeBrowser(), instanceId: randomId() },
      scopes: wantedScopes,
      caps: ['tool-events'],
      // Somebody is looking, and there are never many of them.
      reconnect: { maxDelayMs: 5_000 },
      onState: (state) => {
        if (this.#client === client) this.#onState(state, secret !== undefined);
      },
      onEvent: (event) => {
        for (const listener of [...this.#listeners]) listener(event);
      },
      onDeviceToken: (token) => {
        remembered.deviceToken = token;
      },
    });
    this.#client = client;
    // What goes wrong is told by `onState`.
    client.connect().catch(() => undefined);
  }

  /** The secret is for the first visit: from then on the token of this device does, and another one in its place concerns no device. */
  #onState(state: ControlState, hadSecret: boolean): void {
    const { remembered } = this.#options;
    if (state.kind === 'connected' && remembered.deviceToken !== undefined) remembered.secret = undefined;
    const isWrong = state.kind === 'stopped' && /_(TOKEN|PASSWORD)_MISMATCH$/.test(state.error.code);
    // Kept, it would be counted as a guess with each visit.
    if (isWrong) remembered.secret = undefined;
    if (isWrong && hadSecret && remembered.deviceToken !== undefined) void this.#connect();
    else this.#step({ kind: 'client', state, nowMs: now() });
  }

  #step(event: PhaseEvent): void {
    this.phase.value = nextPhase(this.phase.peek(), event);
    if (event.kind !== 'client') return;
    const { state } = event;
    if (state.kind === 'waiting' || state.kind === 'stopped') this.#toldState.value = state.error.stateId ?? this.#toldState.peek();
    if (state.kind !== 'connected') return;
    this.#toldState.value = state.hello.snapshot.stateId;
    if (this.#knownState.peek() === undefined) this.#keepState(state.hello.snapshot.stateId);
    this.epoch.value += 1;
  }

  #keepState(id: string | undefined): void {
    this.#options.remembered.stateId = id;
    this.#knownState.value = id;
  }
}

function randomId(): string {
  return crypto.getRandomValues(new Uint32Array(2)).join('-');
}

function helloOf(phase: Phase) {
  return phase.kind === 'online' || phase.kind === 'offline' ? phase.hello : undefined;
}

/** What operators see in the list of devices. Browsers make themselves out to be each other, so the order matters. */
const browsers = [
  ['Edg/', 'Edge'],
  ['Firefox/', 'Firefox'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari'],
] as const;
const systems = [
  ['Android', 'Android'],
  ['iPhone', 'iOS'],
  ['iPad', 'iPadOS'],
  ['Windows', 'Windows'],
  ['Mac OS', 'macOS'],
  ['Linux', 'Linux'],
] as const;

function describeBrowser(): { readonly platform: string; readonly deviceFamily: string; readonly displayName: string } {
  const find = (names: readonly (readonly [string, string])[]): string | undefined =>
    names.find(([mark]) => navigator.userAgent.includes(mark))?.[1];
  const [browser, system] = [find(browsers) ?? 'Browser', find(systems) ?? 'unknown'];
  return { platform: system, deviceFamily: browser, displayName: `${browser} on ${system}` };
}
