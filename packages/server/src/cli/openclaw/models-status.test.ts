import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TargetRow } from '@openclaw/protocol';
import { registerModelsStatusCommands } from './models-status.ts';
import { createSightFixture } from './sight-client.fixture.ts';

const setup = () => createSightFixture(registerModelsStatusCommands);

function row(changes: Partial<TargetRow> = {}): TargetRow {
  return {
    ...{
      target: 'acme/large',
      key: '1',
      breaker: 'closed',
      heldOpen: false,
      pausedMs: 0,
      reason: null,
      limit: 12,
      underWay: 3,
      waiting: 0,
    },
    ...{ requests: 200, completed: 196, failed: 4, cancelled: 0, rateLimited: 3, refused: 0, successPercent: 98 },
    errors: { upstream_failed: 1, upstream_rate_limited: 3 },
    total: { p50Ms: 812.4, p95Ms: 2345, p99Ms: 61_500 },
    firstOutput: { p50Ms: 210, p95Ms: 400, p99Ms: 500 },
    ...{ inputTokens: 1000, outputTokens: 500, costNanoUsd: 1_234_000_000 },
    ...changes,
  };
}

/** Lines with single spaces. */
const linesOf = (text: string): string[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ +/g, ' '));

test('each target is a row: how it is, and how it did', async () => {
  const { run, rows } = setup();
  rows.push(
    row(),
    row({ key: '2', breaker: 'open', heldOpen: true, pausedMs: 59_000, requests: 0, successPercent: null, total: null, limit: null }),
  );
  const { stdout } = await run('models status');
  assert.deepEqual(linesOf(stdout), [
    'TARGET KEY BREAKER LIMIT BUSY WAITING PAUSE REQUESTS OK P50 P95 P99',
    'acme/large 1 closed 12 3 0 - 200 98.0 % 812 ms 2.35 s 1 min 2 s',
    'acme/large 2 open (held) - 3 0 59 s 0 - - - -',
  ]);
});

test('wide adds tokens, cost, errors with the most frequent first, and the reason', async () => {
  const { run, rows } = setup();
  rows.push(row({ reason: 'asked for a pause' }));
  const [, line] = linesOf((await run('models status -o wide --window 1h')).stdout);
  assert.match(line!, /210 ms 400 ms 1000 500 \$1\.23 3 upstream_rate_limited, 1 upstream_failed asked for a pause$/);
});

test('nearly all is not all', async () => {
  const { run, rows } = setup();
  rows.push(row({ successPercent: 99.99 }));
  assert.match((await run('models status')).stdout, / 99\.9 % /);
});

test('the window is five minutes unless another is named, and only those that there are can be', async () => {
  const { run, asked } = setup();
  await run('models status');
  await run('models status --window 24h');
  assert.deepEqual(asked, ['5m', '24h']);
  await assert.rejects(run('models status --window 2h'), { code: 'commander.invalidArgument' });
});

test('as JSON the rows are as the gateway has them', async () => {
  const { run, rows } = setup();
  rows.push(row());
  assert.deepEqual(JSON.parse((await run('models status -o json')).stdout), { window: '5m', targets: rows });
});

test('without a target that was asked there is a note and no table', async () => {
  const { stdout, stderr } = await setup().run('models status');
  assert.deepEqual([stdout, stderr], ['', 'No target has been asked since the gateway started.\n']);
});

test('--watch looks again until it is interrupted, and draws over a terminal but not into a pipe', async () => {
  const { run, rows, asked } = setup();
  rows.push(row());
  const { stdout } = await run('models status --watch', { columns: 200, looks: 3 });
  assert.equal(asked.length, 3);
  assert.equal(stdout.split('\u001B[H\u001B[J').length, 4);
  assert.doesNotMatch((await run('models status --watch', { looks: 2 })).stdout, /\u001B/);
});

test('a breaker is opened and reset by the name of its target', async () => {
  const { run, asked } = setup();
  assert.match((await run('models breaker open acme/large')).stdout, /^The breaker of acme\/large is open until it is reset/);
  assert.match((await run('models breaker reset acme/large')).stdout, /judges for itself again/);
  assert.deepEqual(asked, ['open acme/large', 'reset acme/large']);
  await assert.rejects(run('models breaker close acme/large'), { code: 'commander.invalidArgument' });
});

test('the keys of a target stand together, the tenth after the ninth', async () => {
  const { run, rows } = setup();
  rows.push(row({ key: '10' }), row({ target: 'zebra/small' }), row({ key: '9' }), row({ target: 'acme/huge', key: '2' }));
  const { stdout } = await run('models status');
  assert.deepEqual(
    linesOf(stdout)
      .slice(1)
      .map((line) => line.split(' ').slice(0, 2).join(' ')),
    ['acme/huge 2', 'acme/large 9', 'acme/large 10', 'zebra/small 1'],
  );
});
