/**
 * Where should writes run? Three ways of committing the same batches, measured side by side in processes of their own:
 *
 *   bare     plain SQLite, WAL, synchronous=FULL, on the main thread: the limit of the disk, nothing else done
 *   main     our journal and SQLite with synchronous=OFF on the main thread, the journal synced through libuv's pool
 *   threads  the storage as it ships: the same in a writer thread, reads in a thread of their own
 *
 * Run it with `node bench/storage.ts [--quick]`. The figures and what was decided from them are in
 * docs/design/decisions/0011-writes-in-a-thread.md.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { systemClock } from '../packages/server/src/core/clock.ts';
import { createCommitQueue } from '../packages/server/src/storage/commit-queue.ts';
import type { WriteBatch } from '../packages/server/src/storage/database.ts';
import type { Migration } from '../packages/server/src/storage/migrations/index.ts';
import { applyLine, createMeta, setMeta } from '../packages/server/src/storage/sqlite/apply.ts';
import { encodeBatch } from '../packages/server/src/storage/sqlite/batch-line.ts';
import { connect } from '../packages/server/src/storage/sqlite/connection.ts';
import { openSqlite } from '../packages/server/src/storage/sqlite/database.ts';
import { storePaths } from '../packages/server/src/storage/sqlite/paths.ts';
import { encodeRecord } from '../packages/server/src/storage/sqlite/segment.ts';
import { median, percentile } from './percentile.ts';

/** What is measured: write one batch durably, ask one question. */
interface Subject {
  write(batch: WriteBatch): Promise<void>;
  read(sql: string): Promise<unknown>;
  close(): Promise<void>;
}

const payload = 'x'.repeat(2000);
const writers = 200;
/** The monitor compares ticks: it needs some before and after what it is to see. */
const loopSettleMs = 10;
const largeTableRows = 1_000_000;
const steps: Migration = {
  version: 1,
  name: 'steps',
  statements: ['CREATE TABLE steps (id TEXT PRIMARY KEY NOT NULL, at BIGINT, body TEXT)'],
};
const [createSteps = ''] = steps.statements;

const insert = (id: number): WriteBatch => ({
  statements: [{ sql: 'INSERT INTO steps (id, at, body) VALUES ($1, $2, $3)', params: [`step ${id}`, id, payload] }],
});

const subjects: Readonly<Record<string, (directory: string) => Promise<Subject>>> = {
  bare: openBare,
  main: openOnMain,
  threads: openThreads,
};

