import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { createFakeClock } from '../../core/fake-clock.ts';
import { ensureStateIdentity, readStateIdentity, stateIdentityFile } from './index.ts';

function createDirectory(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'openclaw-identity-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

test('a state directory gets an id once, for its owner alone, and keeps it', () => {
  using directory = createDirectory();
  const clock = createFakeClock();
  assert.equal(readStateIdentity(directory.path), undefined);
  const made = ensureStateIdentity(directory.path, clock);
  assert.match(made.id, /^[\da-f-]{36}$/);
  assert.equal(made.createdAt, new Date(clock.now()).toISOString());
  clock.advance(86_400_000);
  assert.deepEqual(ensureStateIdentity(directory.path, clock), made);
  assert.deepEqual(readStateIdentity(directory.path), made);
  const file = stateIdentityFile(directory.path);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(dirname(file)), ['identity.json'], 'nothing else is left behind');
});

test('two directories are two states', () => {
  using one = createDirectory();
  using other = createDirectory();
  const clock = createFakeClock();
  assert.notEqual(ensureStateIdentity(one.path, clock).id, ensureStateIdentity(other.path, clock).id);
});

test('a file that is no identity is replaced by one that stays', () => {
  for (const text of ['', '{"id":""', '{"id":"","createdAt":"x"}', '[]', 'null']) {
    using directory = createDirectory();
    const clock = createFakeClock();
    ensureStateIdentity(directory.path, clock);
    writeFileSync(stateIdentityFile(directory.path), text);
    assert.equal(readStateIdentity(directory.path), undefined, text);
    const made = ensureStateIdentity(directory.path, clock);
    assert.deepEqual(ensureStateIdentity(directory.path, clock), made);
  }
});
