/**
 * The control plane: takes over connections that ask for a WebSocket, lets clients in, carries their calls and events, and ends.
 *
 * What methods do is not here (`methods/`), nor who may come in (the `Door`).
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { closeCodes, wireLimits, type HelloOk } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import type { OpenClawError } from '../../core/errors.ts';
import type { Ids } from '../../core/ids.ts';
import type { Log } from '../../core/log.ts';
import type { Metrics } from '../../core/metrics.ts';
import { createBacklog } from './backlog.ts';
import { Calls, type CallOptions } from './calls.ts';
import type { ConnectedClient } from './connected-client.ts';
import type { Door, Hub, MethodTable } from './contract.ts';
import { createControlFigures, showControlPlane } from './figures.ts';
import { Handshake, type ControlState, type HandshakeOptions } from './handshake.ts';
import { createHello, type Admitted, type GatewaySnapshot, type HelloOptions } from './hello.ts';
import { ClientHub } from './hub.ts';
import { inTurns } from './in-turns.ts';
import { controlLimitDefaults, type ControlLimits } from './limits.ts';
import { createPulse, type Pulse } from './pulse.ts';
import type { Message } from './read-frame.ts';
import { createReception, peerAddress, type Arrival, type Reception } from './reception.ts';
import { createWaitingRoom } from './waiting-room.ts';
import { Wire, type WireOptions } from './wire.ts';
import { createWriteLimit } from './write-limit.ts';

export interface ControlPlaneOptions {
  readonly door: Door;
  /** Asked with every call, so that they may change while clients are connected. */
  readonly methods: () => MethodTable;
  /** What `methods` and others broadcast, beside the events of the control plane itself. @default none */
  readonly events?: readonly string[];
  /** @default none */
  readonly capabilities?: readonly string[];
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Metrics;
  /** As `server.version` in the hello: command lines warn where it is not their own. */
  readonly advertisedVersion: string;
  readonly snapshot: () => GatewaySnapshot;
  /** What the method `health` answers to somebody without scopes. Told to all every minute, and when somebody comes. */
  readonly health: () => unknown;
  readonly state: () => ControlState;
  /** From the open connection to the hello. @default 15_000 */
  readonly handshakeTimeoutMs?: () => number;
  /** Of requests with an `Origin`: whether that page may use the gateway. */
  readonly isOriginAllowed: (request: IncomingMessage) => boolean;
  /** What keeps a request from becoming a WebSocket, such as an unknown Host; answered as plain HTTP. @default nothing */
  readonly refuseUpgrade?: (request: IncomingMessage) => OpenClawError | undefined;
  /** Where the caller is, if proxies are trusted to say so. @default the other end of the connection */
  readonly addressOf?: (request: IncomingMessage) => string;
  readonly limits?: Partial<ControlLimits>;
}

export interface CloseOptions {
  /** @default 'gateway stopping' */
  readonly reason?: string;
  /** When the successor is expected, if there is to be one. */
  readonly restartExpectedMs?: number;
}

export interface ControlPlane {
  /** Takes over the connection of a request that asks for another protocol; its socket is the control plane's from then on. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void;
  readonly hub: Hub;
  /** Tells clients by `shutdown`, closes them with 1012, and cuts who has not gone a second later. Safe to call twice. */
  close(options?: CloseOptions): Promise<void>;
}

/** What the control plane itself says; the first of them comes before the hello. */
const ownEvents = ['connect.challenge', 'tick', 'presence', 'health', 'shutdown'] as const;

export function createControlPlane(options: ControlPlaneOptions): ControlPlane {
  const plane = new OpenControlPlane(options);
  const { hub } = plane;
  // Closures, so that others may hand them on one by one.
  return {
    hub: {
      clients: () => hub.clients(),
      presence: () => hub.presence(),
      broadcast: (event, payload, to) => hub.broadcast(event, payload, to),
      closeWhere: (matches, end) => hub.closeWhere(matches, end),
    },
    upgrade: (request, socket, head) => plane.upgrade(request, socket, head),
    close: (closing) => plane.close(closing),
  };
}

class OpenControlPlane {
  readonly hub: ClientHub;
  readonly #options: ControlPlaneOptions;
  readonly #wires = new Set<Wire>();
  readonly #startedMs: number;
  readonly #pulse: Pulse;
  readonly #reception: Reception;
  readonly #wireOptions: WireOptions;
  readonly #handshakeOptions: HandshakeOptions;
  readonly #helloOptions: HelloOptions;
  readonly #callOptions: CallOptions;
  #closed: Promise<void> | undefined;