async function openBare(directory: string): Promise<Subject> {
  const database = new DatabaseSync(join(directory, 'bare.sqlite'));
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${createSteps}`);
  const queue = createCommitQueue<WriteBatch>(
    async (group) => {
      database.exec('BEGIN');
      for (const { statements } of group) for (const { sql, params = [] } of statements) prepared(sql).run(...params);
      database.exec('COMMIT');
      // A turn of the loop, without which nothing else in the process would ever run.
      await nextTurn();
      return [];
    },
    { groupBatches: writers },
  );
  const known = new Map<string, ReturnType<DatabaseSync['prepare']>>();
  const prepared = (sql: string): ReturnType<DatabaseSync['prepare']> => {
    const statement = known.get(sql) ?? database.prepare(sql.replaceAll('$', '?'));
    known.set(sql, statement);
    return statement;
  };
  return {
    write: (batch) => queue.add(batch, payload.length),
    read: async (sql) => database.prepare(sql).all(),
    close: async () => database.close(),
  };
}

async function openOnMain(directory: string): Promise<Subject> {
  const connection = connect(join(directory, 'openclaw.sqlite'));
  createMeta(connection);
  connection.exec(createSteps);
  const journal = await open(join(directory, 'journal'), 'w');
  let position = 0;
  let size = 0;
  const queue = createCommitQueue<string>(async (lines) => {
    connection.exec('BEGIN IMMEDIATE');
    for (const line of lines) applyLine(connection, line);
    position += 1;
    setMeta(connection, 'position', position);
    const record = encodeRecord(position, lines.join('\n'));
    await journal.write(record, 0, record.length, size);
    size += record.length;
    await journal.datasync();
    connection.exec('COMMIT');
    return [];
  });
  return {
    write: (batch) => queue.add(encodeBatch(batch), payload.length),
    read: async (sql) => connection.all({ sql }),
    async close() {
      await queue.close();
      await journal.close();
      connection.close();
    },
  };
}

function openThreads(directory: string): Promise<Subject> {
  return openSqlite({ paths: storePaths(directory), clock: systemClock, migrations: [steps], reader: 'at once' }).then((database) => ({
    write: database.write,
    read: (sql) => database.read({ sql }),
    close: database.close,
  }));
}

interface Figures {
  readonly openMs: number;
  readonly memoryMb: number;
  readonly sequentialP50Ms: number;
  readonly sequentialP99Ms: number;
  readonly batchesPerSecond: number;
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
  readonly longReadMs: number;
  readonly loopMaxInReadMs: number;
  readonly slowestCommitInReadMs: number;
}

async function measure(name: string, scale: number): Promise<Figures> {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-bench-'));
  const memoryBefore = process.memoryUsage.rss();
  const begin = performance.now();
  const subject = await subjects[name]?.(directory);
  if (!subject) throw new Error(`there is no variant ${name}`);
  const openMs = performance.now() - begin;
  try {
    await subject.write(insert(0));
    const memoryMb = (process.memoryUsage.rss() - memoryBefore) / 2 ** 20;
    const sequential = await sequentialTimes(subject, 1000 * scale);
    const loop = monitorEventLoopDelay({ resolution: 1 });
    loop.enable();
    await delay(loopSettleMs);
    const batchesPerSecond = await concurrentRate(subject, 5000 * scale);
    await delay(loopSettleMs);
    loop.disable();
    return {
      ...{ openMs, memoryMb, batchesPerSecond },
      ...{ sequentialP50Ms: percentile(sequential, 0.5), sequentialP99Ms: percentile(sequential, 0.99) },
      ...{ loopP99Ms: loop.percentile(99) / 1e6, loopMaxMs: loop.max / 1e6 },
      ...(await longRead(subject)),
    };
  } finally {
    await subject.close();
    rmSync(directory, { recursive: true });
  }
}

async function sequentialTimes(subject: Subject, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let id = 1; id <= count; id += 1) {
    const begin = performance.now();
    await subject.write(insert(id));
    times.push(performance.now() - begin);
  }
  return times;
}

/** Each of the writers waits for its own commit, as a run does for its step. */
async function concurrentRate(subject: Subject, durationMs: number): Promise<number> {
  let next = 1_000_000;
  let written = 0;
  const begin = performance.now();
  const write = async (): Promise<void> => {
    while (performance.now() - begin < durationMs) {
      await subject.write(insert((next += 1)));
      written += 1;
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  return written / ((performance.now() - begin) / 1000);
}

/** One aggregate over a million rows, while the loop ticks and somebody writes. */
async function longRead(subject: Subject): Promise<Pick<Figures, 'longReadMs' | 'loopMaxInReadMs' | 'slowestCommitInReadMs'>> {
  await subject.write({
    statements: [
      {
        sql: `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${largeTableRows})
              INSERT INTO steps (id, at, body) SELECT 'row ' || n, n, 'x' FROM numbers`,
      },
    ],
  });
  await subject.read('SELECT 1 AS one');
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  await delay(loopSettleMs);
  let reading = true;
  const begin = performance.now();
  const read = subject.read('SELECT at % 1000 AS bucket, COUNT(*) AS count, SUM(LENGTH(id)) AS size FROM steps GROUP BY 1').then(() => {
    reading = false;
    return performance.now() - begin;
  });
  let slowest = 0;
  for (let id = 5_000_000; reading; id += 1) {
    const [time = 0] = await timed(subject, id);
    slowest = Math.max(slowest, time);
  }
  const longReadMs = await read;
  await delay(loopSettleMs);
  loop.disable();
  return { longReadMs, loopMaxInReadMs: loop.max / 1e6, slowestCommitInReadMs: slowest };
}

async function timed(subject: Subject, id: number): Promise<number[]> {
  const begin = performance.now();
  await subject.write(insert(id));
  return [performance.now() - begin];
}

async function main(args: readonly string[]): Promise<void> {
  const [variant, scale] = args;
  if (variant !== undefined && variant in subjects) {
    process.stdout.write(JSON.stringify(await measure(variant, Number(scale))));
    return;
  }
  const quick = args.includes('--quick');
  const results = new Map<string, Figures[]>(Object.keys(subjects).map((name) => [name, []]));
  for (let round = 0; round < (quick ? 1 : 5); round += 1) {
    for (const [name, figures] of results) {
      const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(import.meta.url), name, quick ? '0.3' : '1']);
      figures.push(JSON.parse(stdout) as Figures);
    }
  }
  report(results);
}

function report(results: ReadonlyMap<string, readonly Figures[]>): void {
  const of = (name: string, key: keyof Figures): number => median((results.get(name) ?? []).map((figures) => figures[key]));
  const rows: readonly (readonly [string, keyof Figures, number])[] = [
    ['commit one after another, p50 ms', 'sequentialP50Ms', 3],
    ['commit one after another, p99 ms', 'sequentialP99Ms', 3],
    [`batches/s, ${writers} writers`, 'batchesPerSecond', 0],
    ['main loop delay meanwhile, p99 ms', 'loopP99Ms', 2],
    ['main loop delay meanwhile, most ms', 'loopMaxMs', 1],
    [`aggregate over ${largeTableRows} rows, ms`, 'longReadMs', 0],
    ['main loop delay during it, most ms', 'loopMaxInReadMs', 1],
    ['slowest commit during it, ms', 'slowestCommitInReadMs', 1],
    ['opening, ms', 'openMs', 1],
    ['memory added by opening, MiB', 'memoryMb', 1],
  ];
  const names = [...results.keys()];
  const lines = [
    `| 2 KB per batch, median of ${results.get('bare')?.length ?? 0} rounds | ${names.join(' | ')} |`,
    `|---|${names.map(() => '--:|').join('')}`,
  ];
  for (const [title, key, digits] of rows) lines.push(`| ${title} | ${names.map((name) => of(name, key).toFixed(digits)).join(' | ')} |`);
  const share = median(
    (results.get('threads') ?? []).map(
      ({ batchesPerSecond }, round) => batchesPerSecond / (results.get('bare')?.[round]?.batchesPerSecond ?? Number.NaN),
    ),
  );
  process.stdout.write(`${lines.join('\n')}\n\nthreads reach ${Math.round(share * 100)} % of the bare rate (bar: 50 %)\n`);
}

await main(process.argv.slice(2));
