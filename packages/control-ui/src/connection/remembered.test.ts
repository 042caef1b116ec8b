import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRemembered, type TextStore } from './remembered.ts';

function createStore(): TextStore & { readonly entries: Map<string, string> } {
  const entries = new Map<string, string>();
  return {
    entries,
    getItem: (name) => entries.get(name) ?? null,
    setItem: (name, value) => void entries.set(name, value),
    removeItem: (name) => void entries.delete(name),
  };
}

test('a secret stays with the tab, and the token of the device and the state for good', () => {
  const [lasting, ofTab] = [createStore(), createStore()];
  const remembered = createRemembered({ basePath: '/', lasting, ofTab });
  remembered.secret = { kind: 'token', value: 'secret' };
  remembered.deviceToken = 'device';
  remembered.stateId = 'state';
  assert.deepEqual([...lasting.entries.values()].sort(), ['device', 'state']);
  assert.deepEqual([...ofTab.entries.values()], ['secret']);
});

test('a password takes the place of a token, and nothing is left of what is forgotten', () => {
  const [lasting, ofTab] = [createStore(), createStore()];
  const remembered = createRemembered({ basePath: '/', lasting, ofTab });
  remembered.secret = { kind: 'token', value: 'secret' };
  remembered.secret = { kind: 'password', value: 'hunter2' };
  assert.deepEqual(remembered.secret, { kind: 'password', value: 'hunter2' });
  remembered.secret = undefined;
  remembered.deviceToken = undefined;
  assert.equal(lasting.entries.size + ofTab.entries.size, 0);
});

test('gateways below different paths of one origin do not see what the other is told', () => {
  const stores = { lasting: createStore(), ofTab: createStore() };
  createRemembered({ basePath: '/one/', ...stores }).deviceToken = 'device';
  assert.equal(createRemembered({ basePath: '/two/', ...stores }).deviceToken, undefined);
  assert.equal(createRemembered({ basePath: '/one/', ...stores }).deviceToken, 'device');
});
