import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelFor, mainSession, nameOf, newSessionKey, withOpen } from './sessions.ts';

test('sessions are called by their label, else by what their key says', () => {
  assert.deepEqual(
    [
      { key: mainSession },
      { key: 'agent:main:explicit:x' },
      { key: 'agent:ops:daily' },
      { key: newSessionKey('a1') },
      { key: 'k', label: 'Mine' },
    ].map(nameOf),
    ['Main', 'explicit:x', 'ops: daily', 'New conversation', 'Mine'],
  );
});

test('a conversation of this page is named after the first line of its first message, once', () => {
  const key = newSessionKey('a1');
  assert.equal(labelFor({ key, label: undefined, message: '\n Plan a trip \nto Rome' }), 'Plan a trip');
  assert.equal(labelFor({ key, label: undefined, message: 'x'.repeat(80) })?.length, 60);
  assert.equal(labelFor({ key, label: 'Trip', message: 'more' }), undefined);
  assert.equal(labelFor({ key: mainSession, label: undefined, message: 'more' }), undefined);
});

test('the open session is listed before it exists', () => {
  const known = { key: 'a', messageCount: 1, updatedAt: 1 };
  assert.deepEqual(withOpen([known], 'a'), [known]);
  assert.deepEqual(
    withOpen([known], 'b').map(({ key }) => key),
    ['b', 'a'],
  );
});
