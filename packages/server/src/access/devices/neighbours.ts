/**
 * Other processes on the same store: tells them that devices changed, and reads everything again when one of them says so.
 *
 * Messages carry nothing but who sent them: what changed is in the store.
 */
import { randomUUID } from 'node:crypto';
import type { Clock, Timer } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Database } from '../../storage/index.ts';

export interface NeighboursOptions {
  readonly database: Pick<Database, 'publish' | 'subscribe'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly reload: () => Promise<void>;
}

export interface Neighbours {
  /** They hear it at most once, so a failure is only logged: the change itself is stored. */
  announce(): Promise<void>;
  close(): void;
}

const channel = 'devices';
/** How soon a store that could not be read is asked again. */
const reloadDelayMs = 1000;

export function followNeighbours({ database, clock, log, reload }: NeighboursOptions): Neighbours {
  const self = randomUUID();
  let retry: Timer | undefined;
  let reading = false;
  let readAgain = false;
  let closed = false;

  const read = async (): Promise<void> => {
    retry?.cancel();
    // Whatever is told while it reads may be missing from what it reads.
    readAgain = reading;
    if (reading || closed) return;
    reading = true;
    try {
      await reload();
    } catch (thrown) {
      if (!closed) {
        log.warn('changed devices could not be read; it is tried again', { reason: reasonOf(thrown) });
        retry = clock.after(reloadDelayMs, () => void read());
      }
    } finally {
      reading = false;
    }
    if (readAgain) await read();
  };
  const unsubscribe = database.subscribe(channel, (sender) => {
    if (sender !== self) void read();
  });

  return {
    async announce() {
      try {
        await database.publish(channel, self);
      } catch (thrown) {
        log.warn('other processes could not be told of a changed device', { reason: reasonOf(thrown) });
      }
    },
    close() {
      closed = true;
      unsubscribe();
      retry?.cancel();
    },
  };
}
