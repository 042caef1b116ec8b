import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../core/json.ts';
import { sessionOf } from './session.ts';

const caller = { id: 'key_1', models: undefined };
const session = (body: JsonObject, header?: string): string => sessionOf({ caller, headers: { 'x-openclaw-session': header } }, body);

test('the header says the session, else the prompt cache key, the user, the safety identifier, the metadata', () => {
  const body: JsonObject = { metadata: { user_id: 'm' } };
  assert.equal(session(body), 'key_1\nm');
  assert.equal(session(Object.assign(body, { safety_identifier: 's' })), 'key_1\ns');
  assert.equal(session(Object.assign(body, { user: 'u' })), 'key_1\nu');
  assert.equal(session(Object.assign(body, { prompt_cache_key: 'p' })), 'key_1\np');
  assert.equal(session(body, 'h'), 'key_1\nh');
});

test('a caller that says none is one session, and what is no text says none', () => {
  assert.equal(session({}), 'key_1');
  assert.equal(session({ user: 5, prompt_cache_key: '', metadata: 'x' }), 'key_1');
});

test('sessions of two callers are two, whatever they are called', () => {
  assert.notEqual(session({ user: 'u' }), sessionOf({ caller: { id: 'key_2', models: undefined }, headers: {} }, { user: 'u' }));
});
