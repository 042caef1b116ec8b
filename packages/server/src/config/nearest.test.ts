import assert from 'node:assert/strict';
import { test } from 'node:test';

import { nearest } from './nearest.ts';

test('letters left out, added, changed, swapped or in the other case are slips', () => {
  const names = ['apiKey', 'apiKeys', 'baseUrl', 'timeouts'];
  const slips = { apiKy: 'apiKey', apiKeyy: 'apiKey', apiKex: 'apiKey', baesUrl: 'baseUrl', BASEURL: 'baseUrl', timeout: 'timeouts' };
  for (const [slip, meant] of Object.entries(slips)) assert.equal(nearest(slip, names), meant);
});

test('what is like nothing gets no suggestion', () => {
  assert.equal(nearest('colour', ['port', 'bind', 'auth']), undefined);
  assert.equal(nearest('ab', ['cd']), undefined);
  assert.equal(nearest('', ['ab']), undefined);
});
