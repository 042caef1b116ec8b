import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../core/errors.ts';
import { createFakeClock, type FakeClock } from '../core/fake-clock.ts';
import { createIds } from '../core/ids.ts';
import type { AuditSink } from './audit-sink.ts';
import { createMemoryStore, type MemoryStore } from './database.fixture.ts';
import type { KeyLimits } from './key-limits.ts';
import { createVirtualKeys, type VirtualKeys } from './virtual-keys.ts';

interface Setup {
  readonly store: MemoryStore;
  readonly clock: FakeClock;
  readonly keys: VirtualKeys;
  /** Another process on the same store, or this one after a restart. */
  another(): Promise<VirtualKeys>;
}

async function setup(): Promise<Setup> {
  const store = createMemoryStore();
  const clock = createFakeClock();
  const another = () => createVirtualKeys({ database: store.connect(), clock, ids: createIds({ clock }), allowances: noAllowances });
  return { store, clock, keys: await another(), another };
}

const wrongLimits: readonly [wanted: Record<string, unknown>, message: RegExp][] = [
  ...[-1, 1.5, Number.NaN, Infinity, 1e13, '60', true, [60], undefined].flatMap((value): [Record<string, unknown>, RegExp][] => [
    [{ rpm: value }, /^rpm: must be a whole number from 0/],
    [{ tpm: value }, /^tpm: must be a whole number from 0/],
  ]),
  ...[-0.01, Number.NaN, Infinity, 1e7, 1e-10, '5', false, undefined].flatMap((value): [Record<string, unknown>, RegExp][] => [
    [{ usdPerDay: value }, /^usdPerDay: must be an amount of US\$/],
    [{ usdPerMonth: value }, /^usdPerMonth: must be an amount of US\$/],
  ]),
];

const noAllowances = { setLimits: () => {}, use: async () => undefined };

function codeOf(found: unknown): string {
  return found instanceof OpenClawError ? found.code : found === undefined ? 'unknown' : 'valid';
}

