/**
 * All clients: reaches them by events, closes them, and tells them of each other.
 *
 * It lets nobody in: see `handshake.ts`. Ticks and health: `pulse.ts`.
 */
import { holdsScope, type OperatorScope, type StateVersion } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import { prepareEvent, type ConnectedClient, type PreparedEvent } from './connected-client.ts';
import type { BroadcastOptions, ControlClient, Hub, PresenceEntry } from './contract.ts';
import { inTurns } from './in-turns.ts';
import { createPresenceNews, describePresence, type PresenceNews } from './presence.ts';
import type { WireEnd } from './wire.ts';

/** For the time in which the door decides about a client: whoever is thrown out meanwhile must not come in with what was seen before. */
export interface AdmissionWatch {
  /** Adds the client, unless a closure since the watch began matches it; then it returns that. */
  admit(client: ConnectedClient): WireEnd | undefined;
  end(): void;
}

interface Closure {
  readonly matches: (client: ControlClient) => boolean;
  readonly end: WireEnd;
}

type StateEvent = keyof StateVersion;

/** Presence names addresses. */
const presenceScope: OperatorScope = 'operator.read';

export class ClientHub implements Hub {
  readonly #clients = new Map<string, ConnectedClient>();
  readonly #watches = new Set<Closure[]>();
  readonly #news: PresenceNews;
  #stateVersion: StateVersion = { presence: 0, health: 0 };

  constructor(clock: Clock) {
    const tell = (presence: readonly PresenceEntry[]): void => this.broadcastState('presence', { presence });
    this.#news = createPresenceNews(clock, () => this.presence(), tell);
  }

  get size(): number {
    return this.#clients.size;
  }

  get stateVersion(): StateVersion {
    return this.#stateVersion;
  }

  clients(): readonly ControlClient[] {
    return [...this.#clients.values()];
  }

  presence(): readonly PresenceEntry[] {
    return describePresence(this.#clients.values());
  }

  broadcast(event: string, payload: unknown, options: BroadcastOptions = {}): void {
    if (this.size === 0) return;
    const { scope, to } = options;
    const prepared = prepareEvent(event, payload);
    for (const client of this.#clients.values()) if (isMeant(client, scope) && (to === undefined || to(client))) client.deliver(prepared);
  }

  tick(atMs: number): void {
    this.#spread(prepareEvent('tick', { ts: atMs }, { isDroppable: true }), undefined);
  }

  broadcastState(event: StateEvent, payload: unknown): void {
    this.#stateVersion = { ...this.#stateVersion, [event]: this.#stateVersion[event] + 1 };
    if (this.size === 0) return;
    const prepared = prepareEvent(event, payload, { stateVersion: this.#stateVersion, isDroppable: true });
    this.#spread(prepared, event === 'presence' ? presenceScope : undefined);
  }

  closeWhere(matches: (client: ControlClient) => boolean, end: WireEnd): number {
    for (const closures of this.#watches) closures.push({ matches, end });
    const matching = [...this.#clients.values()].filter(matches);
    for (const client of matching) client.wire.close(end.code, end.reason);
    return matching.length;
  }

  watchAdmission(): AdmissionWatch {
    const closures: Closure[] = [];
    this.#watches.add(closures);
    return {
      admit: (client) => {
        const closure = closures.find(({ matches }) => matches(client));
        if (closure) return closure.end;
        this.#clients.set(client.connectionId, client);
        this.#news.changed(this.size);
        return undefined;
      },
      end: () => void this.#watches.delete(closures),
    };
  }

  remove(client: ConnectedClient): void {
    if (this.#clients.delete(client.connectionId)) this.#news.changed(this.size);
  }

  stop(): void {
    this.#news.stop();
  }

  /** No other event waits for this one, so it need not reach all in one turn. */
  #spread(event: PreparedEvent, scope: OperatorScope | undefined): void {
    inTurns(this.#clients.values(), (client) => {
      if (isMeant(client, scope)) client.deliver(event);
    });
  }
}

function isMeant({ principal }: ControlClient, scope: OperatorScope | undefined): boolean {
  return scope === undefined || holdsScope(principal.scopes, scope);
}
