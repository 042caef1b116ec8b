/** Every source through the suite: files, variables and commands are real; the others are the fakes that say so of themselves. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';

import { createFakeClock } from '../../../core/fake-clock.ts';
import { sourceContext } from '../source.fixture.ts';
import { secretSourceSuite } from '../source.suite.ts';
import { awsAccount, azureClient, createFakeAws, createFakeAzure, createFakeGoogle } from './cloud.fixture.ts';
import { openSource } from './index.ts';
import { createFakeVault } from './vault.fixture.ts';

const never = new AbortController().signal;

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'openclaw-secrets-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

secretSourceSuite('a variable', async (t) => {
  const secretsDirectory = folderFor(t);
  const file = join(secretsDirectory, 'KEY');
  return {
    source: await openSource('env', sourceContext({ secretsDirectory })),
    target: { name: 'KEY' },
    put: (value) => writeFileSync(file, `${value}\n`),
    remove: () => rmSync(file),
  };
});

secretSourceSuite('a file', async (t) => {
  const path = join(folderFor(t), 'value');
  return {
    source: await openSource('file', sourceContext()),
    target: { path },
    targetWithKey: { path, key: 'key' },
    put: (value) => writeFileSync(path, `${value}\n`),
    remove: () => rmSync(path),
  };
});

secretSourceSuite('a command', async (t) => {
  const directory = folderFor(t);
  const program = join(directory, 'show');
  const file = join(directory, 'value');
  writeFileSync(program, '#!/bin/sh\ncat value || exit 3\n', { mode: 0o755 });
  return {
    source: await openSource('exec', sourceContext({ directory })),
    target: { command: [program] },
    targetWithKey: { command: [program], key: 'key' },
    put: (value) => writeFileSync(file, `${value}\n`),
    remove: () => rmSync(program),
    stop: () => rmSync(file),
  };
});

secretSourceSuite('Vault (a fake of it)', async (t) => {
  const vault = await createFakeVault(t);
  const settings = { vault: { mount: 'secret', address: vault.url, token: vault.rootToken } };
  return {
    source: await openSource('vault', sourceContext({ settings })),
    target: { path: 'team/openai', key: 'apiKey' },
    credentials: [vault.rootToken],
    put: (value) => vault.put('team/openai', { apiKey: value, other: 'x' }),
    remove: () => vault.remove('team/openai'),
    shut: vault.shut,
    stop: vault.seal,
  };
});

secretSourceSuite('AWS Secrets Manager (a fake of it)', async (t) => {
  const manager = await createFakeAws(t, 'prod/openai');
  return {
    source: await openSource('aws', sourceContext({ settings: { aws: { endpoint: manager.url } }, env: awsAccount })),
    target: { name: 'prod/openai' },
    targetWithKey: { name: 'prod/openai', key: 'key' },
    credentials: [awsAccount.AWS_SECRET_ACCESS_KEY],
    ...manager,
  };
});

secretSourceSuite('Azure Key Vault (a fake of it)', async (t) => {
  const manager = await createFakeAzure(t, 'openai');
  const settings = { azure: { ...azureClient, vaultUrl: manager.url } };
  return {
    source: await openSource('azure', sourceContext({ settings, env: { AZURE_AUTHORITY_HOST: manager.url } })),
    target: { name: 'openai' },
    targetWithKey: { name: 'openai', key: 'key' },
    credentials: [azureClient.clientSecret, 'token-of-azure'],
    ...manager,
  };
});

const account = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

secretSourceSuite('Google Secret Manager (a fake of it)', async (t) => {
  const manager = await createFakeGoogle(t, 'openai', account.publicKey);
  const directory = folderFor(t);
  const key = { type: 'service_account', client_email: 'claw@acme', private_key: account.privateKey, token_uri: `${manager.url}/token` };
  writeFileSync(join(directory, 'account.json'), JSON.stringify(key));
  const settings = { google: { project: 'acme', endpoint: manager.url, credentialsFile: 'account.json' } };
  return {
    source: await openSource('google', sourceContext({ settings, directory })),
    target: { name: 'openai' },
    targetWithKey: { name: 'openai', key: 'key' },
    credentials: ['PRIVATE KEY', 'token-of-google'],
    ...manager,
  };
});

describe('ways into Vault', () => {
  const target = { path: 'team/openai', key: 'apiKey' };

  test('a login by AppRole is kept until two thirds of its lease are over, and made again when its token is refused', async (t) => {
    const vault = await createFakeVault(t, { leaseSeconds: 90 });
    const clock = createFakeClock();
    vault.put('team/openai', { apiKey: 'one' });
    const appRole = { roleId: 'gateway', secretId: 'secret-id-of-the-fake', mount: 'approle' };
    const source = await openSource(
      'vault',
      sourceContext({ clock, settings: { vault: { mount: 'secret', address: vault.url, appRole } } }),
    );
    const logins = (): number => vault.asked.filter(({ path }) => path.startsWith('/v1/auth/')).length;
    await source.read(target, never);
    clock.advance(59_000);
    await source.read(target, never);
    assert.equal(logins(), 1);
    clock.advance(2000);
    await source.read(target, never);
    assert.equal(logins(), 2);
    vault.revoke();
    assert.equal((await source.read(target, never)).value, 'one');
    assert.equal(logins(), 3);
  });

  test('a pod logs in by its service account, whose token is read anew each time', async (t) => {
    const vault = await createFakeVault(t);
    vault.put('team/openai', { apiKey: 'one' });
    const tokenFile = join(folderFor(t), 'token');
    writeFileSync(tokenFile, 'an-old-one\n');
    const kubernetes = { role: 'gateway', mount: 'kubernetes', tokenFile };
    const source = await openSource('vault', sourceContext({ settings: { vault: { mount: 'secret', address: vault.url, kubernetes } } }));
    await assert.rejects(source.read(target, never), { code: 'secret_refused', message: /invalid role/ });
    writeFileSync(tokenFile, 'jwt-of-the-pod\n');
    assert.equal((await source.read(target, never)).value, 'one');
  });

  test('address, token and namespace come from the variables of Vault where the configuration names none', async (t) => {
    const vault = await createFakeVault(t, { mount: 'kv/team', namespace: 'acme' });
    vault.put('openai', { apiKey: 'one' });
    const env = { VAULT_ADDR: `${vault.url}/`, VAULT_TOKEN: vault.rootToken, VAULT_NAMESPACE: 'acme' };
    const source = await openSource('vault', sourceContext({ env }));
    assert.equal((await source.read({ path: 'openai', key: 'apiKey', mount: 'kv/team' }, never)).value, 'one');
  });

  test('a version that is named stays what it is', async (t) => {
    const vault = await createFakeVault(t);
    const settings = { vault: { mount: 'secret', address: vault.url, token: vault.rootToken } };
    const source = await openSource('vault', sourceContext({ settings }));
    vault.put('team/openai', { apiKey: 'one' });
    vault.put('team/openai', { apiKey: 'two' });
    assert.equal((await source.read({ ...target, version: 1 }, never)).value, 'one');
    assert.deepEqual([(await source.read(target, never)).value, (await source.read(target, never)).version], ['two', '2']);
  });

  test('without an address or a token it is said which setting is missing', async () => {
    const nowhere = await openSource('vault', sourceContext({ env: { VAULT_TOKEN: 't' } }));
    await assert.rejects(nowhere.read(target, never), { code: 'secret_refused', message: /secrets\.vault\.address or VAULT_ADDR/ });
    const nobody = await openSource('vault', sourceContext({ env: { VAULT_ADDR: 'http://127.0.0.1:1' } }));
    await assert.rejects(nobody.read(target, never), { code: 'secret_refused', message: /secrets\.vault\.token/ });
  });
});

describe('ways into clouds', () => {
  test('Azure: the token of a workload, and the managed identity of a service', async (t) => {
    const manager = await createFakeAzure(t, 'openai');
    manager.put('one');
    const azure = { vaultUrl: manager.url };
    const tokenFile = join(folderFor(t), 'token');
    writeFileSync(tokenFile, 'jwt-of-the-pod');
    const directory = { AZURE_TENANT_ID: 'tenant', AZURE_CLIENT_ID: 'client', AZURE_FEDERATED_TOKEN_FILE: tokenFile };
    for (const env of [
      { ...directory, AZURE_AUTHORITY_HOST: manager.url },
      { IDENTITY_ENDPOINT: `${manager.url}/identity`, IDENTITY_HEADER: 'header-of-the-service' },
    ]) {
      const source = await openSource('azure', sourceContext({ settings: { azure }, env }));
      assert.equal((await source.read({ name: 'openai' }, never)).value, 'one');
    }
  });

  test('Google: the account of the machine; credentials of another kind are refused with that word', async (t) => {
    const manager = await createFakeGoogle(t, 'openai', account.publicKey);
    manager.put('one');
    const google = { endpoint: manager.url };
    const env = { GOOGLE_CLOUD_PROJECT: 'acme', GCE_METADATA_HOST: new URL(manager.url).host };
    const source = await openSource('google', sourceContext({ settings: { google }, env }));
    assert.equal((await source.read({ name: 'openai' }, never)).value, 'one');
    const file = join(folderFor(t), 'federated.json');
    writeFileSync(file, JSON.stringify({ type: 'external_account' }));
    const other = await openSource(
      'google',
      sourceContext({ settings: { google }, env: { ...env, GOOGLE_APPLICATION_CREDENTIALS: file } }),
    );
    await assert.rejects(other.read({ name: 'openai' }, never), { code: 'secret_refused', message: /kind external_account/ });
  });

  test('AWS: an ARN says the region, and without one it is said which setting is missing', async (t) => {
    const manager = await createFakeAws(t, 'arn:aws:secretsmanager:eu-west-1:1:secret:x');
    manager.put('one');
    const env = { ...awsAccount, AWS_REGION: '' };
    const source = await openSource('aws', sourceContext({ settings: { aws: { endpoint: manager.url } }, env }));
    assert.equal((await source.read({ name: 'arn:aws:secretsmanager:eu-west-1:1:secret:x' }, never)).value, 'one');
    await assert.rejects(source.read({ name: 'openai' }, never), { code: 'secret_refused', message: /secrets\.aws\.region/ });
  });
});

test('a command ends with all that it started when its time is over', async (t) => {
  const directory = folderFor(t);
  const program = join(directory, 'hang');
  writeFileSync(program, '#!/bin/sh\nsleep 1000 &\necho $! > child\nwait\n', { mode: 0o755 });
  const source = await openSource('exec', sourceContext({ directory }));
  const controller = new AbortController();
  const reading = source.read({ command: [program] }, controller.signal);
  const failed = assert.rejects(reading, /too late/);
  const { readFileSync } = await import('node:fs');
  const child = await until(() => {
    try {
      return Number(readFileSync(join(directory, 'child'), 'utf8'));
    } catch {
      return 0;
    }
  });
  controller.abort(new Error('too late'));
  await failed;
  await until(() => !isRunning(child));
});

async function until<Value>(look: () => Value): Promise<Value> {
  for (;;) {
    const found = look();
    if (found) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
