import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeyRecord } from '@openclaw/protocol';
import { checkDraft, createRequestOf, draftOf, emptyDraft, updateRequestOf } from './key-draft.ts';

const key: KeyRecord = {
  id: 'key_1',
  name: 'ci',
  prefix: 'ock_abc',
  scopes: ['models'],
  models: ['fast', 'local/small'],
  state: 'active',
  createdAt: '2026-11-21T10:00:00.000Z',
  expiresAt: '2026-12-01T10:30:00.000Z',
  revokedAt: null,
  limits: { rpm: 60, tpm: null, usdPerDay: 0, usdPerMonth: 12.5 },
  used: null,
};

test('a new key without limits asks for nothing but its name and scope', () => {
  assert.deepEqual(createRequestOf({ ...emptyDraft, name: ' ci ' }), { name: 'ci', scopes: ['models'] });
});

test('a new key takes limits, models and an end', () => {
  const request = createRequestOf({
    ...emptyDraft,
    name: 'ci',
    isAdmin: true,
    models: 'fast, local/small',
    rpm: '60',
    usdPerDay: '0.5',
    expiresAt: '2030-01-02T03:04',
  });
  assert.deepEqual(request, {
    name: 'ci',
    scopes: ['models', 'admin'],
    models: ['fast', 'local/small'],
    expiresAt: new Date('2030-01-02T03:04').toISOString(),
    rpm: 60,
    usdPerDay: 0.5,
  });
});

test('what is shown of a key and sent back unchanged changes nothing, zero among it', () => {
  assert.deepEqual(updateRequestOf(draftOf(key)), {
    name: 'ci',
    models: ['fast', 'local/small'],
    expiresAt: '2026-12-01T10:30:00.000Z',
    rpm: 60,
    tpm: null,
    usdPerDay: 0,
    usdPerMonth: 12.5,
  });
});

test('an emptied field takes its limit away', () => {
  const request = updateRequestOf({ ...draftOf(key), rpm: ' ', models: '', expiresAt: '' });
  assert.deepEqual([request.rpm, request.models, request.expiresAt], [null, null, null]);
});

test('what cannot be is named by its field', () => {
  assert.deepEqual(checkDraft({ ...emptyDraft, name: 'ci', rpm: '60', usdPerDay: '0.5' }), {});
  const errors = checkDraft({ ...emptyDraft, rpm: '1.5', tpm: '-1', usdPerDay: 'much', expiresAt: 'soon' });
  assert.deepEqual(Object.keys(errors).sort(), ['expiresAt', 'name', 'rpm', 'tpm', 'usdPerDay']);
});
