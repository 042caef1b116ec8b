/** The checks of what is around the gateway: disk, names, certificates, proxies, container, versions; by facts alone. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Finding } from '../contract.ts';
import { factsWith, findingsOf, soundFacts } from '../facts.fixture.ts';
import type { Facts, HostFacts } from '../facts.ts';
import { leastNode } from './versions.ts';

const [sound] = soundFacts.network.hosts as readonly [HostFacts];
const withHost = (change: Partial<HostFacts>): Facts => factsWith({ network: { hosts: [{ ...sound, ...change }] } });
const dayMs = 86_400_000;

/** The one finding, which must say why it matters and what mends it unless all is well. */
function only(facts: Facts, name: string): Finding {
  const found = findingsOf(facts, name);
  assert.equal(found.length, 1, found.map(({ message }) => message).join('\n'));
  const [finding] = found as readonly [Finding];
  assert.ok(finding.severity === 'ok' || (finding.why && finding.remedy));
  return finding;
}

describe('the disk', () => {
  test('writes that wait for it are worth a look, and broken when nobody would wait so long', () => {
    const of = (medianMs: number): string => only(factsWith({ disk: { sync: { medianMs, slowestMs: medianMs } } }), 'disk').severity;
    assert.deepEqual([of(0.8), of(49), of(50), of(500)], ['ok', 'ok', 'warn', 'bad']);
  });
  test('pressure counts where all work waits; where nothing can be measured nothing is found', () => {
    const busy = factsWith({ disk: { pressure: { somePercent: 90, fullPercent: 40 } } });
    assert.match(only(busy, 'disk').message, /40 % of the last minute/);
    assert.equal(only(factsWith({ disk: { sync: undefined, pressure: undefined } }), 'disk').severity, 'ok');
  });
});

describe('names of providers', () => {
  test('one that nobody answers for is told from one that does not exist', () => {
    const silent = only(withHost({ lookup: { addresses: [], problem: 'getaddrinfo EAI_AGAIN api.openai.com', tookMs: 3000 } }), 'dns');
    assert.equal(silent.severity, 'bad');
    assert.match(silent.remedy ?? '', /No name server answers/);
    const unknown = only(withHost({ lookup: { addresses: [], problem: 'getaddrinfo ENOTFOUND api.opnai.com', tookMs: 8 } }), 'dns');
    assert.match(unknown.remedy ?? '', /baseUrl/);
  });
  test('a slow answer is worth a look', () => {
    assert.equal(only(withHost({ lookup: { addresses: ['1.2.3.4'], tookMs: 5010 } }), 'dns').severity, 'warn');
  });
  test('without names there is nothing to find', () => {
    assert.equal(only(factsWith({ network: { hosts: [] } }), 'dns').severity, 'ok');
  });
});

describe('certificates', () => {
  const own = (fromDays: number, toDays: number, isOwn = false): Facts =>
    factsWith({
      certificate: {
        ...{ file: '/tls/claw.pem', isOwn },
        ...{ validFromMs: soundFacts.atMs + fromDays * dayMs, validToMs: soundFacts.atMs + toDays * dayMs },
      },
    });
  test('that of the port is looked at three weeks before its end, and is broken after it and before its beginning', () => {
    const of = (from: number, to: number): string => only(own(from, to), 'certificates').severity;
    assert.deepEqual([of(-9, 300), of(-9, 22), of(-9, 20), of(-300, -1), of(1, 300)], ['ok', 'ok', 'warn', 'bad', 'bad']);
  });
  test('one that cannot be read is broken where it is the operator’s, and not made yet where it is its own', () => {
    const unread = (isOwn: boolean): string =>
      only(factsWith({ certificate: { file: '/x', isOwn, problem: 'ENOENT' } }), 'certificates').severity;
    assert.deepEqual([unread(false), unread(true)], ['bad', 'ok']);
  });
  test('a provider that is not trusted here is told from one that does not answer', () => {
    const untrusted = only(withHost({ certificate: { problem: 'SELF_SIGNED_CERT_IN_CHAIN', issuer: 'ACME Proxy' } }), 'certificates');
    assert.match(untrusted.remedy ?? '', /NODE_EXTRA_CA_CERTS/);
    assert.equal(untrusted.evidence['issuer'], 'ACME Proxy');
    const silent = only(withHost({ certificate: { problem: 'no answer within 3000 ms' } }), 'certificates');
    assert.match(silent.message, /cannot be reached over TLS/);
    assert.doesNotMatch(silent.remedy ?? '', /NODE_EXTRA_CA_CERTS/);
  });
});

describe('variables of proxies', () => {
  const proxies = [{ variable: 'http_proxy', address: 'proxy:3128' }];
  test('health checks by curl go to the proxy unless NO_PROXY names this machine', () => {
    assert.match(only(factsWith({ network: { proxies } }), 'proxy').remedy ?? '', /NO_PROXY=localhost,127\.0\.0\.1/);
    for (const noProxy of ['*', 'localhost, 127.0.0.1,.svc']) {
      assert.equal(only(factsWith({ network: { proxies, noProxy } }), 'proxy').severity, 'ok');
    }
  });
  test('where providers cannot be reached, that the gateway does not use the proxy is said', () => {
    const hosts = [{ ...sound, certificate: { problem: 'no answer within 3000 ms' } }];
    assert.match(only(factsWith({ network: { proxies, noProxy: '*', hosts } }), 'proxy').message, /and not by the proxy, and 1 cannot/);
  });
});

describe('what is around it', () => {
  const pod = { container: 'kubernetes' } as const;
  test('on a machine root and init are no matter of this check', () => {
    assert.equal(only(factsWith({ process: { uid: 0 }, surroundings: { firstProcess: 'bash' } }), 'surroundings').severity, 'ok');
  });
  test('in a container root, a first process that is no init, and too little of a processor are worth a look', () => {
    const facts = factsWith({ process: { ...pod, uid: 0 }, surroundings: { firstProcess: 'node', processors: 0.25 } });
    const found = findingsOf(facts, 'surroundings').map(({ message }) => message);
    assert.equal(found.length, 3);
    assert.match(found.join(), /runs as root.*first process of the container is node.*may use 0\.25/);
    const well = factsWith({ process: pod, surroundings: { firstProcess: 'tini', processors: 2 } });
    assert.equal(only(well, 'surroundings').severity, 'ok');
  });
  test('variables that Kubernetes makes of a Service are named', () => {
    const facts = factsWith({ process: pod, surroundings: { firstProcess: 'tini', serviceLinks: ['OPENCLAW_GATEWAY_PORT'] } });
    assert.match(only(facts, 'surroundings').remedy ?? '', /enableServiceLinks/);
  });
});

describe('versions', () => {
  test('the least Node is that of package.json', () => {
    const { engines } = JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')) as {
      engines: { node: string };
    };
    assert.equal(engines.node, `>=${leastNode}`);
  });
  test('an old Node is broken, another version of the gateway worth a look', () => {
    assert.equal(only(factsWith({ process: { node: 'v22.1.0' } }), 'versions').severity, 'bad');
    assert.equal(only(factsWith({ surroundings: { runningVersion: '1.2.2' } }), 'versions').severity, 'warn');
    assert.equal(only(factsWith({ surroundings: { runningVersion: undefined } }), 'versions').severity, 'ok');
  });
});
