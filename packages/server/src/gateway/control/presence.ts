/** Who is connected, as `system-presence` and the event `presence` tell it, and when that event is due. The hub has the clients. */
import type { Clock, Timer } from '../../core/clock.ts';
import type { ControlClient, PresenceEntry } from './contract.ts';

/** Everybody gets the whole list, so it must not grow with the square of the clients. */
const entryLimit = 200;

/** Commands connect once per call: a list that shows them would change with each and say nothing. */
const passingModes: ReadonlySet<string> = new Set(['cli', 'probe']);

export function describePresence(clients: Iterable<ControlClient>): readonly PresenceEntry[] {
  // A program that connects twice, or again before its old connection was found dead, is one program.
  const latest = new Map<string, ControlClient>();
  for (const client of clients) {
    if (passingModes.has(client.client.mode)) continue;
    const key = client.client.instanceId ?? client.connectionId;
    latest.delete(key);
    latest.set(key, client);
  }
  return [...latest.values()].slice(-entryLimit).map(describe);
}

function describe({ client, peer, connectedAtMs }: ControlClient): PresenceEntry {
  const host = client.displayName ?? client.id;
  return {
    host,
    ip: peer.address,
    version: client.version,
    platform: client.platform,
    ...(client.deviceFamily === undefined ? {} : { deviceFamily: client.deviceFamily }),
    mode: client.mode,
    reason: 'connect',
    ...(client.instanceId === undefined ? {} : { instanceId: client.instanceId }),
    text: `${host} (${peer.address}) · ${client.version} · ${client.mode}`,
    ts: connectedAtMs,
  };
}

export interface PresenceNews {
  /** Somebody came or went: tells it soon, once for many, and not at all if in the end nothing changed. */
  changed(clients: number): void;
  stop(): void;
}

/** An event for each that comes or goes would be a storm when all come back at once. */
const delayMs = 1000;
/** Each presence goes to all, so the more there are the less often it is sent. */
const delayPerClientMs = 5;

export function createPresenceNews(
  clock: Clock,
  read: () => readonly PresenceEntry[],
  tell: (presence: readonly PresenceEntry[]) => void,
): PresenceNews {
  let timer: Timer | undefined;
  let told = '[]';
  return {
    changed(clients) {
      timer ??= clock.after(delayMs + delayPerClientMs * clients, () => {
        timer = undefined;
        const list = read();
        const text = JSON.stringify(list);
        if (text === told) return;
        told = text;
        tell(list);
      });
    },
    stop: () => timer?.cancel(),
  };
}
