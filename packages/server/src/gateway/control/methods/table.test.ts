/** What holds for every method, and that `docs/methods.md` lists them all and no others. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { OpenClawError } from '../../../core/errors.ts';
import type { Method } from '../contract.ts';
import { methodEvents } from './index.ts';
import { openMethods } from './methods.fixture.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../../../docs/methods.md'), 'utf8');
const [methodPages = '', eventPage = ''] = page.split('## Events');
/** Rows of the tables: name, scope, and a mark of writes that are limited. */
const documented = new Map(
  [...methodPages.matchAll(/^\| `([\w.-]+)` \| `?([\w.]+)`?(, limited)? \|/gm)].map(([, name, scope, limited]) => [
    name!,
    { scope, isWrite: limited !== undefined },
  ]),
);

function scopeOf({ scope }: Method): string {
  return typeof scope === 'function' ? scope({ message: 'hi' }) : scope;
}

test('the page lists each method with the scope that it needs, and no other', () => {
  const { methods } = openMethods();
  assert.deepEqual([...documented.keys()].toSorted(), Object.keys(methods).toSorted());
  for (const [name, method] of Object.entries(methods)) {
    const scope = scopeOf(method).replace('operator.', '');
    assert.deepEqual(documented.get(name), { scope, isWrite: method.isControlPlaneWrite === true }, name);
  }
});

test('the page lists each event that methods bring about, and no other', () => {
  const names = [...eventPage.matchAll(/^\| `([\w.-]+)` \|/gm)].map(([, name]) => name!);
  assert.deepEqual(names.toSorted(), methodEvents.toSorted());
});

/** Those refuse whatever comes. */
const refusing = new Set(['wake', 'system-event']);

test('every method refuses a parameter that it does not know by its name', async () => {
  const { methods, call } = openMethods();
  const valid = {
    message: 'hi',
    idempotencyKey: 'k',
    sessionKey: 'main',
    key: 'main',
    runId: 'r',
    requestId: 'r',
    deviceId: 'd',
    displayName: 'n',
  };
  for (const name of Object.keys(methods)) {
    if (refusing.has(name)) continue;
    await assert.rejects(call(name, { ...valid, surprise: true }), (thrown: unknown) => {
      assert.ok(thrown instanceof OpenClawError, name);
      assert.equal(thrown.code, 'invalid_request', name);
      return true;
    });
  }
});

test('every method refuses parameters of another type, and none breaks', async () => {
  const { methods, call } = openMethods();
  const names = [
    'message',
    'idempotencyKey',
    'sessionKey',
    'key',
    'keys',
    'runId',
    'requestId',
    'deviceId',
    'limit',
    'raw',
    'version',
    'agentId',
    'scopes',
  ];
  for (const name of Object.keys(methods)) {
    for (const value of [7, 'text', true, {}, [], [{}], -1, 1.5, '']) {
      const params = Object.fromEntries(names.map((key) => [key, value]));
      const thrown: unknown = await call(name, params).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      assert.ok(
        thrown === undefined || thrown instanceof OpenClawError || (thrown as Error).name === 'WireRefusal',
        `${name}: ${String(thrown)}`,
      );
    }
  }
});

test('what would change something is refused to who may only read', async () => {
  const { call, connect } = openMethods();
  const client = connect(['operator.read']);
  for (const name of [
    'config.set',
    'sessions.reset',
    'sessions.delete',
    'chat.send',
    'agent',
    'chat.abort',
    'device.pair.approve',
    'audit.list',
  ]) {
    await assert.rejects(call(name, { message: 'hi' }, { client }), /missing scope/, name);
  }
});
