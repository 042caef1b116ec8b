import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UsageRow } from '@openclaw/protocol';
import { createAdminFixture, keyRecord } from './admin-client.fixture.ts';
import { registerUsageCommand } from './usage.ts';

const setup = () => createAdminFixture(registerUsageCommand);
const nowMs = 1_767_225_600_000;

function row(name: string, changes: Partial<UsageRow> = {}): UsageRow {
  return {
    name,
    requests: 3,
    failed: 1,
    inputTokens: 1000,
    cacheReadTokens: 200,
    cacheWriteTokens: 0,
    outputTokens: 50,
    costNanoUsd: 1_234_500_000,
    unpriced: 0,
    ...changes,
  };
}

/** The cell under COST of the first row. */
async function costOf(changes: Partial<UsageRow>): Promise<string> {
  const { run, rows } = setup();
  rows.push(row('m', { requests: 1, failed: 0, inputTokens: 0, cacheReadTokens: 0, outputTokens: 0, ...changes }));
  return (await run('usage')).stdout.split('\n')[1]!.replace(/^m( +\d+){5} +/, '');
}

test('the table has a row for each model and their total', async () => {
  const { run, rows } = setup();
  rows.push(row('openai/gpt-5-mini'), row('local/small', { requests: 10, costNanoUsd: 0 }));
  const { stdout, stderr } = await run('usage');
  assert.equal(stderr, '');
  assert.deepEqual(
    stdout.split('\n').map((line) => line.replace(/ +/g, ' ')),
    [
      'MODEL REQUESTS FAILED INPUT CACHED OUTPUT COST',
      'openai/gpt-5-mini 3 1 1000 200 50 $1.23',
      'local/small 10 1 1000 200 50 $0',
      'total 13 2 2000 400 100 $1.23',
      '',
    ],
  );
});

test('an unknown cost is never shown as nothing', async () => {
  const { run, rows } = setup();
  rows.push(row('a', { costNanoUsd: 0, unpriced: 3 }), row('b', { unpriced: 1 }));
  const { stdout, stderr } = await run('usage');
  const costs = stdout
    .split('\n')
    .slice(1, 4)
    .map((line) => line.split(/ {2,}/).at(-1));
  assert.deepEqual(costs, ['unknown', '≥ $1.23', '≥ $1.23']);
  assert.equal(stderr, '4 requests used tokens at an unknown price: that cost is not in the sums.\n');
});

test('small sums keep their digits', async () => {
  assert.equal(await costOf({ costNanoUsd: 0 }), '$0');
  assert.equal(await costOf({ costNanoUsd: 1 }), '< $0.000001');
  assert.equal(await costOf({ costNanoUsd: 123_456 }), '$0.000123');
  assert.equal(await costOf({ costNanoUsd: 12_345_678 }), '$0.0123');
  assert.equal(await costOf({ costNanoUsd: 1_000_000_000 }), '$1.00');
  assert.equal(await costOf({ costNanoUsd: 1_234_567_890_000 }), '$1234.57');
});

test('the time is the last day unless a duration or a date is given', async () => {
  const { run, questions } = setup();
  for (const flags of ['', ' --since 7d --by day', ' --since 2025-12-01 --by route']) await run(`usage${flags}`);
  assert.deepEqual(questions, [
    { sinceMs: nowMs - 86_400_000, by: 'model' },
    { sinceMs: nowMs - 7 * 86_400_000, by: 'day' },
    { sinceMs: Date.UTC(2025, 11, 1), by: 'route' },
  ]);
  await assert.rejects(run('usage --since yesterday'), { code: 'usage_error' });
  await assert.rejects(run('usage --by colour'), { code: 'commander.invalidArgument' });
});

test('keys are shown with their names', async () => {
  const { run, rows, keys } = setup();
  keys.push(keyRecord('key_1', { name: 'ci' }));
  rows.push(row('key_1'), row('gateway'));
  const { stdout } = await run('usage --by key');
  assert.match(stdout, /^KEY .*\nci \(key_1\) .*\ngateway /);
});

test('as JSON the rows are as recorded, without a total', async () => {
  const { run, rows } = setup();
  rows.push(row('a', { unpriced: 1 }), row('b'));
  const { stdout, stderr } = await run('usage -o json');
  assert.deepEqual(JSON.parse(stdout), { since: '2025-12-31T00:00:00.000Z', by: 'model', rows });
  assert.equal(stderr, '');
});

test('without requests nothing is printed but a note', async () => {
  const { stdout, stderr } = await setup().run('usage');
  assert.equal(stdout, '');
  assert.equal(stderr, 'There were no requests since 2025-12-31T00:00:00.000Z.\n');
});
