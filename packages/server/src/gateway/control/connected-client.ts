/**
 * A client that is through the handshake: numbers its events and answers its calls.
 *
 * Who may call what and what comes of it: `calls.ts`.
 */
import type { ClientDescription, StateVersion } from '@openclaw/protocol';
import type { ControlClient, ControlPrincipal, Peer } from './contract.ts';
import type { Wire } from './wire.ts';

/** An event as text, but for its number: it is written out once and sent to thousands. */
export interface PreparedEvent {
  /** The frame without its `seq` and last brace. */
  readonly beginning: string;
  /** It tells a state that the next one tells again, so who is far behind does without. */
  readonly isDroppable: boolean;
}

export interface Identity {
  readonly connectionId: string;
  readonly principal: ControlPrincipal;
  readonly client: ClientDescription;
  readonly capabilities: ReadonlySet<string>;
  readonly peer: Peer;
  readonly connectedAtMs: number;
}

export interface EventExtras {
  readonly stateVersion?: StateVersion;
  readonly isDroppable?: boolean;
}

export function prepareEvent(event: string, payload: unknown, extras: EventExtras = {}): PreparedEvent {
  const { stateVersion, isDroppable = false } = extras;
  const whole = JSON.stringify({ type: 'event', event, payload, stateVersion });
  return { beginning: whole.slice(0, -1), isDroppable };
}

export class ConnectedClient implements ControlClient {
  readonly connectionId: string;
  readonly principal: ControlPrincipal;
  readonly client: ClientDescription;
  readonly capabilities: ReadonlySet<string>;
  readonly peer: Peer;
  readonly connectedAtMs: number;
  readonly wire: Wire;
  #lastSeq = 0;

  constructor(identity: Identity, wire: Wire) {
    this.connectionId = identity.connectionId;
    this.principal = identity.principal;
    this.client = identity.client;
    this.capabilities = identity.capabilities;
    this.peer = identity.peer;
    this.connectedAtMs = identity.connectedAtMs;
    this.wire = wire;
  }

  send(event: string, payload: unknown): void {
    this.deliver(prepareEvent(event, payload));
  }

  deliver({ beginning, isDroppable }: PreparedEvent): void {
    // What is left out has no number: a gap would tell the client that it missed what it has to ask for.
    if (!this.wire.isOpen || (isDroppable && this.wire.isBehind)) return;
    this.#lastSeq += 1;
    this.wire.send(`${beginning},"seq":${this.#lastSeq}}`);
  }
}
