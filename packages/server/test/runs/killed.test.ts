/** A whole gateway that is killed at random moments, again and again, while runs are at work. Thousands of kills of the engine alone: `crash-test.ts`. */
import { test } from 'node:test';
import { until } from '../complaints/operator.ts';
import { createGatewayScene } from './gateway-scene.ts';

test(
  'over kill -9 at random moments every run goes on to its end, and everything is done as often as it may be',
  { timeout: 180_000 },
  async () => {
    await using scene = await createGatewayScene();
    let gateway = await scene.start();
    await gateway.ready();
    const runs = await Promise.all(['one', 'two', 'three'].map((name) => scene.begin(name)));
    const seen = (): number => runs.reduce((sum, run) => sum + run.seen.length, 0);
    const areOver = (): boolean => runs.every((run) => run.seen.at(-1)?.kind === 'run.finished');
    for (let kills = 0; kills < 6 && !areOver(); kills += 1) {
      const enough = seen() + Math.floor(Math.random() * 40);
      await until('they have gone on', () => seen() >= enough || areOver());
      gateway.child.kill('SIGKILL');
      await gateway.exited();
      gateway = await scene.start();
      // Some are killed before they have taken up everything.
      if (Math.random() < 0.7) await gateway.ready();
    }
    await Promise.all(runs.map(({ ended }) => ended));
    for (const run of runs) await scene.check(run);
  },
);
