import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../core/clock.ts';
import { createLog } from '../core/log.ts';
import { createModelWindows, warnOfUnknownModels } from './model-windows.ts';
import { openModels } from './models.fixture.ts';

const settings = {
  providers: {
    local: {
      models: [
        { id: 'small', contextWindow: 8000, maxTokens: 1000 },
        { id: 'large', contextWindow: 100_000 },
      ],
    },
  },
  routes: { both: ['local/large', 'local/small'] },
};

test('the window is that of the model, or the smallest to which the route may lead', async () => {
  await using models = await openModels(settings);
  const windowOf = createModelWindows(models.router);
  assert.deepEqual(windowOf('local/large'), { contextTokens: 100_000, answerTokens: 8192, model: 'local/large' });
  assert.deepEqual(windowOf('both'), { contextTokens: 8000, answerTokens: 1000, model: 'both' });
  assert.equal(windowOf('local/unlisted').contextTokens, 32_768);
  assert.throws(() => windowOf('nowhere/none'), { code: 'model_not_found' });
});

test('models that nobody offers are warned of, with the setting that names them', async () => {
  await using models = await openModels(settings);
  const lines: string[] = [];
  const log = createLog({
    clock: systemClock,
    destinations: [{ write: (line) => lines.push(JSON.stringify(line)) }],
  });
  const defaults = { tools: { allow: [], ask: [], deny: [] }, limits: { steps: 1, tokens: 1, usd: 1, timeMs: 1, children: 1, depth: 1 } };
  const entries = { one: { model: 'both' }, two: { model: 'small' }, three: { model: 'smal' } };
  warnOfUnknownModels({ defaults, entries }, { router: models.router, log });
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /agents\.entries\.three\.model/);
});
