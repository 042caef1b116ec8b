import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { test, type TestContext } from 'node:test';

import { createFakeClock } from '../../core/fake-clock.ts';
import { createFakeVault } from '../secrets/sources/vault.fixture.ts';
import type { AcceptedChange } from './contract.ts';
import { readSecretsStatus, secretsStatusFile } from './followed-secrets.ts';
import { createKeptFolder } from './keeper.fixture.ts';

const text = (url: string): string => `{
  gateway: { auth: { token: { $secret: { vault: { path: 'gateway', key: 'token' } } } } },
  secrets: { refreshMs: '1m', vault: { address: '${url}', token: { $secret: { env: 'VAULT_TOKEN_HERE' } } } },
}`;

async function setup(t: TestContext) {
  const vault = await createFakeVault(t);
  vault.put('gateway', { token: 'the-first-token' });
  const clock = createFakeClock();
  const folder = createKeptFolder(t, { 'openclaw.json': text(vault.url) });
  const open = () => folder.open({ clock, env: { VAULT_TOKEN_HERE: vault.rootToken } });
  const changes: AcceptedChange[] = [];
  const keeper = await open();
  let heard = (): void => {};
  keeper.onAccepted(async (change) => {
    changes.push(change);
    heard();
  });
  const applied = (): Promise<void> => new Promise((resolve) => (heard = resolve));
  return { vault, clock, folder, keeper, open, changes, applied };
}

test('a token that is rotated in Vault is in force without a restart and without an edit', async (t) => {
  const { vault, clock, keeper, changes, applied, folder } = await setup(t);
  assert.equal(keeper.current?.settings.gateway.auth.token, 'the-first-token');
  vault.put('gateway', { token: 'the-second-token' });
  const done = applied();
  clock.advance(66_000);
  await done;
  await keeper.look();
  assert.equal(keeper.current?.settings.gateway.auth.token, 'the-second-token');
  assert.deepEqual(changes[0]?.changed, ['gateway.auth.token']);
  const kept = readFileSync(secretsStatusFile(folder.path), 'utf8');
  assert.doesNotMatch(kept, /the-first|the-second|hvs\./, 'the list for commands holds no values');
  assert.match(kept, /"rotatedAt"/);
  assert.equal(statSync(secretsStatusFile(folder.path)).mode & 0o777, 0o600);
});

test('the list for commands says when each was read last, also where nothing else has changed', async (t) => {
  const { clock, vault, folder } = await setup(t);
  const readAt = (): string | undefined => readSecretsStatus(folder.path).find(({ kind }) => kind === 'vault')?.readAt;
  const before = readAt();
  assert.ok(before);
  const asked = vault.asked.length;
  clock.advance(66_000);
  while (readAt() === before) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(vault.asked.length, asked + 1);
});

test('while Vault is down an edit is taken up with what was read last, and the secret is called degraded', async (t) => {
  const { vault, clock, keeper, folder } = await setup(t);
  await vault.stop();
  clock.advance(66_000);
  folder.write('openclaw.json', text(vault.url).replace('gateway: {', "logging: { level: 'warn' },\n  gateway: {"));
  await keeper.look();
  assert.equal(keeper.status.state, 'current');
  assert.equal(keeper.current?.settings.logging.level, 'warn');
  assert.equal(keeper.current?.settings.gateway.auth.token, 'the-first-token');
  const token = keeper.secrets().find(({ setting }) => setting === 'gateway.auth.token');
  assert.deepEqual([token?.state, token?.where], ['degraded', 'vault secret/gateway#token']);
});

test('a start while Vault is down is rescue mode, which ends once Vault answers', async (t) => {
  const { vault, keeper, open, clock } = await setup(t);
  await keeper.close();
  vault.shut();
  const second = await open();
  assert.equal(second.status.state, 'rescue');
  assert.match(second.status.problem?.message ?? '', /gateway\.auth\.token has no secret: vault secret\/gateway#token does not let/);
  assert.doesNotMatch(second.status.problem?.message ?? '', /hvs\./);
  vault.open();
  clock.advance(3000);
  await second.look();
  assert.equal(second.status.state, 'current');
  assert.equal(second.current?.settings.gateway.auth.token, 'the-first-token');
});
