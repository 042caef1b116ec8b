/** Gateways that are killed at any moment: whatever they were doing, the next one goes on with it, and starts nothing twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { openWorkloads, plainSpec } from './workloads.fixture.ts';

/** A small generator with a seed, so that a failure can be repeated. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 16_807) % 2_147_483_647;
    return state % below;
  };
}

for (const seed of [11, 23, 42, 77]) {
  test(`whenever a gateway is killed, every unit is started once and an instance never lives twice (seed ${seed})`, async () => {
    await using workloads = await openWorkloads();
    const below = randomOf(seed);
    let version = 0;
    let replicas = 2;
    await workloads.apply('shop', { replicas });
    for (let life = 0; life < 12; life += 1) {
      const gateway = await workloads.start();
      const what = below(4);
      if (what === 0) version += 1;
      if (what === 1) replicas = 1 + below(3);
      if (what === 2) for (const unit of workloads.living('shop').slice(0, 1)) workloads.host.end(unit, { exitCode: 1 });
      await workloads.apply('shop', { replicas, containers: [{ ...plainSpec.containers[0]!, args: [String(version)] }] });
      // It is killed somewhere in the middle of what follows from it.
      for (let turns = below(40); turns > 0; turns -= 1) await turn();
      workloads.objects.clock.advance(below(15_000));
      for (let turns = below(40); turns > 0; turns -= 1) await turn();
      await gateway.stop();
      const instances = workloads.living('shop').map(({ plan }) => `${plan.id.instance}/${plan.id.container}`);
      assert.equal(new Set(instances).size, instances.length);
      assert.ok([...workloads.host.starts.values()].every((count) => count === 1));
    }
    await workloads.start();
    await workloads.pass(320_000);
    await workloads.until(() => workloads.living('shop').length === replicas, 'as many as are wanted');
    assert.ok(workloads.living('shop').every(({ plan }) => plan.args[0] === String(version)));
    assert.ok([...workloads.host.starts.values()].every((count) => count === 1));
  });
}
