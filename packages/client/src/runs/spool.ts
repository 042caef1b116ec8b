/**
 * Where the end of a step is kept until the gateway has written it down: the gateway may be away when a step ends, and the program may die before
 * it is back.
 *
 * In memory it lasts as long as the program. For a file see `../node/file-spool.ts`.
 */
export type SpooledStep = {
  readonly runId: string;
  readonly step: number;
  readonly attempt: number;
} & ({ readonly kind: 'finished'; readonly result: unknown } | { readonly kind: 'failed'; readonly message: string });

export interface Spool {
  /** Whether what was put outlives this process: then a step whose end is in it need not wait for the gateway. */
  readonly isDurable: boolean;
  /** Resolves when it is kept. The same step replaces what was there. */
  put(entry: SpooledStep): Promise<void>;
  /** In the order of their steps. */
  list(runId: string): Promise<readonly SpooledStep[]>;
  /** Removing what is not there is no error. */
  remove(runId: string, step: number): Promise<void>;
}

export function createMemorySpool(): Spool {
  const entries = new Map<string, SpooledStep>();
  return {
    isDurable: false,
    async put(entry) {
      entries.set(`${entry.runId}/${entry.step}`, entry);
    },
    async list(runId) {
      return [...entries.values()].filter((entry) => entry.runId === runId).sort((one, other) => one.step - other.step);
    },
    async remove(runId, step) {
      entries.delete(`${runId}/${step}`);
    },
  };
}
