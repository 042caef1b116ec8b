/**
 * The search for model servers on this machine, once after the start and again when the configuration names other providers: who was
 * hidden by one of them may be wanted now, or have come since. What was found once stays known.
 *
 * How they are recognized: `../discovery.ts`.
 */
import { reasonOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { discoverLocalServers, type LocalServer } from '../discovery.ts';

export interface LocalSearch {
  /** Looks for the first time. */
  begin(ownPort: number, how: SearchOptions): Promise<void>;
  /** Looks once more, beside everything else; does nothing before the first time. */
  again(): void;
  /** All that were found until now. */
  found(): Iterable<LocalServer>;
  /** Ends a search that is under way. */
  close(): Promise<void>;
}

export interface SearchOptions {
  readonly signal: AbortSignal;
  readonly onFound: (server: LocalServer) => void;
}

export function createLocalSearch({ log }: { readonly log: Log }): LocalSearch {
  const known = new Map<string, LocalServer>();
  const closing = new AbortController();
  let look: (() => Promise<void>) | undefined;
  let looking: Promise<void> | undefined;

  return {
    begin(ownPort, { signal, onFound }) {
      signal.addEventListener('abort', () => closing.abort(), { once: true });
      look = async () => {
        for (const server of await discoverLocalServers({ signal: closing.signal, ignorePorts: [ownPort] })) {
          const isNew = !known.has(server.id);
          known.set(server.id, server);
          onFound(server);
          const { id: provider, baseUrl, models } = server;
          if (isNew) log.info('found a model server on this machine', { provider, baseUrl, models: models.length });
        }
      };
      return look();
    },
    again() {
      if (!look || closing.signal.aborted) return;
      // One that is under way sees what is there now as well.
      looking ??= look()
        .catch((error: unknown) => log.error('model servers on this machine could not be looked for', { reason: reasonOf(error) }))
        .finally(() => (looking = undefined));
    },
    found: () => known.values(),
    async close() {
      closing.abort();
      await looking;
    },
  };
}
