import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createLog } from '../../core/log.ts';
import { openState, type Database, type Value, type WriteBatch } from '../../storage/index.ts';
import type { RequestReport } from '../report.ts';
import { createUsageLog } from './usage.ts';

const columns = 22;

function setup() {
  const batches: WriteBatch[] = [];
  const state = { full: false, broken: false, refuses: (_params: readonly Value[]): boolean => false };
  const database = {
    async write(batch: WriteBatch) {
      if (state.full) throw new OpenClawError('storage_full', { details: { reason: 'no space left' } });
      const params = batch.statements.flatMap((statement) => statement.params ?? []);
      if (state.broken || state.refuses(params)) throw new OpenClawError('storage_failed', { details: { reason: 'not this one' } });
      batches.push(batch);
    },
    check: async () => ({ writable: !state.broken && !state.full, bytes: 0, waiting: 0 }),
  } as Partial<Database> as Database;
  const clock = createFakeClock();
  const lines: string[] = [];
  const log = createLog({ clock, destinations: [{ write: (line) => void lines.push(line) }] });
  const usage = createUsageLog({ database, clock, log, hasBudget: (callerId) => callerId === 'key_budget' });
  const rows = (): number =>
    batches.flatMap((batch) => batch.statements).reduce((sum, { params = [] }) => sum + params.length / columns, 0);
  return { usage, clock, batches, state, rows, lines };
}

interface ReportDetails extends Partial<Omit<RequestReport, 'call'>> {
  readonly caller?: string;
  readonly trail?: string;
  readonly cached?: boolean;
}

