import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../core/fake-clock.ts';
import { createLog } from '../core/log.ts';
import { OpenClawError } from '../core/errors.ts';
import type { Database, WriteBatch } from '../storage/index.ts';
import type { RequestReport } from './service.ts';
import { createUsageLog } from './usage.ts';

const columns = 22;

function setup() {
  const batches: WriteBatch[] = [];
  const state = { full: false };
  const database = {
    async write(batch: WriteBatch) {
      if (state.full) throw new OpenClawError('storage_full', { details: { reason: 'no space left' } });
      batches.push(batch);
    },
  } as Partial<Database> as Database;
  const clock = createFakeClock();
  const lines: string[] = [];
  const log = createLog({ clock, destinations: [{ write: (line) => void lines.push(line) }] });
  const usage = createUsageLog({ database, clock, log });
  const rows = (): number =>
    batches.flatMap((batch) => batch.statements).reduce((sum, { params = [] }) => sum + params.length / columns, 0);
  return { usage, clock, batches, state, rows, lines };
}

function report(id: string): RequestReport {
  const call = { requestId: id, dialect: 'openai-completions', caller: { id: 'gateway', models: undefined } } as Partial<
    RequestReport['call']
  > as RequestReport['call'];
  const observed = { usage: undefined, finish: undefined };
  return {
    call,
    requestedModel: 'fast',
    stream: false,
    target: undefined,
    attempts: [],
    observed,
    outcome: { kind: 'completed' },
    firstOutputMs: 1,
    totalMs: 2,
    costNanoUsd: undefined,
    queueMs: 0,
    decisions: [],
  };
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
