import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../core/clock.ts';
import { createLog } from '../core/log.ts';
import type { Agent } from '../runs/engine/contract.ts';
import { createPriceCheck, tellOfUnknownPrices } from './model-prices.ts';
import { openModels } from './models.fixture.ts';

const settings = {
  providers: {
    local: { models: [{ id: 'free', cost: { input: 0, output: 0 } }, { id: 'priced', cost: { input: 1, output: 2 } }, { id: 'unknown' }] },
  },
  routes: { known: ['local/priced', 'local/free'], partly: ['local/priced', 'local/unknown'] },
};

test('a limit of money can be kept where every model that may be asked has a price, be it nothing', async () => {
  await using models = await openModels(settings);
  const check = createPriceCheck(models.router);
  for (const model of ['known', 'local/free', 'local/priced', 'openclaw/rehearsal']) check(model, 1);
  for (const model of ['partly', 'local/unknown'])
    assert.throws(() => check(model, 5), { code: 'price_unknown', message: /local\/unknown.*US\$ 5/, hint: /`cost`/ });
  assert.throws(() => check('local/unlisted', 5), { code: 'price_unknown', message: /local\/unlisted/ });
  // Whether anybody offers it is said elsewhere.
  check('nowhere/none', 1);
});

test('agents whose limit of money does not hold are told of: a warning where their runs are refused for it', async () => {
  await using models = await openModels(settings);
  const lines: string[] = [];
  const log = createLog({ clock: systemClock, format: 'json', destinations: [{ write: (line) => lines.push(line) }] });
  const limits = { steps: 1, tokens: 1, usd: 5, timeMs: 1, children: 1, depth: 1 };
  const agent = (id: string, model: string | undefined, more: { readonly pricedOnly?: true } = {}): Agent => ({
    ...{ id, model, instructions: '', limits: { ...limits, ...more } },
  });
  const agents = [
    agent('good', 'known', { pricedOnly: true }),
    agent('refused', 'partly', { pricedOnly: true }),
    agent('uncounted', 'local/unknown'),
    agent('by default', undefined),
    agent('misspelt', 'nowhere/none', { pricedOnly: true }),
  ];
  tellOfUnknownPrices(agents, { router: models.router, log, defaultModel: () => 'local/unknown' });
  const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    told.map(({ level, agent: who }) => `${String(level)} ${String(who)}`),
    ['warn refused', 'info uncounted', 'info by default'],
  );
  assert.match(String(told[0]?.['hint']), /leave `usd` out/);
});
