/**
 * The first exchange of a connection: challenge, `connect`, `hello-ok`, or the refusal and its close code.
 *
 * Who may come in is the `Door`'s to say. What a client says after it is let in goes to `calls.ts`.
 */
import { randomUUID } from 'node:crypto';
import { closeCodes, wireLimits, type ConnectParams, type HelloOk, type WireError } from '@openclaw/protocol';
import type { Clock, Timer } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { ConnectedClient } from './connected-client.ts';
import type { Door, Peer } from './contract.ts';
import type { ControlFigures } from './figures.ts';
import type { Admitted } from './hello.ts';
import type { AdmissionWatch, ClientHub } from './hub.ts';
import { readConnect, type Refusal } from './read-connect.ts';
import type { Message } from './read-frame.ts';
import { toWireError } from './wire-refusal.ts';
import type { Wire } from './wire.ts';

export type ControlState = 'starting' | 'ready' | 'draining';

export interface HandshakeOptions {
  readonly door: Door;
  readonly clock: Clock;
  readonly log: Log;
  readonly figures: ControlFigures;
  readonly timeoutMs: () => number;
  readonly hub: ClientHub;
  readonly state: () => ControlState;
  readonly hello: (admitted: Admitted) => HelloOk;
}

export interface Guest {
  readonly wire: Wire;
  readonly peer: Peer;
  readonly connectionId: string;
  /** Whether the page that asks, if it is one, may use the gateway. */
  readonly isOriginAllowed: () => boolean;
  /** The client is in the hub and has its hello; `early` came before that, in this order. */
  readonly onAdmitted: (client: ConnectedClient, early: readonly Message[]) => void;
  /** The handshake is over, however it went. */
  readonly onOver: () => void;
}

/** A frame at its limit may share its pieces with the next: no more than a socket hands over at once, twice. */
const unfinishedSlackBytes = 2 * 65_536;

const tooSlow: Refusal = { cause: 'timeout', code: closeCodes.normal, reason: '' };
const tooLarge: Refusal = { cause: 'too_large', code: closeCodes.tooLarge, reason: 'preauth payload too large' };
const tooManyFrames: Refusal = { cause: 'too_many_frames', code: closeCodes.refused, reason: 'too many pending handshake frames' };
const crowded: Refusal = { cause: 'crowded', code: closeCodes.starting, reason: 'too many connections wait for their handshake' };

export class Handshake {
  readonly #guest: Guest;
  readonly #options: HandshakeOptions;
  readonly #challenge: { readonly nonce: string; readonly ts: number };
  readonly #timer: Timer;
  readonly #unwatch: () => void;
  readonly #early: Message[] = [];
  #isAsking = false;
  #isOver = false;

