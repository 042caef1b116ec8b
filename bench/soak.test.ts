import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { answerEnd, readWish } from './script.ts';
import { planOf, runBatch } from './soak-clients.ts';
import { plot, ticksUpTo } from './soak-plot.ts';
import { slopeOf } from './soak-slope.ts';

const line = (value: (at: number) => number) => Array.from({ length: 40 }, (_, at) => ({ at, value: value(at) }));

test('a line has its own slope, and an interval of nothing', () => {
  const { perUnit, low, high } = slopeOf(line((at) => 3 + 2 * at));
  for (const slope of [perUnit, low, high]) assert.ok(Math.abs(slope - 2) < 1e-9, String(slope));
});

test('what goes up and down around a level has an interval around 0', () => {
  const { low, high } = slopeOf(line((at) => 100 + 10 * Math.sin(at)));
  assert.ok(low < 0 && high > 0, `${low} to ${high}`);
});

test('a slope that is above the noise has an interval above 0', () => {
  const { low } = slopeOf(line((at) => 100 + at + (at % 2)));
  assert.ok(low > 0.9, String(low));
});

test('samples that follow one another count for less than those that do not', () => {
  const values = line((at) => Math.sin(at * 2.4));
  const sorted = line((at) => Math.sin((at / 40) * 2 * Math.PI));
  const width = ({ low, high }: { readonly low: number; readonly high: number }): number => high - low;
  assert.ok(width(slopeOf(sorted)) > 2 * width(slopeOf(values)));
});

test('a plot has round numbers at its axes, a line for each series, and no more than its frame', () => {
  assert.deepEqual(ticksUpTo(1_000_000), [0, 200_000, 400_000, 600_000, 800_000, 1_000_000]);
  assert.deepEqual(ticksUpTo(257), [0, 50, 100, 150, 200, 250, 300]);
  const points = line((at) => at * at).map(({ at, value }) => ({ x: at, y: value }));
  const svg = plot([{ name: 'a < b', color: '#000', points }], { title: 'T', xName: 'x', yName: 'y' });
  assert.match(svg, /^<svg [^>]*viewBox="0 0 800 360"/);
  assert.match(svg, />a &lt; b</);
  const [, path = ''] = /points="([^"]+)"/.exec(svg) ?? [];
  const coordinates = path.split(' ').map((pair) => pair.split(',').map(Number) as [number, number]);
  assert.equal(coordinates.length, 40);
  assert.ok(coordinates.every(([x, y]) => x >= 0 && x <= 800 && y >= 0 && y <= 360));
});

test('a fifth of the clients leave, at every moment, and every kind of request is among them', () => {
  const plans = Array.from({ length: 10_000 }, (_, number) => planOf(number, 0.2));
  const share = (matches: (plan: (typeof plans)[number]) => boolean): number => plans.filter(matches).length / plans.length;
  const near = (found: number, wanted: number): void => assert.ok(Math.abs(found - wanted) < 0.02, `${found}, not ${wanted}`);
  near(
    share(({ leaves }) => leaves !== undefined),
    0.2,
  );
  for (const moment of ['sending', 'waiting', 'reading'] as const)
    near(
      share(({ leaves }) => leaves === moment),
      0.2 / 3,
    );
  for (const path of ['/v1/chat/completions', '/v1/messages']) {
    for (const model of ['mock/mock-model', 'claude/mock-model']) {
      for (const streams of [true, false])
        assert.ok(share((plan) => plan.path === path && plan.model === model && plan.wish.deltas > 0 === streams) > 0.08);
    }
  }
  assert.deepEqual(plans[17], planOf(17, 0.2), 'a number is always the same request');
});

test('every client is counted once: answered, left or failed', async () => {
  const server = createServer((request, response) => {
    request.on('error', () => {});
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      const { delayMs, deltas, seed } = readWish(body);
      // Who means to leave while it waits must not be answered before.
      if (delayMs > 0) return;
      // Of streams only every other one is whole.
      const text = deltas === 0 ? answerEnd : seed % 2 === 0 ? `s${seed}d${deltas - 1} ` : 'half';
      response.end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const result = await runBatch({ port, authorization: 'Bearer x', first: 0, requests: 200, connections: 8, leave: 0.2 });
  server.closeAllConnections();
  server.close();
  const plans = Array.from({ length: 200 }, (_, number) => planOf(number, 0.2));
  const whole = plans.filter(({ leaves, wish }) => leaves === undefined && (wish.deltas === 0 || wish.seed % 2 === 0)).length;
  const left = plans.filter(({ leaves }) => leaves !== undefined).length;
  assert.deepEqual([result.answered, result.left, result.failed], [whole, left, 200 - whole - left]);
});
