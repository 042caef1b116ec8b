/** What OpenClaw itself said of a workload, kept in the database beside its other history: bounded in number and age, in the order of time. */
import type { Clock } from '../../core/clock.ts';
import type { Database, Row } from '../../storage/index.ts';

export interface KeptLine {
  readonly atMs: number;
  readonly instance: string;
  readonly container: string;
  readonly text: string;
}

export interface RuntimeLines {
  append(workloadUid: string, lines: readonly KeptLine[]): Promise<void>;
  /** Oldest first; of more than fit, the latest. */
  read(workloadUid: string, sinceMs: number): Promise<readonly KeptLine[]>;
  /** Tells of lines as they come. @returns ends it */
  observe(workloadUid: string, listener: (line: KeptLine) => void): () => void;
  /** Forgets what is too old, or too much. */
  tidy(): Promise<void>;
}

/** Of one workload. */
const keptLines = 2000;
const keptMs = 30 * 86_400_000;

interface LineRow extends Row {
  readonly at: number;
  readonly instance: string;
  readonly container: string;
  readonly text: string;
}

export function createRuntimeLines({ database, clock }: { readonly database: Database; readonly clock: Clock }): RuntimeLines {
  const listeners = new Map<string, Set<(line: KeptLine) => void>>();
  const workloads = new Set<string>();
  // Lines of the same millisecond keep their order, also over a restart.
  let ordinal = Math.floor(clock.now());

  return {
    async append(workloadUid, lines) {
      workloads.add(workloadUid);
      for (const line of lines) for (const listener of listeners.get(workloadUid) ?? []) listener(line);
      await database.write({
        statements: lines.map(({ atMs, instance, container, text }) => ({
          sql: 'INSERT INTO workload_lines (workload_uid, at, ordinal, instance, container, text) VALUES ($1, $2, $3, $4, $5, $6)',
          params: [workloadUid, Math.round(atMs), (ordinal += 1), instance, container, text],
        })),
      });
    },
    async read(workloadUid, sinceMs) {
      const rows = await database.read<LineRow>({
        sql: `SELECT at, instance, container, text FROM workload_lines WHERE workload_uid = $1 AND at >= $2
          ORDER BY at DESC, ordinal DESC LIMIT ${keptLines}`,
        params: [workloadUid, Math.round(sinceMs)],
      });
      return rows.toReversed().map(({ at, instance, container, text }) => ({ atMs: at, instance, container, text }));
    },
    observe(workloadUid, listener) {
      const own = listeners.get(workloadUid) ?? new Set();
      listeners.set(workloadUid, own.add(listener));
      return () => {
        own.delete(listener);
        if (own.size === 0) listeners.delete(workloadUid);
      };
    },
    async tidy() {
      const surplus = [...workloads].map((uid) => ({
        sql: `DELETE FROM workload_lines WHERE workload_uid = $1 AND ordinal <=
          (SELECT ordinal FROM workload_lines WHERE workload_uid = $1 ORDER BY ordinal DESC LIMIT 1 OFFSET ${keptLines})`,
        params: [uid],
      }));
      await database.write({
        statements: [{ sql: 'DELETE FROM workload_lines WHERE at < $1', params: [clock.now() - keptMs] }, ...surplus],
      });
    },
  };
}
