/**
 * A gateway that stands still for longer than its leases run, as a machine that sleeps or swaps does: on one machine its lock keeps everybody else away,
 * so that nobody takes its runs, and when it wakes up it goes on. That a lease which was taken meanwhile keeps a late writer out is shown beside
 * the journal, with two of them on one store.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { engineDefaults } from '../../src/runs/engine/engine.ts';
import { until } from '../complaints/operator.ts';
import type { Program } from '../harness/program.ts';
import { createGatewayScene } from './gateway-scene.ts';

const onLinux = { skip: process.platform !== 'linux' && 'needs /proc', timeout: 180_000 };

function stopped({ child }: Program): boolean {
  return readFileSync(`/proc/${child.pid}/stat`, 'utf8').includes(') T ');
}

test('a gateway that stood still for longer than its leases keeps its runs, and each goes on where it was', onLinux, async () => {
  await using scene = await createGatewayScene({ answerMs: 60 });
  const gateway = await scene.start();
  await gateway.ready();
  const runs = await Promise.all(['one', 'two', 'three'].map((name) => scene.begin(name)));
  await until('they are under way', () => runs.every(({ seen }) => seen.length > 10));
  gateway.child.kill('SIGSTOP');
  await until('it stands still', () => stopped(gateway));
  // Somebody who waits for longer than the leases run, and would take the runs if it could.
  const rival = await scene.start({ args: ['--state-wait', `${engineDefaults.leaseMs + 2000}ms`], env: { OPENCLAW_GATEWAY_PORT: '0' } });
  const startedMs = performance.now();
  const { code } = await rival.exited();
  assert.ok(performance.now() - startedMs > engineDefaults.leaseMs);
  assert.equal(code, 78, rival.stderr());
  assert.match(rival.stderr(), new RegExp(`held by process ${gateway.child.pid}`));
  gateway.child.kill('SIGCONT');
  await Promise.all(runs.map(({ ended }) => ended));
  for (const run of runs) {
    await scene.check(run);
    assert.equal(run.seen.filter(({ kind }) => kind === 'run.resumed').length, 1, 'it was never taken up by anybody else');
    assert.equal(run.unknown.size, 0);
  }
});
