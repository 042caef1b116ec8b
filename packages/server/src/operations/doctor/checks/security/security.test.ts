/** Each check of `doctor security` by facts: what it finds, what it does not, and that the sound ones are well. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Finding } from '../../contract.ts';
import { diagnoseSecurity, securityChecks } from '../../diagnose-security.ts';
import { factsWith, soundFacts } from '../../facts.fixture.ts';
import type { Facts } from '../../facts.ts';

type Security = NonNullable<Facts['security']>;

function findings(facts: Facts, name: string): readonly Finding[] {
  return diagnoseSecurity(facts).checks.find((check) => check.name === name)?.findings ?? [];
}

/** What is not well with these settings, over all checks, as `check severity: message`. */
function troubles(security: Partial<Security>, part: Parameters<typeof factsWith>[0] = {}): string[] {
  return diagnoseSecurity(factsWith({ ...part, security })).checks.flatMap(({ name, findings: found }) =>
    found.flatMap(({ severity, message, why, remedy }) => {
      if (severity === 'ok') return [];
      assert.ok(why && remedy, `${name} says why it matters and what mends it`);
      return [`${name} ${severity}: ${message}`];
    }),
  );
}

const agent = { name: 'main', exec: 'deny', http: 'ask', allowsAll: false } as const;
const webhook = { name: 'ci', signature: 'standard', toleranceMs: 300_000, deliversPrivate: [] };
const lan = { bind: 'lan', host: '0.0.0.0', isLoopback: false };

describe('doctor security', () => {
  test('sound settings are well in every check', () => {
    const report = diagnoseSecurity(soundFacts);
    assert.equal(report.status, 'ok');
    assert.deepEqual(
      report.checks.map(({ name }) => name),
      securityChecks.map(({ name }) => name),
    );
    assert.ok(report.checks.every(({ findings: found }) => found.length > 0));
  });

  test('where the configuration does not load, nothing is called well', () => {
    const { status, checks } = diagnoseSecurity({ ...soundFacts, security: undefined });
    assert.equal(status, 'bad');
    assert.ok(checks.every(({ findings: found }) => found.every(({ severity }) => severity === 'bad')));
  });

  const cases: readonly (readonly [title: string, security: Partial<Security>, says: readonly RegExp[]])[] = [
    ['a door without auth beyond loopback', { ...lan, authMode: 'none' }, [/^exposure bad: Everybody/]],
    ['HTTP beyond loopback', lan, [/^exposure warn: What is sent to it can be read/]],
    ['HTTPS beyond loopback is well', { ...lan, tls: true }, []],
    [
      'a proxy in front may speak TLS',
      { ...lan, authMode: 'trusted-proxy', trustedProxies: ['10.0.0.5'], requiredProxyHeaders: 1, allowUsers: 2 },
      [],
    ],
    ['a weak token on loopback', { weakness: 'has 4 characters' }, [/^credential warn: The token has 4 characters/]],
    [
      'a weak password beyond it',
      { ...lan, tls: true, authMode: 'password', weakness: 'is a word' },
      [/^credential bad: The password is a word/],
    ],
    ['a token as text', { isSecretPlain: true }, [/^credential warn: The token stands as text/]],
    [
      'a whole network that is believed, by nothing but its address, for everybody',
      { ...lan, authMode: 'trusted-proxy', trustedProxies: ['10.0.0.0/8'] },
      [/^proxies bad: 10\.0\.0\.0\/8/, /^proxies warn: Nothing but/, /^proxies warn: Everybody/],
    ],
    ['a page without TLS', { allowedOrigins: ['http://claw.example.org'] }, [/^browsers warn: A page that came without TLS/]],
    ['a page of this machine is well', { allowedOrigins: ['http://localhost:5173', 'https://x.example.org'] }, []],
    ['a name on loopback', { allowedHosts: ['claw.example.org'] }, [/^browsers warn: It answers browsers under claw/]],
    [
      'signatures of yesterday',
      { webhooks: [{ ...webhook, toleranceMs: 86_400_000 }] },
      [/^webhooks warn: ci takes signatures that are 1440/],
    ],
    [
      'deliveries without TLS, into a whole network',
      { webhooks: [{ ...webhook, deliversTo: 'http://10.0.0.5', deliversPrivate: ['10.0.0.0/8'] }] },
      [/^webhooks warn: ci tells/, /^webhooks warn: ci may deliver/],
    ],
    ['commands unasked and without a container', { agents: [{ ...agent, exec: 'allow' }] }, [/^tools bad: main may run any command/]],
    ['commands in a container are well', { agents: [{ ...agent, exec: 'allow' }], execImage: 'tools:1' }, []],
    ['commands that somebody is asked about', { agents: [{ ...agent, exec: 'ask' }] }, [/^tools warn: Commands of main/]],
    ['every tool', { agents: [{ ...agent, allowsAll: true }] }, [/^tools bad: main may use every tool/]],
    ['requests anywhere', { agents: [{ ...agent, http: 'allow' }] }, [/^tools warn: main may send to every public/]],
    ['requests to named hosts are well', { agents: [{ ...agent, http: 'allow' }], httpHosts: ['api.example.org'] }, []],
    [
      'private networks',
      { httpPrivateAddresses: ['10.0.0.0/8', '10.0.0.5'] },
      [/^tools warn: Agents may reach the private network 10\.0\.0\.0\/8\.$/],
    ],
    [
      'a provider without TLS',
      { plainHttp: [{ setting: 'models.providers.a.baseUrl', address: 'http://a' }] },
      [/^transport warn: models/],
    ],
    ['a key as text', { plainSecrets: [{ setting: 'models.providers.a.apiKey', where: '/f:3' }] }, [/^secrets warn: 1 stand/]],
    ['open files', { openPlaces: [{ path: '/s/.env', mode: 0o644, isDirectory: false }] }, [/^modes bad: .*1 files/]],
  ];
  for (const [title, security, says] of cases) {
    test(title, () => {
      const found = troubles(security);
      assert.equal(found.length, says.length, found.join('\n'));
      says.forEach((pattern, index) => assert.match(found[index] ?? '', pattern));
    });
  }

  test('root is worth a thought', () => {
    assert.deepEqual(troubles({}, { process: { uid: 0 } }), ['account warn: It runs as root.']);
  });

  test('of many open files the first are named, and the number of the others', () => {
    const openPlaces = Array.from({ length: 9 }, (_, index) => ({ path: `/s/${index}`, mode: 0o666, isDirectory: false }));
    assert.deepEqual(findings(factsWith({ security: { openPlaces } }), 'modes')[0]?.evidence, {
      ...{ '/s/0': '0666', '/s/1': '0666', '/s/2': '0666', '/s/3': '0666', '/s/4': '0666' },
      more: 4,
    });
  });
});