function report(id: string, { caller = 'gateway', ...more }: ReportDetails = {}): RequestReport {
  const call = { requestId: id, dialect: 'openai-completions', caller: { id: caller, models: undefined } } as Partial<
    RequestReport['call']
  > as RequestReport['call'];
  const made = {
    ...{ call, requestedModel: 'fast', stream: false, target: undefined, attempts: [], observed: { usage: undefined, finish: undefined } },
    ...{ outcome: { kind: 'completed' as const }, firstOutputMs: 1, totalMs: 2, costNanoUsd: undefined, queueMs: 0 },
    ...{ decisions: [], cached: false },
    ...more,
  };
  return made;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('reports are written once a second, and sooner when many wait', async () => {
  const { usage, clock, rows } = setup();
  usage.record(report('req_0'), undefined);
  await settled();
  assert.equal(rows(), 0);
  clock.advance(1000);
  await settled();
  assert.equal(rows(), 1);
  for (let index = 0; index < 256; index += 1) usage.record(report(`req_${index}`), 5);
  await settled();
  assert.equal(rows(), 257);
  assert.equal(usage.waiting, 0);
});

test('what the database refuses is kept, said, and written when there is room; only beyond the bound is something lost, and counted', async () => {
  const { usage, clock, state, rows, lines } = setup();
  state.full = true;
  for (let index = 0; index < 300; index += 1) usage.record(report(`req_${index}`), undefined);
  clock.advance(1000);
  await settled();
  assert.equal(usage.waiting, 300);
  clock.advance(10_000);
  await settled();
  assert.equal(lines.filter((line) => line.includes('no space left')).length, 1, 'said once, not every second');
  for (let index = 0; index < 20_000; index += 1) usage.record(report(`more_${index}`), undefined);
  assert.deepEqual([usage.waiting, usage.dropped], [20_000, 300]);
  state.full = false;
  clock.advance(1000);
  await settled();
  assert.deepEqual([usage.waiting, rows()], [0, 20_000]);
});

test('closing writes what waits, and says if it cannot', async () => {
  const { usage, rows, clock } = setup();
  usage.record(report('req_1'), undefined);
  await usage.close();
  assert.equal(rows(), 1);
  assert.equal(clock.pendingTimers, 0);
  const stuck = setup();
  stuck.state.full = true;
  stuck.usage.record(report('req_1'), undefined);
  await assert.rejects(stuck.usage.close(), /1 usage rows were not written/);
});

test('what a caller with a budget used is written at once, with what waits, and what follows within a moment in one group', async () => {
  const { usage, batches, rows, state, clock } = setup();
  usage.record(report('req_0'), undefined);
  for (let index = 1; index < 4; index += 1) usage.record(report(`req_${index}`, { caller: 'key_budget' }), 5);
  await settled();
  assert.deepEqual([rows(), batches.length], [4, 1]);
  for (let index = 4; index < 6; index += 1) {
    usage.record(report(`req_${index}`, { caller: 'key_budget' }), 5);
    await settled();
  }
  assert.equal(rows(), 4);
  clock.advance(200);
  await settled();
  assert.deepEqual([rows(), batches.length], [6, 2]);
  state.full = true;
  for (let index = 6; index < 9; index += 1) {
    usage.record(report(`req_${index}`, { caller: 'key_budget' }), 5);
    clock.advance(index === 6 ? 200 : 50);
    await settled();
  }
  state.full = false;
  usage.record(report('req_9', { caller: 'key_budget' }), 5);
  clock.advance(200);
  await settled();
  assert.equal(rows(), 6, 'a database that refuses is not asked with each request');
  clock.advance(1000);
  await settled();
  assert.equal(rows(), 10);
});

test('a row that the database refuses is given up alone, counted and said; the others are written', async () => {
  const { usage, rows, state, lines } = setup();
  state.refuses = (params) => params.includes('req_7') || params.includes('req_200');
  for (let index = 0; index < 256; index += 1) usage.record(report(`req_${index}`), undefined);
  await usage.flush();
  assert.deepEqual([rows(), usage.dropped, usage.waiting], [254, 2, 0]);
  assert.equal(lines.filter((line) => line.includes('is given up') && line.includes('req_7')).length, 1);
});

test('while the database takes nothing at all, no row is at fault, and all are kept', async () => {
  const { usage, rows, state } = setup();
  state.broken = true;
  for (let index = 0; index < 10; index += 1) usage.record(report(`req_${index}`), undefined);
  await usage.flush();
  assert.deepEqual([rows(), usage.dropped, usage.waiting], [0, 0, 10]);
  state.broken = false;
  await usage.flush();
  assert.deepEqual([rows(), usage.dropped, usage.waiting], [10, 0, 0]);
});

test('in the real database: numbers and names of any kind make rows, and what a key spent is found by day', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'openclaw-usage-'));
  const state = await openState(directory, { clock: systemClock, waitMs: 0 });
  try {
    const clock = createFakeClock({ nowMs: Date.parse('2026-01-31T23:00:00Z') });
    const usage = createUsageLog({ database: state.database, clock, log: createLog({ clock, destinations: [] }) });
    const odd = { input: Infinity, cacheRead: Number.NaN, cacheWrite: -3, output: 1.6, reasoning: 1e300 };
    usage.record(
      report('req_odd', {
        ...{ caller: 'key_1', requestedModel: `nul\0${'x'.repeat(10_000)}\ud800`, trail: '{"steps":[]}', cached: true },
        observed: { usage: odd, finish: undefined },
      }),
      Number.NaN,
    );
    usage.record(report('req_1', { caller: 'key_1' }), 5);
    usage.record(report('req_2', { caller: 'key_2', trail: 'x'.repeat(100_000) }), 50);
    clock.advance(7_200_000);
    usage.record(report('req_3', { caller: 'key_1' }), 7);
    usage.record(report('req_3', { caller: 'key_1' }), 7);
    const day = Math.floor(clock.now() / 86_400_000);
    const sinceMs = Date.parse('2026-01-01T00:00:00Z');
    assert.deepEqual(await usage.spending({ keyId: 'key_1', sinceMs, beforeMs: undefined }), [
      { day: day - 1, nanoUsd: 5 },
      { day, nanoUsd: 7 },
    ]);
    assert.deepEqual(await usage.spending({ keyId: 'key_1', sinceMs, beforeMs: Date.parse('2026-02-01T00:00:00Z') }), [
      { day: day - 1, nanoUsd: 5 },
    ]);
    assert.deepEqual(await usage.spending({ keyId: 'key_none', sinceMs, beforeMs: undefined }), []);
    const rows = await state.database.read({
      sql: 'SELECT id, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, trail, cached FROM usage_requests ORDER BY id',
    });
    assert.deepEqual(
      rows.map((row) => Object.values(row)),
      [
        ['req_1', 0, 0, 0, 0, 0, null, 0],
        ['req_2', 0, 0, 0, 0, 0, null, 0],
        ['req_3', 0, 0, 0, 0, 0, null, 0],
        ['req_odd', 1e12, 0, 0, 2, 1e12, '{"steps":[]}', 1],
      ],
    );
    const beforeMs = clock.now() - 3_600_000;
    const { items, bytes } = await usage.stale(beforeMs);
    assert.deepEqual([items, bytes > 600], [3, true]);
    assert.deepEqual([await usage.prune(beforeMs, 2), await usage.prune(beforeMs, 2), await usage.prune(beforeMs, 2)], [2, 1, 0]);
    assert.deepEqual(await usage.spending({ keyId: 'key_1', sinceMs, beforeMs: undefined }), [{ day, nanoUsd: 7 }]);
    assert.deepEqual([usage.dropped, usage.waiting], [0, 0]);
    await usage.close();
  } finally {
    await state.close();
    await rm(directory, { recursive: true });
  }
});
