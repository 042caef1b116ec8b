import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressRefused, resolveBySystem, sendChecked, type CheckedRequest } from './checked-request.ts';
import { createAddressRule } from './public-addresses.ts';

const ask = (url: string, more: Partial<CheckedRequest> = {}) =>
  sendChecked({
    ...{ method: 'GET', url: new URL(url), headers: {}, body: undefined, addresses: createAddressRule() },
    ...{ resolve: resolveBySystem, signal: new AbortController().signal, ...more },
  });

test('a name that nobody has is a failure like any other, and not the end of the process', async () => {
  await assert.rejects(ask('http://nobody.invalid/'), (thrown) => thrown instanceof Error && !(thrown instanceof TypeError));
});

test('a name with one address that may not be reached is not reached by another', async () => {
  const mixed: CheckedRequest['resolve'] = (_host, done) =>
    done(null, [
      { address: '93.184.216.34', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ]);
  await assert.rejects(ask('http://mixed.example/', { resolve: mixed }), AddressRefused);
  await assert.rejects(ask('http://none.example/', { resolve: (_host, done) => done(null, []) }), /has no address/);
});
