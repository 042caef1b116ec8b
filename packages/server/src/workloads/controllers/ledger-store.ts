/** Where ledgers and revisions of workloads lie: rows of the database, each with one owner, the controller of that workload. */
import type { WorkloadRevision, WorkloadSpec } from '@openclaw/protocol';
import type { Database, Row } from '../../storage/index.ts';
import type { Ledger } from './contract.ts';
import { hashOf, templateOf } from './template.ts';

export interface LedgerStore {
  read(workloadUid: string): Promise<Ledger | undefined>;
  /** Of all workloads, also of those whose object is gone. */
  list(): Promise<readonly { readonly uid: string; readonly namespace: string; readonly name: string; readonly ledger: Ledger }[]>;
  write(workload: LedgerOwner, ledger: Ledger): Promise<void>;
  /** Newest first. */
  revisions(workloadUid: string): Promise<readonly StoredRevision[]>;
  /**
   * The revision of a spec: the one that is there already, made the newest where it is an older one, or a new one. Only the latest `limit` are kept,
   * and those that are in use.
   */
  revise(workload: LedgerOwner, wanted: WantedRevision): Promise<StoredRevision>;
  /** Forgets a workload, with everything that was kept of it. */
  remove(workloadUid: string): Promise<void>;
}

export interface LedgerOwner {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

export interface StoredRevision extends WorkloadRevision {
  readonly hash: string;
}

export interface WantedRevision {
  readonly spec: WorkloadSpec;
  readonly cause: string | undefined;
  readonly nowMs: number;
  /** Revisions that instances have. */
  readonly inUse: readonly number[];
}

interface RevisionRow extends Row {
  readonly revision: number;
  readonly hash: string;
  readonly created_at: number;
  readonly spec: string;
  readonly cause: string | null;
}

const tablesOfWorkload = [
  ...['workload_ledgers', 'workload_revisions', 'workload_instances', 'workload_samples', 'workload_marks', 'workload_lines'],
] as const;

export function createLedgerStore(database: Database): LedgerStore {
  const revisions = async (uid: string): Promise<StoredRevision[]> => {
    const rows = await database.read<RevisionRow>({
      sql: 'SELECT revision, hash, created_at, spec, cause FROM workload_revisions WHERE workload_uid = $1 ORDER BY revision DESC',
      params: [uid],
    });
    return rows.map(toRevision);
  };

  return {
    revisions,
    async read(uid) {
      const [row] = await database.read({ sql: 'SELECT ledger FROM workload_ledgers WHERE workload_uid = $1', params: [uid] });
      return row === undefined ? undefined : (JSON.parse(String(row['ledger'])) as Ledger);
    },
    async list() {
      const rows = await database.read({ sql: 'SELECT workload_uid, namespace, name, ledger FROM workload_ledgers ORDER BY workload_uid' });
      return rows.map((row) => ({
        ...{ uid: String(row['workload_uid']), namespace: String(row['namespace']), name: String(row['name']) },
        ledger: JSON.parse(String(row['ledger'])) as Ledger,
      }));
    },
    async write({ uid, namespace, name }, ledger) {
      const sql = `INSERT INTO workload_ledgers (workload_uid, namespace, name, ledger) VALUES ($1, $2, $3, $4)
        ON CONFLICT (workload_uid) DO UPDATE SET ledger = excluded.ledger`;
      await database.write({ statements: [{ sql, params: [uid, namespace, name, JSON.stringify(ledger)] }] });
    },
    async revise({ uid }, { spec, cause, nowMs, inUse }) {
      const known = await revisions(uid);
      const hash = hashOf(templateOf(spec));
      const [latest] = known;
      if (latest?.hash === hash) return latest;
      const next: StoredRevision = {
        ...{ revision: (latest?.revision ?? 0) + 1, hash, createdAt: new Date(nowMs).toISOString(), spec },
        ...(cause === undefined ? {} : { cause }),
      };
      // One that has come back keeps only its new number, once no instance has the old one any more.
      const distinct = known.filter(({ hash: other }, index) => other !== hash && known.findIndex((each) => each.hash === other) === index);
      const kept = distinct.slice(0, spec.revisionHistoryLimit);
      const forgotten = known.filter((each) => !kept.includes(each) && !inUse.includes(each.revision));
      await database.write({
        statements: [
          {
            sql: 'INSERT INTO workload_revisions (workload_uid, revision, hash, created_at, spec, cause) VALUES ($1, $2, $3, $4, $5, $6)',
            params: [uid, next.revision, hash, nowMs, JSON.stringify(spec), cause ?? null],
          },
          ...forgotten.map(({ revision }) => ({
            sql: 'DELETE FROM workload_revisions WHERE workload_uid = $1 AND revision = $2',
            params: [uid, revision],
          })),
        ],
      });
      return next;
    },
    async remove(uid) {
      await database.write({
        statements: tablesOfWorkload.map((table) => ({ sql: `DELETE FROM ${table} WHERE workload_uid = $1`, params: [uid] })),
      });
    },
  };
}

function toRevision({ revision, hash, created_at: createdAtMs, spec, cause }: RevisionRow): StoredRevision {
  return {
    ...{ revision, hash, createdAt: new Date(createdAtMs).toISOString(), spec: JSON.parse(spec) as WorkloadSpec },
    ...(cause === null ? {} : { cause }),
  };
}
