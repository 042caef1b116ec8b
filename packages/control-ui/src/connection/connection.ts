/**
 * The page's one connection to its gateway: signs in with what is remembered or typed, and keeps the connection.
 *
 * What is shown of it follows in `phase.ts`; how it is kept is the business of `@openclaw/client/control`.
 */
import { ControlClient, type DeviceSigner } from '@openclaw/client/control';
import { holdsScope, type EventFrame, type OperatorScope } from '@openclaw/protocol';
import { computed, signal, type ReadonlySignal } from '@preact/signals';
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
  const { remembered } = options;
  const phase = signal<Phase>(startPhase);
  const deviceId = signal<string | undefined>(undefined);
  const knownState = signal(remembered.stateId);
  const toldState = signal<string | undefined>(undefined);
  const epoch = signal(0);
  const listeners = new Set<(event: EventFrame) => void>();
  let client: ControlClient | undefined;

  const step = (event: PhaseEvent): void => {
    phase.value = nextPhase(phase.peek(), event);
    if (event.kind !== 'client') return;
    const { state } = event;
    if (state.kind === 'waiting' || state.kind === 'stopped') toldState.value = state.error.stateId ?? toldState.peek();
    if (state.kind !== 'connected') return;
    toldState.value = state.hello.snapshot.stateId;
    if (knownState.peek() === undefined) keepState(toldState.peek());
    epoch.value += 1;
  };
  const keepState = (id: string | undefined): void => {
    remembered.stateId = id;
    knownState.value = id;
  };

  async function connect(): Promise<void> {
    await client?.close();
    const device = await options.loadDevice();
    deviceId.value = device.deviceId;
    const { secret, deviceToken } = remembered;
    const connecting = new ControlClient({
      url: options.baseUrl,
      auth: { ...(secret ? { [secret.kind]: secret.value } : {}), deviceToken },
      device,
      client: {
        id: 'openclaw-control-ui',
        mode: 'ui',
        version: options.version,
        ...describeBrowser(),
        instanceId: crypto.getRandomValues(new Uint32Array(2)).join('-'),
      },
      scopes: wantedScopes,
      caps: ['tool-events'],
      onState: (state) => {
        if (client === connecting) step({ kind: 'client', state, nowMs: now() });
      },
      onDeviceToken: (token) => {
        remembered.deviceToken = token;
      },
    });
    client = connecting;
    connecting.subscribe((event) => {
      for (const listener of [...listeners]) listener(event);
    });
    // What goes wrong is told by `onState`.
    connecting.connect().catch(() => undefined);
  }

  return {
    phase,
    deviceId,
    epoch,
    stateLost: computed(() => isStateLost(knownState.value, toldState.value)),
    async start(secret) {
      if (secret) remembered.secret = secret;
      await connect();
    },
    request(method, params, requestOptions) {
      if (!client) return Promise.reject(new Error('The page is not connected.'));
      return client.request(method, params, requestOptions);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    may(scope) {
      const hello = helloOf(phase.value);
      return hello !== undefined && holdsScope(new Set(hello.auth.scopes), scope);
    },
    knows: (method) => helloOf(phase.value)?.features.methods.includes(method) ?? false,
    credentials: () => [remembered.secret?.value, remembered.deviceToken].filter((each) => each !== undefined),
    retryNow: () => client?.retryNow(),
    acceptState: () => keepState(toldState.peek()),
    async signOut() {
      await client?.close();
      client = undefined;
      remembered.secret = undefined;
      remembered.deviceToken = undefined;
      step({ kind: 'signOut' });
    },
    async renewDevice() {
      remembered.deviceToken = undefined;
      await forgetDeviceKey();
      await connect();
    },
  };
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