  constructor(guest: Guest, options: HandshakeOptions) {
    this.#guest = guest;
    this.#options = options;
    this.#challenge = { nonce: randomUUID(), ts: options.clock.now() };
    this.#unwatch = guest.wire.watchUnfinished(wireLimits.preAuthFrameBytes + unfinishedSlackBytes, () => this.#refuse(tooLarge));
    this.#timer = options.clock.after(options.timeoutMs(), () => this.#refuse(tooSlow));
    guest.wire.onMessage = (message) => this.#take(message);
    guest.wire.onEnding = () => {
      if (!this.#isOver) this.#end('gone');
    };
    guest.wire.send(JSON.stringify({ type: 'event', event: 'connect.challenge', payload: this.#challenge }));
  }

  /** There are too many, and this one has waited longest. */
  giveWay(): void {
    this.#refuse(crowded);
  }

  #take(message: Message): void {
    if (message.bytes.length > wireLimits.preAuthFrameBytes) {
      this.#refuse(tooLarge);
    } else if (!this.#isAsking) this.#readConnect(message);
    else if (this.#early.length < wireLimits.pendingHandshakeFrames) this.#early.push(message);
    else this.#refuse(tooManyFrames);
  }

  #readConnect(message: Message): void {
    const read = readConnect(message);
    if ('code' in read) {
      this.#refuse(read);
      return;
    }
    const refusal = this.#refusalOf(read.id);
    if (refusal) {
      this.#refuse(refusal);
      return;
    }
    this.#isAsking = true;
    void this.#ask(read.id, read.params);
  }

  #refusalOf(id: string): Refusal | undefined {
    if (!this.#guest.isOriginAllowed()) return { ...foreignOrigin, answer: { id, error: foreignOriginError } };
    const state = this.#options.state();
    if (state === 'ready') return undefined;
    const details = { reason: state === 'starting' ? 'startup-sidecars' : 'gateway-draining' };
    const reason = state === 'starting' ? 'gateway starting' : 'gateway draining';
    const error: WireError = { code: 'UNAVAILABLE', message: reason, details, retryable: true, retryAfterMs: 500 };
    return { cause: state, code: closeCodes.starting, reason, answer: { id, error } };
  }

  async #ask(id: string, params: ConnectParams): Promise<void> {
    const { door, hub, log } = this.#options;
    const { peer, connectionId } = this.#guest;
    const watch = hub.watchAdmission();
    try {
      const admission = await door.admit({ params, challenge: this.#challenge, peer });
      // It left, or its time was over.
      if (this.#isOver) return;
      if (admission.admitted) this.#admit({ id, params, watch, admission });
      else {
        const { error, closeReason } = admission;
        this.#refuse({ cause: causeOf(error), code: closeCodes.refused, reason: closeReason, answer: { id, error } });
      }
    } catch (thrown) {
      if (thrown instanceof OpenClawError && thrown.code !== 'internal_error') {
        const error = toWireError(thrown);
        this.#refuse({ cause: thrown.code, code: closeCodes.refused, reason: error.message, answer: { id, error } });
        return;
      }
      log.error('a connection to the control plane could not be answered', { connectionId, error: thrown });
      const error: WireError = { code: 'UNAVAILABLE', message: 'internal error', details: { requestId: connectionId }, retryable: true };
      this.#refuse({ cause: 'internal', code: closeCodes.internal, reason: 'gateway message handler unavailable', answer: { id, error } });
    } finally {
      watch.end();
    }
  }

  #admit({ id, params, watch, admission }: Admittance): void {
    const { wire, peer, connectionId, onAdmitted } = this.#guest;
    const { principal } = admission;
    const client = new ConnectedClient(
      {
        ...{ connectionId, principal, peer, client: params.client },
        capabilities: new Set(params.caps),
        connectedAtMs: this.#options.clock.now(),
      },
      wire,
    );
    // Nothing else runs between these lines, so the hello is the first that a client of the hub hears.
    const hello = this.#options.hello({ connectionId, admission });
    const closure = watch.admit(client);
    if (closure) {
      this.#refuse({ cause: 'invalidated', ...closure });
      return;
    }
    this.#end();
    wire.send(JSON.stringify({ type: 'res', id, ok: true, payload: hello }));
    onAdmitted(client, this.#early);
  }

  #refuse({ cause, code, reason, answer }: Refusal): void {
    if (this.#isOver) return;
    const { wire, peer } = this.#guest;
    if (answer) wire.send(JSON.stringify({ type: 'res', id: answer.id, ok: false, error: answer.error }));
    this.#options.log.info('a connection to the control plane was refused', { cause, code, address: peer.address, origin: peer.origin });
    this.#end(cause);
    wire.close(code, reason);
  }

  #end(cause?: string): void {
    this.#isOver = true;
    this.#timer.cancel();
    this.#unwatch();
    if (cause !== undefined) this.#options.figures.refusedHandshakes.labels(cause).increment();
    this.#guest.onOver();
  }
}

interface Admittance {
  readonly id: string;
  readonly params: ConnectParams;
  readonly watch: AdmissionWatch;
  readonly admission: Admitted['admission'];
}

const foreignOriginWords = 'origin not allowed (open the Control UI from the gateway host or allow it in gateway.controlUi.allowedOrigins)';
const foreignOrigin = { cause: 'origin', code: closeCodes.refused, reason: foreignOriginWords } as const;
const foreignOriginError: WireError = {
  code: 'INVALID_REQUEST',
  message: foreignOriginWords,
  details: { code: 'CONTROL_UI_ORIGIN_NOT_ALLOWED' },
};

/** The finer code, which comes from a fixed set, where there is one. */
function causeOf({ code, details }: WireError): string {
  return String(details?.['code'] ?? code).toLowerCase();
}
