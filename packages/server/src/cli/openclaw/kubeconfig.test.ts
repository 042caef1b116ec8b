import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startTestGateway, testToken, type TestGateway } from '../../../test/harness/gateway.ts';
import { main } from './main.ts';

interface Kubeconfig {
  readonly clusters: readonly { readonly name: string; readonly cluster: Record<string, string> }[];
  readonly users: readonly { readonly user: { readonly token?: string } }[];
  readonly contexts: readonly object[];
  readonly 'current-context': string;
}

async function run(directory: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const code = await main(['kubeconfig', ...args], {
    env: { OPENCLAW_STATE_DIR: directory, HOME: directory, OPENCLAW_GATEWAY_TOKEN: '' },
    stdout: { write: (text) => (said.out += text) },
    stderr: { write: (text) => (said.err += text) },
  });
  return { code, ...said };
}

describe('beside a gateway with a certificate of its own', () => {
  let gateway: TestGateway;
  let directory: string;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'openclaw-kubeconfig-'));
    const settings = { gateway: { tls: { enabled: true }, auth: { token: testToken } } };
    gateway = await startTestGateway({ settings, stateDirectory: directory });
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });

  test('it holds the address, the certificate and the token, and is a document that kubectl reads', async () => {
    const { code, out, err } = await run(directory);
    assert.equal(code, 0, err);
    const config = JSON.parse(out) as Kubeconfig;
    const certificate = readFileSync(join(directory, 'credentials', 'gateway-tls.crt'));
    assert.deepEqual(config.clusters, [
      { name: 'openclaw', cluster: { server: gateway.url, 'certificate-authority-data': certificate.toString('base64') } },
    ]);
    assert.equal(config.users[0]?.user.token, testToken);
    assert.equal(config['current-context'], 'openclaw');
  });

  test('a file is made for its owner alone, replaced only when asked, and never written through a link', async () => {
    const file = join(directory, 'kube');
    assert.equal((await run(directory, '--write', file)).code, 0);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.notEqual((await run(directory, '--write', file)).code, 0);
    const elsewhere = join(directory, 'elsewhere');
    writeFileSync(elsewhere, 'untouched', { mode: 0o644 });
    rmSync(file);
    symlinkSync(elsewhere, file);
    assert.equal((await run(directory, '--write', file, '--force')).code, 0);
    assert.equal(readFileSync(elsewhere, 'utf8'), 'untouched');
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  test('for another server it holds neither the token nor the certificate of this one', async () => {
    const { out, err } = await run(directory, '--server', 'https://claw.example.org/path');
    const config = JSON.parse(out) as Kubeconfig;
    assert.deepEqual(config.clusters[0]?.cluster, { server: 'https://claw.example.org' });
    assert.deepEqual(config.users[0]?.user, {});
    assert.match(err, /holds no token/);
  });

  test('an address that is none, one that holds a credential, and a file that is no certificate are refused by name', async () => {
    for (const args of [
      ['--server', 'claw'],
      ['--server', 'https://u:p@claw.example.org'],
      ['--certificate', join(directory, 'openclaw.json')],
    ]) {
      const { code, out } = await run(directory, ...args);
      assert.notEqual(code, 0, args.join(' '));
      assert.equal(out, '');
    }
  });
});

test('over plain http it says that kubectl sends no token there; without a gateway it says how to start one', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-kubeconfig-'));
  const { err } = await run(directory, '--server', 'http://127.0.0.1:18789', '--token', 'x');
  assert.match(err, /gateway\.tls\.enabled/);
  assert.match((await run(directory)).err, /openclaw gateway run/);
  assert.equal(existsSync(join(directory, 'state')), false);
  rmSync(directory, { recursive: true });
});