  constructor(options: ControlPlaneOptions) {
    const { clock, log, metrics, ids, methods, door, state, snapshot, health, advertisedVersion } = options;
    const limits: ControlLimits = { ...controlLimitDefaults, ...options.limits };
    const figures = createControlFigures(metrics);
    const backlog = createBacklog(limits.bufferedTotalBytes);
    const waitingRoom = createWaitingRoom(clock, limits);
    const hub = new ClientHub(clock);
    this.hub = hub;
    this.#options = options;
    this.#startedMs = clock.monotonicMs();
    this.#pulse = createPulse({ clock, log, hub, limits, health, checkAlive: () => this.#checkAlive() });
    this.#reception = createReception({
      ...{ clock, log, limits, waitingRoom },
      welcome: (arrival) => this.#welcome(arrival),
      refuse: options.refuseUpgrade ?? (() => undefined),
      addressOf: options.addressOf ?? peerAddress,
    });
    this.#wireOptions = { clock, log, figures, limits, backlog };
    const timeoutMs = options.handshakeTimeoutMs ?? (() => wireLimits.handshakeTimeoutMs);
    this.#handshakeOptions = { clock, log, figures, timeoutMs, hub, door, state, hello: (admitted) => this.#hello(admitted) };
    const events = [...new Set([...ownEvents, ...(options.events ?? [])])];
    const capabilities = options.capabilities ?? [];
    this.#helloOptions = { advertisedVersion, bootId: randomUUID(), limits, methods, capabilities, snapshot, events };
    const writeLimit = createWriteLimit(clock, limits.writesPerMinute);
    this.#callOptions = { methods, log, ids, figures, limits, heldFrames: { bytes: 0 }, writeLimit };
    showControlPlane(metrics, { clients: () => hub.clients(), waiting: () => waitingRoom.size, bufferedBytes: backlog.bufferedBytes });
  }

  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    this.#reception.upgrade(request, socket, head);
  }

  close(options: CloseOptions = {}): Promise<void> {
    this.#closed ??= this.#close(options);
    return this.#closed;
  }

  #welcome({ ws, socket, request, peer, place }: Arrival): void {
    // Before that there is nothing whose health could be told, and nobody is let in.
    if (this.#options.state() !== 'starting') this.#pulse.wake();
    const wire = new Wire(ws, socket, this.#wireOptions);
    this.#wires.add(wire);
    void wire.ended.then(() => this.#wires.delete(wire));
    const handshake = new Handshake(
      {
        ...{ wire, peer, connectionId: randomUUID() },
        isOriginAllowed: () => peer.origin === undefined || this.#options.isOriginAllowed(request),
        onAdmitted: (client, early) => this.#converse(client, early),
        onOver: () => place.leave(),
      },
      this.#handshakeOptions,
    );
    place.giveWay = () => handshake.giveWay();
  }

  /** From here on what the client says are calls. */
  #converse(client: ConnectedClient, early: readonly Message[]): void {
    const calls = new Calls(client, this.#callOptions);
    const { wire } = client;
    wire.onEnding = () => {
      this.hub.remove(client);
      calls.abortAll();
    };
    wire.onMessage = (message) => calls.take(message);
    this.#pulse.tellHealth(client);
    for (const message of early) if (wire.isOpen) calls.take(message);
  }

  #hello(admitted: Admitted): HelloOk {
    return createHello(this.#helloOptions, admitted, {
      presence: this.hub.presence(),
      health: this.#pulse.health,
      stateVersion: this.hub.stateVersion,
      uptimeMs: Math.round(this.#options.clock.monotonicMs() - this.#startedMs),
    });
  }

  #checkAlive(): void {
    inTurns(this.#wires, (wire) => wire.checkAlive());
  }

  async #close({ reason = 'gateway stopping', restartExpectedMs }: CloseOptions): Promise<void> {
    this.#reception.close();
    this.#pulse.stop();
    this.hub.broadcast('shutdown', { reason, restartExpectedMs });
    const ends = [...this.#wires].map((wire) => wire.ended);
    for (const wire of this.#wires) wire.close(closeCodes.restart, 'service restart');
    this.hub.stop();
    await Promise.all(ends);
  }
}
