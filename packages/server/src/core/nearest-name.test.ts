import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

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

/** The definition, without giving up early. */
function slips(from: string, to: string): number {
  if (from === '' || to === '') return from.length + to.length;
  const [a, b] = [from.slice(0, -1), to.slice(0, -1)];
  const change = from.at(-1) === to.at(-1) ? 0 : 1;
  const plain = Math.min(slips(a, to) + 1, slips(from, b) + 1, slips(a, b) + change);
  const isSwap = from.length > 1 && to.length > 1 && from.at(-1) === to.at(-2) && from.at(-2) === to.at(-1);
  return isSwap ? Math.min(plain, slips(from.slice(0, -2), to.slice(0, -2)) + 1) : plain;
}

test('property: giving up on names that are too far away changes no suggestion', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(word, fc.array(word, { maxLength: 5 }), (name, candidates) => {
      let best: string | undefined;
      let least = Math.max(2, Math.floor(name.length / 3)) + 1;
      for (const candidate of candidates) {
        const distance = slips(name, candidate);
        if (distance >= least || distance >= Math.max(name.length, candidate.length)) continue;
        [best, least] = [candidate, distance];
      }
      assert.equal(nearestName(name, candidates), best);
    }),
  );
});
