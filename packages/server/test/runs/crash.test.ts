import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkCarried } from './crash-checks.ts';
import { carryThrough, startOutside } from './crash-loop.ts';

test('a run of twenty steps survives kills at random moments: nothing lost, nothing twice, every stream whole', async () => {
  await using outside = await startOutside();
  let kills = 0;
  for (let round = 0; round < 2; round += 1) {
    const carried = await carryThrough({ outside, kills: 5, compactions: 1, random: Math.random });
    checkCarried(carried, outside);
    kills += carried.kills.length;
  }
  assert.ok(kills > 3, `only ${kills} kills hit a run under way`);
});
