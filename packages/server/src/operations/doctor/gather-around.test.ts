/** What is gathered of settings, network and surroundings, on this machine and from recorded files. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import fc from 'fast-check';
import { generate } from 'selfsigned';
import { loadConfiguration } from '../../config/index.ts';
import { systemClock } from '../../core/clock.ts';
import { readEnvironment } from '../../core/env.ts';
import { certificateFacts, networkFacts } from './gather-network.ts';
import { securityFacts, weaknessOf } from './gather-security.ts';
import { diskFacts, surroundingsFacts } from './gather-surroundings.ts';
import { soundFacts } from './facts.fixture.ts';

const nothing = (): undefined => undefined;
const clock = systemClock;

function stateFor(t: TestContext): string {
  const state = mkdtempSync(join(tmpdir(), 'openclaw-around-'));
  t.after(() => rmSync(state, { recursive: true, force: true }));
  return state;
}

async function security(t: TestContext, text: string, env: Record<string, string> = {}) {
  const state = stateFor(t);
  writeFileSync(join(state, 'openclaw.json'), text, { mode: 0o600 });
  const environment = readEnvironment({ env: { OPENCLAW_STATE_DIR: state, ...env }, secretsDirectory: '/nowhere' });
  return securityFacts(await loadConfiguration({ environment }), '127.0.0.1');
}

describe('settings', () => {
  test('what agents may do follows from their own lists, then from the defaults', async (t) => {
    const entries = "a: { tools: { allow: ['ex*'] } }, b: { tools: { allow: ['*'] } }, c: { tools: { deny: ['http'] } }";
    const { agents } = await security(t, `{ agents: { entries: { ${entries} } } }`);
    assert.deepEqual(
      agents.map(({ name, exec, http, allowsAll }) => [name, exec, http, allowsAll]),
      [
        ['main', 'deny', 'ask', false],
        ['a', 'allow', 'ask', false],
        ['b', 'allow', 'allow', true],
        ['c', 'deny', 'deny', false],
      ],
    );
  });

  test('secrets as text are named by setting and line, those of variables and references are not', async (t) => {
    const text =
      "{\n models: { providers: { a: { baseUrl: 'http://a.example.org/v1', apiKey: 'plain-key' },\n openai: { apiKey: '${KEY}' } } } }";
    const { plainSecrets, isSecretPlain, plainHttp } = await security(t, text, { KEY: 'x' });
    assert.deepEqual(
      plainSecrets.map(({ setting, where }) => [setting, where.split('/').at(-1)]),
      [['models.providers.a.apiKey', 'openclaw.json:2']],
    );
    assert.equal(isSecretPlain, false);
    assert.deepEqual(plainHttp, [{ setting: 'models.providers.a.baseUrl', address: 'http://a.example.org' }]);
  });

  test('a token of the gateway’s own making is not weak, and no weak one is called strong for its case', () => {
    for (const weak of ['changeme', 'Password1!', 'your-token-here', '1234567890', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'Ab3$xy9']) {
      assert.ok(weaknessOf(weak), weak);
    }
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((bytes) => new Set(bytes).size > 16),
        (bytes) => {
          const token = Buffer.from(bytes).toString('base64url');
          assert.equal(weaknessOf(token), undefined, token);
        },
      ),
    );
  });

  test('no word about a weak secret holds it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, maxLength: 12 }), (secret) => {
        assert.ok(!(weaknessOf(secret) ?? '').includes(secret));
      }),
    );
  });
});

describe('the network', () => {
  test('names are looked up and addresses are not, each host once; nothing of a proxy but where it is', async () => {
    const facts = await networkFacts({
      addresses: [
        { provider: 'a', url: 'http://127.0.0.1:9/v1' },
        { provider: 'b', url: 'http://127.0.0.1:9/v2' },
        { provider: 'c', url: 'http://localhost:9/v1' },
      ],
      environment: readEnvironment({ env: { HTTPS_PROXY: 'http://me:secret@proxy:3128', no_proxy: 'a' }, secretsDirectory: '/nowhere' }),
      readText: (path) => (path === '/etc/resolv.conf' ? 'search x\nnameserver 10.0.0.2\nnameserver ::1\n' : undefined),
      clock,
    });
    assert.deepEqual(
      facts.hosts.map(({ provider, host, lookup }) => [provider, host, (lookup?.addresses.length ?? 0) > 0]),
      [
        ['a', '127.0.0.1', false],
        ['c', 'localhost', true],
      ],
    );
    assert.deepEqual(facts.nameServers, ['10.0.0.2', '::1']);
    assert.deepEqual([facts.proxies, facts.noProxy], [[{ variable: 'HTTPS_PROXY', address: 'proxy:3128' }], 'a']);
  });
});

describe('certificates', () => {
  test('what a provider shows is named though nobody trusts it, and one that does not speak TLS is no certificate', async (t) => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'ACME Proxy' }], { keySize: 2048 });
    const listen = async (server: Server): Promise<number> => {
      t.after(() => server.close());
      await once(server.listen(0, '127.0.0.1'), 'listening');
      return (server.address() as AddressInfo).port;
    };
    const secure = await listen(createTlsServer({ cert, key }));
    const plain = await listen(createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    const environment = readEnvironment({ env: {}, secretsDirectory: '/nowhere' });
    const addresses = [secure, plain].map((port) => ({ provider: `p${port}`, url: `https://127.0.0.1:${port}/v1` }));
    const { hosts } = await networkFacts({ addresses, environment, readText: nothing, clock });
    const [shown, none] = hosts.map(({ certificate }) => certificate);
    assert.deepEqual([shown?.problem, shown?.issuer], ['DEPTH_ZERO_SELF_SIGNED_CERT', 'ACME Proxy']);
    assert.ok((shown?.validToMs ?? 0) > Date.now());
    assert.ok(none?.problem !== undefined && none.issuer === undefined);
  });

  test('that of the port is read from its file, or from where the gateway keeps its own', async (t) => {
    const state = stateFor(t);
    const { cert } = await generate([{ name: 'commonName', value: 'claw' }], { keySize: 2048 });
    const factsOf = async (tls: string) => {
      writeFileSync(join(state, 'openclaw.json'), `{ gateway: { tls: ${tls} } }`);
      const environment = readEnvironment({ env: { OPENCLAW_STATE_DIR: state }, secretsDirectory: '/nowhere' });
      return certificateFacts(await loadConfiguration({ environment }));
    };
    assert.equal(await factsOf('{ enabled: false }'), undefined);
    assert.match((await factsOf('{ enabled: true }'))?.problem ?? '', /ENOENT/);
    writeFileSync(join(state, 'claw.pem'), cert);
    const facts = await factsOf("{ enabled: true, certFile: 'claw.pem', keyFile: 'claw.key' }");
    assert.deepEqual([facts?.isOwn, facts?.file, facts?.problem], [false, join(state, 'claw.pem'), undefined]);
    assert.ok((facts?.validToMs ?? 0) > Date.now());
  });
});

describe('surroundings', () => {
  const environment = readEnvironment({ env: { OPENCLAW_GATEWAY_PORT: 'tcp://10.0.0.1:18789' }, secretsDirectory: '/nowhere' });
  const gateway = soundFacts.gateway;

  test('limits of processors are read in both versions of control groups', () => {
    const of = (files: Record<string, string>): number | undefined =>
      surroundingsFacts({ environment, gateway, readText: (path) => files[path] }).processors;
    assert.equal(of({ '/sys/fs/cgroup/cpu.max': '50000 100000\n' }), 0.5);
    assert.equal(of({ '/sys/fs/cgroup/cpu.max': 'max 100000\n' }), undefined);
    assert.equal(of({ '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '200000', '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000' }), 2);
    assert.equal(of({ '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1' }), undefined);
  });

  test('a root that is read-only, the first process and links of Services are seen', () => {
    const files: Record<string, string> = {
      '/proc/1/comm': 'tini\n',
      '/proc/self/mountinfo': '1 0 0:1 / / ro,relatime - overlay overlay rw\n2 1 0:2 / /state rw - ext4 /dev/x rw\n',
    };
    const facts = surroundingsFacts({ environment, gateway, readText: (path) => files[path] });
    assert.deepEqual([facts.firstProcess, facts.isRootReadOnly, facts.serviceLinks], ['tini', true, ['OPENCLAW_GATEWAY_PORT']]);
  });

  test('the disk is measured where it can be written, and nothing is left there', (t) => {
    const state = stateFor(t);
    const { sync } = diskFacts(state, { readText: nothing, clock });
    assert.ok(sync !== undefined && sync.medianMs >= 0 && sync.slowestMs >= sync.medianMs);
    assert.deepEqual(readdirSync(state), []);
    assert.deepEqual(diskFacts(join(state, 'nowhere'), { readText: nothing, clock }), { sync: undefined, pressure: undefined });
    const text = 'some avg10=0.00 avg60=12.50 avg300=0 total=1\nfull avg10=0.00 avg60=3.00 avg300=0 total=1\n';
    const { pressure } = diskFacts(undefined, { clock, readText: (path) => (path === '/proc/pressure/io' ? text : undefined) });
    assert.deepEqual(pressure, { somePercent: 12.5, fullPercent: 3 });
  });
});
