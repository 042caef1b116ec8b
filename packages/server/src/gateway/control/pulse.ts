/** What the control plane says by itself: ticks, health, and pings. One timer each, however many clients there are. */
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { prepareEvent, type ConnectedClient } from './connected-client.ts';
import type { ClientHub } from './hub.ts';
import type { ControlLimits } from './limits.ts';

export interface PulseOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly hub: ClientHub;
  readonly limits: ControlLimits;
  /** What the method `health` answers to somebody without scopes. */
  readonly health: () => unknown;
  readonly checkAlive: () => void;
}

export interface Pulse {
  /** As it was found last; an empty object before the first time. */
  readonly health: unknown;
  /** Somebody is about to come: finds health out anew unless that has just been done. */
  wake(): void;
  /** To one who has come. Where it is being found out, all will be told. */
  tellHealth(client: ConnectedClient): void;
  stop(): void;
}

/** Commands connect many times a second; health is not asked more often than this because of them. */
const healthAgeMs = 5000;

export function createPulse({ clock, log, hub, limits, health: findHealth, checkAlive }: PulseOptions): Pulse {
  let health: unknown = {};
  let askedAtMs = -Infinity;
  let isAsking = false;

  const refresh = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    askedAtMs = clock.monotonicMs();
    try {
      health = await findHealth();
      hub.broadcastState('health', health);
    } catch (thrown) {
      log.warn('clients could not be told how the gateway is', { error: thrown });
    } finally {
      isAsking = false;
    }
  };
  const timers = [
    clock.every(limits.tickIntervalMs, () => hub.tick(clock.now())),
    clock.every(limits.healthIntervalMs, () => {
      if (hub.size > 0) void refresh();
    }),
    clock.every(limits.pongWindowMs, checkAlive),
  ];
  return {
    get health() {
      return health;
    },
    wake() {
      if (clock.monotonicMs() - askedAtMs >= healthAgeMs) void refresh();
    },
    tellHealth(client) {
      if (!isAsking) client.deliver(prepareEvent('health', health, { stateVersion: hub.stateVersion, isDroppable: true }));
    },
    stop() {
      for (const timer of timers) timer.cancel();
    },
  };
}
