/**
 * Readings of workloads over thirty days, in the database: as they were taken for a day, the lowest and the highest of each minute for a week, and of each
 * ten minutes for a month. Also what happened to them, and what is known of instances that are gone.
 *
 * A minute of readings is one row; it is written once a minute, all instances in one batch. A crash loses at most that minute.
 */
import type { DriverName, MemoryMark, MemorySample } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { Database, Row, Statement } from '../../storage/index.ts';
import { pack, unpack } from './packing.ts';
import { thin } from './thin.ts';

/** What is known of an instance, also after its end. */
export interface InstanceFacts {
  readonly driver: DriverName;
  readonly limits: 'kernel' | 'watchdog';
  readonly limitBytes?: number;
  readonly requestBytes?: number;
  readonly startedAtMs?: number;
}

export interface KeptInstance extends InstanceFacts {
  readonly instance: string;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

export interface HistoryRetention {
  readonly fineMs: number;
  readonly minutesMs: number;
  readonly tensMs: number;
}

export interface History {
  add(workloadUid: string, instance: string, reading: { readonly sample: MemorySample; readonly facts: InstanceFacts }): void;
  mark(workloadUid: string, instance: string, mark: MemoryMark): void;
  /** Those that have readings after `sinceMs`, the latest first. */
  instances(workloadUid: string, sinceMs: number): Promise<readonly KeptInstance[]>;
  samples(workloadUid: string, instance: string, sinceMs: number): Promise<readonly MemorySample[]>;
  marks(workloadUid: string, instance: string, sinceMs: number): Promise<readonly MemoryMark[]>;
  /** Writes what waits. What the database does not take waits on, up to a bound. */
  flush(): Promise<void>;
  /** Makes what is older coarser, and forgets what is too old. */
  age(): Promise<void>;
  /** Drops what waits of a workload that is gone. */
  forget(workloadUid: string): void;
}

export interface HistoryOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly retention: () => HistoryRetention;
}

/** How far apart the samples of a tier are. */
const tiers = { fine: 0, minute: 60_000, tenMinutes: 600_000 } as const;
const hourMs = 3_600_000;
/** Of one instance, while the database takes none: an hour. */
const waitingSamples = 720;
const waitingMarks = 1000;
/** Instances that one question looks at. */
const instanceLimit = 200;
/** Instances that one ageing takes up; the next takes the rest. */
const agedAtOnce = 500;

interface Waiting {
  readonly workloadUid: string;
  readonly instance: string;
  facts: InstanceFacts;
  samples: MemorySample[];
}

interface WaitingMark {
  readonly workloadUid: string;
  readonly instance: string;
  readonly mark: MemoryMark;
}

export function createHistory(options: HistoryOptions): History {
  return new DatabaseHistory(options);
}

class DatabaseHistory implements History {
  readonly #options: HistoryOptions;
  readonly #waiting = new Map<string, Waiting>();
  #marks: WaitingMark[] = [];
  #flushing: Promise<void> = Promise.resolve();

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  add(workloadUid: string, instance: string, { sample, facts }: { readonly sample: MemorySample; readonly facts: InstanceFacts }): void {
    const key = `${workloadUid}/${instance}`;
    const entry = this.#waiting.get(key) ?? { workloadUid, instance, facts, samples: [] };
    entry.facts = facts;
    // One of the same moment, or of a clock that was set back, would make the order untrue.
    if (sample.at > (entry.samples.at(-1)?.at ?? 0)) entry.samples.push(sample);
    if (entry.samples.length > waitingSamples) entry.samples.shift();
    this.#waiting.set(key, entry);
  }

