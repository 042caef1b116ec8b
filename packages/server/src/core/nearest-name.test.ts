import assert from 'node:assert/strict';
import { test } from 'node:test';

import { nearestName } from './nearest-name.ts';

test('letters left out, added, changed, swapped or in the other case are slips', () => {
  const names = ['apiKey', 'apiKeys', 'baseUrl', 'timeouts'];
  const slips = { apiKy: 'apiKey', apiKeyy: 'apiKey', apiKex: 'apiKey', baesUrl: 'baseUrl', BASEURL: 'baseUrl', timeout: 'timeouts' };
  for (const [slip, meant] of Object.entries(slips)) assert.equal(nearestName(slip, names), meant);
});

test('what is like nothing gets no suggestion', () => {
  assert.equal(nearestName('colour', ['port', 'bind', 'auth']), undefined);
  assert.equal(nearestName('ab', ['cd']), undefined);
  assert.equal(nearestName('', ['ab']), undefined);
});
