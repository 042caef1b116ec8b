/**
 * Knows the work that goes on in the background and when each piece last gave a sign of life, so that one that died in silence shows in
 * the health of the gateway. It restarts nothing.
 */
import type { Clock } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import { degraded, failed, ok, type Check } from './check.ts';

export interface WatchedTask {
  /** After each round of its work. */
  alive(): void;
  /** It ended, and should not have. A later sign of life takes that back. */
  died(reason: unknown): void;
  /** It ended as it should. */
  done(): void;
}

export interface TaskOptions {
  /** Silence for longer than this is death: a few times what a round takes. */
  readonly silenceMs: number;
  /** Whether the gateway cannot do its work without it. @default false */
  readonly essential?: boolean;
}

export interface Watchdog {
  /** @throws TypeError if a task of this name is watched */
  watch(name: string, options: TaskOptions): WatchedTask;
  readonly check: Check;
}

interface Task extends TaskOptions {
  lastSignMs: number;
  death: string | undefined;
}

export function createWatchdog(clock: Clock): Watchdog {
  const tasks = new Map<string, Task>();

  const trouble = (name: string, { lastSignMs, silenceMs, death }: Task): string | undefined => {
    if (death !== undefined) return `${name} ended: ${death}`;
    const silentMs = clock.monotonicMs() - lastSignMs;
    return silentMs > silenceMs ? `${name} has given no sign of life for ${Math.round(silentMs / 1000)} s` : undefined;
  };

  return {
    watch(name, options) {
      if (tasks.has(name)) throw new TypeError(`${name} is watched already`);
      const task: Task = { ...options, lastSignMs: clock.monotonicMs(), death: undefined };
      tasks.set(name, task);
      return {
        alive() {
          task.lastSignMs = clock.monotonicMs();
          task.death = undefined;
        },
        died: (reason) => void (task.death = reasonOf(reason)),
        done: () => void (tasks.get(name) === task && tasks.delete(name)),
      };
    },
    check() {
      const troubles = [...tasks].flatMap(([name, task]) => {
        const words = trouble(name, task);
        return words === undefined ? [] : [{ words, essential: task.essential === true }];
      });
      if (troubles.length === 0) return ok;
      const detail = troubles.map(({ words }) => words).join('; ');
      return troubles.some(({ essential }) => essential) ? failed(detail) : degraded(detail);
    },
  };
}