  mark(workloadUid: string, instance: string, mark: MemoryMark): void {
    this.#marks.push({ workloadUid, instance, mark });
    if (this.#marks.length > waitingMarks) this.#marks.shift();
  }

  async instances(workloadUid: string, sinceMs: number): Promise<readonly KeptInstance[]> {
    const rows = await this.#options.database.read({
      sql: `SELECT instance, first_at, last_at, facts FROM workload_instances WHERE workload_uid = $1 AND last_at >= $2
        ORDER BY last_at DESC, instance LIMIT ${instanceLimit}`,
      params: [workloadUid, Math.round(sinceMs)],
    });
    const known = new Map(rows.map((row) => [String(row['instance']), toInstance(row)]));
    for (const { workloadUid: uid, instance, facts, samples } of this.#waiting.values()) {
      const [first, last] = [samples[0], samples.at(-1)];
      if (uid !== workloadUid || !first || !last || last.at < sinceMs) continue;
      known.set(instance, { instance, firstAtMs: known.get(instance)?.firstAtMs ?? first.at, lastAtMs: last.at, ...facts });
    }
    return [...known.values()].toSorted((a, b) => b.lastAtMs - a.lastAtMs);
  }

  async samples(workloadUid: string, instance: string, sinceMs: number): Promise<readonly MemorySample[]> {
    const written: MemorySample[] = [];
    // From the coarsest on: each goes on where the one before is no longer needed.
    for (const tier of [tiers.tenMinutes, tiers.minute, tiers.fine]) {
      const chunks = await readChunks(this.#options.database, { workloadUid, instance, tier, sinceMs });
      const [first] = chunks[0] ?? [];
      while (first && written.length > 0 && written.at(-1)!.at >= first.at) written.pop();
      written.push(...chunks.flat());
    }
    const lastAt = written.at(-1)?.at ?? 0;
    const fresh = this.#waiting.get(`${workloadUid}/${instance}`)?.samples.filter(({ at }) => at > lastAt) ?? [];
    return [...written, ...fresh].filter(({ at }) => at >= sinceMs);
  }

  async marks(workloadUid: string, instance: string, sinceMs: number): Promise<readonly MemoryMark[]> {
    const rows = await this.#options.database.read({
      sql: `SELECT at, kind, text FROM workload_marks WHERE workload_uid = $1 AND instance = $2 AND at >= $3 ORDER BY at DESC, kind LIMIT 1000`,
      params: [workloadUid, instance, Math.round(sinceMs)],
    });
    const isAsked = (each: WaitingMark): boolean =>
      each.workloadUid === workloadUid && each.instance === instance && each.mark.at >= sinceMs;
    return [...rows.toReversed().map(toMark), ...this.#marks.filter(isAsked).map(({ mark }) => mark)];
  }

  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#write());
    return this.#flushing;
  }

  async age(): Promise<void> {
    const { database, clock, retention } = this.#options;
    const nowMs = clock.now();
    const { fineMs, minutesMs, tensMs } = retention();
    await coarsen(database, nowMs);
    const old = ([tier, keptMs]: readonly [number, number]): Statement => ({
      sql: 'DELETE FROM workload_samples WHERE tier = $1 AND to_at < $2',
      params: [tier, nowMs - keptMs],
    });
    const kept: readonly (readonly [number, number])[] = [
      [tiers.fine, fineMs],
      [tiers.minute, minutesMs],
      [tiers.tenMinutes, tensMs],
    ];
    await database.write({
      statements: [
        ...kept.map(old),
        { sql: 'DELETE FROM workload_marks WHERE at < $1', params: [nowMs - tensMs] },
        { sql: 'DELETE FROM workload_instances WHERE last_at < $1', params: [nowMs - tensMs] },
      ],
    });
  }

  forget(workloadUid: string): void {
    for (const [key, entry] of this.#waiting) if (entry.workloadUid === workloadUid) this.#waiting.delete(key);
    this.#marks = this.#marks.filter((each) => each.workloadUid !== workloadUid);
  }

  async #write(): Promise<void> {
    const batch = [...this.#waiting.values()]
      .filter(({ samples }) => samples.length > 0)
      .map((each) => ({ ...each, samples: [...each.samples] }));
    const marks = [...this.#marks];
    if (batch.length === 0 && marks.length === 0) return;
    try {
      await this.#options.database.write({ statements: [...batch.flatMap(insertSamples), ...marks.map(insertMark)] });
    } catch (error) {
      this.#options.log.warn('readings of workloads could not be written; they wait', { error });
      return;
    }
    this.#marks = this.#marks.filter((mark) => !marks.includes(mark));
    for (const { workloadUid, instance, samples } of batch) {
      const entry = this.#waiting.get(`${workloadUid}/${instance}`);
      if (!entry) continue;
      const lastAt = samples.at(-1)!.at;
      entry.samples = entry.samples.filter(({ at }) => at > lastAt);
      if (entry.samples.length === 0) this.#waiting.delete(`${workloadUid}/${instance}`);
    }
  }
}

/** Each whole hour becomes a row of the coarser tiers, once: the row says that it was done. */
async function coarsen(database: Database, nowMs: number): Promise<void> {
  const untilMs = Math.floor(nowMs / hourMs) * hourMs;
  const todo = await database.read({
    sql: `SELECT s.workload_uid, s.instance, MIN(s.from_at) AS from_at FROM workload_samples s WHERE s.tier = 0 AND s.to_at < $1 AND s.from_at >=
      COALESCE((SELECT MAX(c.to_at) FROM workload_samples c WHERE c.workload_uid = s.workload_uid AND c.instance = s.instance AND c.tier = ${tiers.minute}), 0)
      GROUP BY s.workload_uid, s.instance ORDER BY s.workload_uid, s.instance LIMIT ${agedAtOnce}`,
    params: [untilMs],
  });
  for (const row of todo) {
    const [workloadUid, instance] = [String(row['workload_uid']), String(row['instance'])];
    // From the beginning of the hour of what was not looked at yet; hours before it have their rows.
    for (let fromMs = Math.floor(Number(row['from_at']) / hourMs) * hourMs; fromMs < untilMs; fromMs += hourMs) {
      const chunks = await readChunks(database, { workloadUid, instance, tier: tiers.fine, sinceMs: fromMs, untilMs: fromMs + hourMs });
      const samples = chunks.flat().filter(({ at }) => at >= fromMs && at < fromMs + hourMs);
      if (samples.length === 0) continue;
      const statements = [tiers.minute, tiers.tenMinutes].map((tier) =>
        insertChunk({ workloadUid, instance, tier, samples: thin(samples, tier), toMs: fromMs + hourMs }),
      );
      await database.write({ statements });
    }
  }
}

interface ChunkQuestion {
  readonly workloadUid: string;
  readonly instance: string;
  readonly tier: number;
  readonly sinceMs: number;
  readonly untilMs?: number;
}

async function readChunks(database: Database, { workloadUid, instance, tier, sinceMs, untilMs }: ChunkQuestion): Promise<MemorySample[][]> {
  const rows = await database.read({
    sql: `SELECT samples FROM workload_samples WHERE workload_uid = $1 AND instance = $2 AND tier = $3 AND to_at >= $4 AND from_at < $5
      ORDER BY from_at LIMIT 20000`,
    params: [workloadUid, instance, tier, Math.round(sinceMs), Math.round(untilMs ?? 8.64e15)],
  });
  return rows.map((row) => unpack(String(row['samples'])));
}

function insertSamples({ workloadUid, instance, samples, facts }: Waiting): Statement[] {
  const [first, last] = [samples[0]!, samples.at(-1)!];
  return [
    insertChunk({ workloadUid, instance, tier: tiers.fine, samples, toMs: last.at }),
    {
      sql: `INSERT INTO workload_instances (workload_uid, instance, first_at, last_at, facts) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (workload_uid, instance) DO UPDATE SET last_at = excluded.last_at, facts = excluded.facts`,
      params: [workloadUid, instance, first.at, last.at, JSON.stringify(facts)],
    },
  ];
}

interface Chunk {
  readonly workloadUid: string;
  readonly instance: string;
  readonly tier: number;
  readonly samples: readonly MemorySample[];
  readonly toMs: number;
}

/** A batch whose answer was lost is written again. */
function insertChunk({ workloadUid, instance, tier, samples, toMs }: Chunk): Statement {
  return {
    sql: `INSERT INTO workload_samples (workload_uid, instance, tier, from_at, to_at, samples) VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (workload_uid, instance, tier, from_at) DO UPDATE SET to_at = excluded.to_at, samples = excluded.samples`,
    params: [workloadUid, instance, tier, samples[0]!.at, toMs, pack(samples)],
  };
}

function insertMark({ workloadUid, instance, mark }: WaitingMark): Statement {
  return {
    sql: `INSERT INTO workload_marks (workload_uid, instance, at, kind, text) VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (workload_uid, instance, at, kind) DO NOTHING`,
    params: [workloadUid, instance, Math.round(mark.at), mark.kind, mark.text ?? null],
  };
}

function toInstance(row: Row): KeptInstance {
  const facts = JSON.parse(String(row['facts'])) as InstanceFacts;
  return { instance: String(row['instance']), firstAtMs: Number(row['first_at']), lastAtMs: Number(row['last_at']), ...facts };
}

function toMark(row: Row): MemoryMark {
  const text = row['text'];
  return { at: Number(row['at']), kind: row['kind'] as MemoryMark['kind'], ...(typeof text === 'string' ? { text } : {}) };
}
