/** Secrets that lie in a vault, in a gateway that runs: rotated there, they hold here without a restart and without an edit. Vault is a fake of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeVault } from '../../src/config/secrets/sources/vault.fixture.ts';
import { eventually } from '../control/plane.ts';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { knock } from '../security/attack.ts';

const reference = (key: string): object => ({ $secret: { vault: { path: 'openclaw', key } } });

function settingsFor(url: string): Record<string, unknown> {
  return {
    gateway: { auth: { token: reference('token') } },
    models: {
      providers: {
        acme: { baseUrl: 'http://127.0.0.1:9/v1', api: 'openai-completions', apiKey: reference('apiKey'), models: [{ id: 'm' }] },
      },
    },
    // As often as may be.
    secrets: { refreshMs: 1000, vault: { address: url, token: { $secret: { env: 'VAULT_TOKEN_OF_THE_TEST' } } } },
  };
}

const first = { token: 'first-token-of-the-vault', apiKey: 'sk-first-key-of-the-vault' };
const second = { token: 'second-token-of-the-vault', apiKey: 'sk-second-key-of-the-vault' };

const statusOf = async ({ url }: TestGateway, token: string): Promise<number> =>
  (await fetch(`${url}/admin/v1/keys`, { headers: { authorization: `Bearer ${token}` } })).status;

test('a token that is rotated in the vault closes sockets of the old one with 4001, opens both doors, and is told nowhere', async (t) => {
  const vault = await createFakeVault(t);
  vault.put('openclaw', first);
  await using gateway = await startTestGateway({
    followsConfiguration: true,
    settings: settingsFor(vault.url),
    environment: { OPENCLAW_GATEWAY_TOKEN: '', VAULT_TOKEN_OF_THE_TEST: vault.rootToken },
  });
  await using old = await knock(gateway, { auth: { token: first.token }, scopes: ['operator.admin'] });
  assert.equal(await statusOf(gateway, first.token), 200);
  vault.put('openclaw', second);
  assert.equal((await old.client.ended).code, 4001);
  assert.deepEqual([await statusOf(gateway, first.token), await statusOf(gateway, second.token)], [401, 200]);
  const keyOf = (): string | undefined => gateway.running.configuration.settings.models.providers['acme']?.apiKey;
  await eventually(() => keyOf() === second.apiKey, 'the new key of the provider');
  const said = JSON.stringify(gateway.logLines);
  assert.match(said, /a secret was rotated/);
  for (const value of [...Object.values(first), ...Object.values(second), vault.rootToken]) assert.ok(!said.includes(value));
});

test('while the vault is down the gateway serves with what was read last, and /health says degraded and why', async (t) => {
  const vault = await createFakeVault(t);
  vault.put('openclaw', first);
  await using gateway = await startTestGateway({
    followsConfiguration: true,
    settings: settingsFor(vault.url),
    environment: { OPENCLAW_GATEWAY_TOKEN: '', VAULT_TOKEN_OF_THE_TEST: vault.rootToken },
  });
  vault.seal();
  const isDegraded = ({ setting, state }: { setting: string; state: string }): boolean =>
    setting === 'gateway.auth.token' && state === 'degraded';
  await eventually(() => gateway.keeper.secrets().some(isDegraded), 'a secret that is degraded');
  // The answer of a moment ago is given for a second.
  for (;;) {
    const answer = await fetch(`${gateway.url}/health`, { headers: { authorization: `Bearer ${first.token}` } });
    const { checks } = (await answer.json()) as { checks: Record<string, { state: string; detail?: string }> };
    assert.equal(answer.status, 200);
    if (checks['secrets']?.state !== 'degraded') continue;
    assert.match(checks['secrets'].detail ?? '', /gateway\.auth\.token: .*could not be asked: Vault is sealed/);
    break;
  }
});