/** Lets promises settle that nobody here holds. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a new key is found with its scopes and models, without touching the store', async () => {
  const { store, keys } = await setup();
  const created = await keys.create({ name: 'ci', models: ['fast', 'local/small'] });
  assert.match(created.key, /^ock_[A-Za-z0-9_-]{43}$/);
  const before = store.statements.length;
  const found = keys.find(created.key);
  assert.ok(found !== undefined && !(found instanceof OpenClawError));
  assert.deepEqual(
    { ...found, scopes: [...found.scopes] },
    { kind: 'key', id: created.id, scopes: ['models'], models: ['fast', 'local/small'] },
  );
  for (const other of ['', 'ock_', created.key.slice(0, -1), `${created.key}a`, created.key.toUpperCase(), 'sk-something']) {
    assert.equal(keys.find(other), undefined);
  }
  assert.equal(store.statements.length, before);
});

test('the store holds a hash and a prefix, never the key', async () => {
  const { store, keys } = await setup();
  const { key, prefix } = await keys.create({ name: 'ci' });
  assert.ok(key.startsWith(prefix) && prefix.length === 10);
  assert.ok(!store.dump().includes(key.slice(prefix.length, prefix.length + 8)));
  assert.ok(!JSON.stringify(await keys.list()).includes(key));
});

test('keys survive a restart, with everything that was said of them', async () => {
  const { keys, another, clock } = await setup();
  const first = await keys.create({ name: 'first', scopes: ['models', 'admin'], expiresAt: '2026-02-01T00:00:00Z' });
  clock.advance(1);
  const second = await keys.create({ name: 'second', models: ['fast'] });
  await keys.revoke(second.id);
  const restarted = await another();
  assert.deepEqual(await restarted.list(), await keys.list());
  assert.deepEqual(
    (await restarted.list()).map(({ name, state }) => [name, state]),
    [
      ['first', 'active'],
      ['second', 'revoked'],
    ],
  );
  assert.equal(codeOf(restarted.find(first.key)), 'valid');
  assert.equal(codeOf(restarted.find(second.key)), 'key_revoked');
});

test('a key is refused from the moment its revocation resolves, here and in every other process', async () => {
  const { keys, another } = await setup();
  const other = await another();
  const { id, key } = await keys.create({ name: 'ci' });
  await settle();
  assert.equal(codeOf(other.find(key)), 'valid', 'the other process heard of the new key');
  const record = await other.revoke(id);
  assert.equal(record.state, 'revoked');
  assert.equal(codeOf(other.find(key)), 'key_revoked');
  await settle();
  assert.equal(codeOf(keys.find(key)), 'key_revoked');
});

test('revoking twice keeps the first time; a key that does not exist cannot be revoked', async () => {
  const { keys, clock } = await setup();
  const { id } = await keys.create({ name: 'ci' });
  const first = await keys.revoke(id);
  clock.advance(5000);
  assert.deepEqual(await keys.revoke(id), first);
  await assert.rejects(keys.revoke('key_none'), { code: 'key_not_found' });
});

test('a key expires by the wall clock', async () => {
  const { keys, clock } = await setup();
  const { key } = await keys.create({ name: 'ci', expiresAt: '2026-01-01T00:00:10Z' });
  clock.advance(9999);
  assert.equal(codeOf(keys.find(key)), 'valid');
  clock.advance(1);
  const found = keys.find(key);
  assert.ok(found instanceof OpenClawError);
  assert.equal(found.message.replace(/key_\w+/, 'ID'), 'The key ID expired at 2026-01-01T00:00:10.000Z.');
  assert.equal((await keys.list())[0]?.state, 'expired');
});

test('a key that could not be stored is not in force, nor is a revocation', async () => {
  const { keys, store } = await setup();
  store.failNext(1);
  await assert.rejects(keys.create({ name: 'ci' }), /disk/);
  assert.deepEqual(await keys.list(), []);
  const { id, key } = await keys.create({ name: 'ci' });
  store.failNext(1);
  await assert.rejects(keys.revoke(id), /disk/);
  assert.equal(codeOf(keys.find(key)), 'valid');
});

test('a change by another process that cannot be read is read again until it can', async () => {
  const { keys, another, store, clock } = await setup();
  const other = await another();
  const { id, key } = await keys.create({ name: 'ci' });
  await settle();
  const revoking = keys.revoke(id);
  // Its own statement is through; the readings that its message causes fail, twice each.
  store.failNext(4);
  await revoking;
  await settle();
  assert.equal(codeOf(other.find(key)), 'valid');
  clock.advance(1000);
  await settle();
  clock.advance(1000);
  await settle();
  assert.equal(codeOf(other.find(key)), 'key_revoked');
  assert.equal(clock.pendingTimers, 0);
});

test('after its end it listens to nobody and leaves no timer', async () => {
  const { keys, another, store, clock } = await setup();
  const other = await another();
  other.close();
  const { key } = await keys.create({ name: 'ci' });
  store.failNext(1);
  await settle();
  assert.equal(codeOf(other.find(key)), 'unknown');
  keys.close();
  assert.equal(clock.pendingTimers, 0);
});

test('limits are kept as they were written, survive a restart, and are null where there is none', async () => {
  const { keys, another } = await setup();
  const { id } = await keys.create({ name: 'ci', rpm: 60, tpm: 0, usdPerDay: 0.1, usdPerMonth: null });
  assert.deepEqual((await keys.get(id)).limits, { rpm: 60, tpm: 0, usdPerDay: 0.1, usdPerMonth: null });
  assert.deepEqual(await (await another()).get(id), await keys.get(id));
  await assert.rejects(keys.get('key_none'), { code: 'key_not_found' });
});

test('an update changes what it names and nothing else, here, in every other process, and after a restart', async () => {
  const { keys, another } = await setup();
  const other = await another();
  const { id, key } = await keys.create({ name: 'ci', models: ['fast'], rpm: 60, usdPerDay: 5, expiresAt: '2026-02-01T00:00:00Z' });
  const before = await keys.get(id);
  const after = await keys.update(id, { rpm: 120, tpm: 10, usdPerDay: null, models: null });
  assert.deepEqual(after, { ...before, models: null, limits: { rpm: 120, tpm: 10, usdPerDay: null, usdPerMonth: null } });
  await settle();
  for (const process of [keys, other, await another()]) {
    assert.deepEqual(await process.get(id), after);
    const found = process.find(key);
    assert.ok(found !== undefined && !(found instanceof OpenClawError) && found.models === undefined);
  }
  assert.equal((await keys.update(id, { name: 'build', expiresAt: null })).expiresAt, null);
  await assert.rejects(keys.update('key_none', { rpm: 1 }), { code: 'key_not_found' });
});

test('two updates at once both hold, and one that could not be stored holds nowhere', async () => {
  const { keys, store, another } = await setup();
  const { id } = await keys.create({ name: 'ci' });
  await Promise.all([keys.update(id, { rpm: 1 }), keys.update(id, { tpm: 2, usdPerMonth: 3 })]);
  await settle();
  const limits = { rpm: 1, tpm: 2, usdPerDay: null, usdPerMonth: 3 };
  assert.deepEqual((await keys.get(id)).limits, limits);
  store.failNext(1);
  await assert.rejects(keys.update(id, { rpm: 9 }), /disk/);
  assert.deepEqual((await keys.get(id)).limits, limits);
  assert.deepEqual((await (await another()).get(id)).limits, limits);
});

test('every process is told the limits of a key when it reads, makes or changes it, and hears of those of others', async () => {
  const store = createMemoryStore();
  const clock = createFakeClock();
  const begin = async () => {
    const told: [id: string, rpm: number | undefined][] = [];
    const allowances = { setLimits: (id: string, { rpm }: KeyLimits) => void told.push([id, rpm]), use: async () => undefined };
    return { told, keys: await createVirtualKeys({ database: store.connect(), clock, ids: createIds({ clock }), allowances }) };
  };
  const first = await begin();
  const { id } = await first.keys.create({ name: 'ci', rpm: 1 });
  const second = await begin();
  assert.deepEqual(second.told, [[id, 1]]);
  await first.keys.update(id, { rpm: 2 });
  await settle();
  assert.deepEqual(first.told.at(-1), [id, 2]);
  assert.deepEqual(second.told.at(-1), [id, 2]);
});

test('a change of a key is checked field by field', async () => {
  const { keys } = await setup();
  const { id } = await keys.create({ name: 'ci' });
  const refused: [wanted: Record<string, unknown>, message: RegExp][] = [
    [{}, /^body: must name what changes/],
    [{ scopes: ['admin'] }, /^scopes: cannot be changed/],
    [{ name: null }, /^name: /],
    [{ models: [] }, /^models: /],
    [{ expiresAt: '2020-01-01' }, /^expiresAt: must lie in the future/],
    ...wrongLimits,
  ];
  for (const [wanted, message] of refused)
    await assert.rejects(keys.update(id, wanted), { code: 'invalid_request', message }, JSON.stringify(wanted));
});

test('a wish for a key is checked field by field', async () => {
  const { keys } = await setup();
  const refused: [wanted: Record<string, unknown>, message: RegExp][] = [
    [{}, /^name: /],
    [{ name: '  ' }, /^name: /],
    [{ name: 'a\nb' }, /^name: /],
    [{ name: 'x'.repeat(101) }, /^name: /],
    [{ name: 5 }, /^name: /],
    [{ name: 'a', scopes: [] }, /^scopes: /],
    [{ name: 'a', scopes: ['root'] }, /^scopes: there is no scope root; those are models, runs, admin/],
    [{ name: 'a', scopes: 'admin' }, /^scopes: /],
    [{ name: 'a', models: [] }, /^models: /],
    [{ name: 'a', models: [''] }, /^models: /],
    [{ name: 'a', models: [{}] }, /^models: /],
    [{ name: 'a', expiresAt: 'tomorrow' }, /^expiresAt: must be a time/],
    [{ name: 'a', expiresAt: '2025-12-31' }, /^expiresAt: must lie in the future/],
    ...wrongLimits.map(([limits, message]): [Record<string, unknown>, RegExp] => [{ name: 'a', ...limits }, message]),
    [{ name: 'a', color: 'red' }, /^color: is not a field of a key/],
  ];
  for (const [wanted, message] of refused)
    await assert.rejects(keys.create(wanted), { code: 'invalid_request', message }, JSON.stringify(wanted));
  assert.deepEqual(await keys.list(), []);
});

test('each change is in the audit log once, with who made it and without the key', async () => {
  const audited: Parameters<AuditSink['record']>[0][] = [];
  const clock = createFakeClock();
  const keys = await createVirtualKeys({
    ...{ database: createMemoryStore().connect(), clock, ids: createIds({ clock }), allowances: noAllowances },
    audit: { record: async (entry) => void audited.push(entry) },
  });
  const { id, key } = await keys.create({ name: 'ci', models: ['a', 'b'], rpm: 60 });
  await keys.update(id, { models: null }, 'gateway-token');
  await keys.revoke(id, 'device:1');
  await keys.revoke(id, 'device:2');
  await assert.rejects(keys.create({ name: '' }));
  assert.deepEqual(audited, [
    { actor: 'cli', action: 'key.created', subject: id, detail: { name: 'ci', models: 'a b', rpm: 60, scopes: 'models' } },
    { actor: 'gateway-token', action: 'key.updated', subject: id, detail: { models: null } },
    { actor: 'device:1', action: 'key.revoked', subject: id, detail: { name: 'ci' } },
  ]);
  assert.ok(!JSON.stringify(audited).includes(key.slice(10)));
});
