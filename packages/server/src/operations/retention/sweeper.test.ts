import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../core/fake-clock.ts';
import { createLog } from '../../core/log.ts';
import { createMetrics } from '../../core/metrics.ts';
import type { RetentionRule } from './contract.ts';
import { createSweeper } from './sweeper.ts';

function setUp(rules: (clock: ReturnType<typeof createFakeClock>) => readonly RetentionRule[]) {
  const clock = createFakeClock();
  const metrics = createMetrics();
  const lines: string[] = [];
  const log = createLog({ clock, destinations: [{ write: (text) => void lines.push(text) }] });
  const sweeper = createSweeper({
    rules: rules(clock),
    clock,
    log,
    metrics,
    destinationOf: (kind) => (kind === 'runs' ? '/cold' : undefined),
  });
  /** Moves on while it waits between its batches. */
  const settle = async (sweep: Promise<void>): Promise<void> => {
    let isDone = false;
    const ended = sweep.finally(() => (isDone = true));
    while (!isDone) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(20);
    }
    await ended;
  };
  return { clock, metrics, lines, sweeper, settle };
}

/** So many things, the oldest first, a day apart, up to now. */
function things(kind: RetentionRule['kind'], { count, keepDays }: { readonly count: number; readonly keepDays: number }) {
  return (clock: ReturnType<typeof createFakeClock>): RetentionRule & { readonly left: number[]; readonly batches: number[] } => {
    const left = Array.from({ length: count }, (_, index) => clock.now() - (count - index) * 86_400_000);
    const batches: number[] = [];
    return {
      ...{ kind, setting: `retention.${kind}Ms`, left, batches, limit: 4, keepMs: () => keepDays * 86_400_000 },
      stale: (beforeMs) => Promise.resolve({ items: left.filter((atMs) => atMs < beforeMs).length, bytes: 7 }),
      giveUp(beforeMs, { limit }) {
        const gone = left.filter((atMs) => atMs < beforeMs).slice(0, limit);
        left.splice(0, gone.length);
        batches.push(gone.length);
        return Promise.resolve({ items: gone.length, bytes: gone.length * 10 });
      },
    };
  };
}

test('what is too old goes in batches, what is not stays, and both are counted', async () => {
  let rule: ReturnType<ReturnType<typeof things>> | undefined;
  const { sweeper, settle, metrics } = setUp((clock) => [(rule = things('audit', { count: 20, keepDays: 10.5 })(clock))]);
  assert.deepEqual((await sweeper.preview()).rows, [
    { kind: 'audit', setting: 'retention.auditMs', keepMs: 907_200_000, items: 10, bytes: 7 },
  ]);
  assert.equal(rule?.left.length, 20, 'looking changes nothing');
  await settle(sweeper.sweep());
  assert.equal(rule.left.length, 10);
  assert.deepEqual(rule.batches, [4, 4, 2]);
  assert.match(metrics.text(), /openclaw_retention_removed_total\{kind="audit"\} 10\n/);
  assert.match(metrics.text(), /openclaw_retention_removed_bytes_total\{kind="audit"\} 100\n/);
  assert.notEqual((await sweeper.preview()).sweptAt, null);
});

test('zero is for ever, and a rule that fails keeps none of the others from their work', async () => {
  let kept: ReturnType<ReturnType<typeof things>> | undefined;
  let old: ReturnType<ReturnType<typeof things>> | undefined;
  const { sweeper, settle, lines } = setUp((clock) => [
    (kept = things('sessions', { count: 5, keepDays: 0 })(clock)),
    {
      kind: 'backups',
      setting: 's',
      keepMs: () => 1,
      stale: () => Promise.resolve({ items: 1, bytes: 1 }),
      giveUp: () => Promise.reject(new Error('no S3')),
    },
    (old = things('logs', { count: 5, keepDays: 1.5 })(clock)),
  ]);
  await settle(sweeper.sweep());
  assert.equal(kept?.left.length, 5);
  assert.equal(old?.left.length, 1);
  assert.ok(lines.some((text) => text.includes('old backups could not be given up') && text.includes('no S3')));
  assert.equal((await sweeper.preview()).rows[0]?.keepMs, null);
});

test('a sweep that is stopped ends after the batch that is under way', async () => {
  let rule: ReturnType<ReturnType<typeof things>> | undefined;
  const { sweeper, clock } = setUp((its) => [(rule = things('usage', { count: 100, keepDays: 1 })(its))]);
  sweeper.start();
  clock.advance(10 * 60_000);
  await sweeper.stop();
  assert.equal(clock.pendingTimers, 0);
  assert.ok((rule?.batches.length ?? 9) <= 2);
});
