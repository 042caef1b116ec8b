/** Facts of machines for tests. The sound ones were recorded with `gatherFacts` beside a gateway; what differs is told by each test. */
import { diagnose } from './diagnose.ts';
import type { Finding, Severity } from './contract.ts';
import type { Answer, Facts } from './facts.ts';

const checkNames = [
  'configuration',
  'state',
  'disk',
  'inodes',
  'eventLoop',
  'memory',
  'clock',
  'providers',
  'workloads',
  'backup',
  'background',
];

export function answered(status: number, body: Record<string, unknown> = {}): Answer {
  return { status, body };
}

export const refusedConnection: Answer = { status: undefined, reason: 'connect ECONNREFUSED 127.0.0.1:18789' };

/** `/health` as callers with a credential see it, where all checks are well but these. */
export function healthWith(troubles: Record<string, { state: string; detail: string }> = {}): Answer {
  const checks = Object.fromEntries(checkNames.map((name) => [name, troubles[name] ?? { state: 'ok' }]));
  return answered(200, { status: Object.keys(troubles).length === 0 ? 'ok' : 'degraded', checks });
}

const probes = {
  '/healthz': answered(200, { status: 'ok' }),
  '/startupz': answered(200, { status: 'ok', started: true }),
  '/readyz': answered(200, { status: 'ok', ready: true }),
  '/health': answered(200, { status: 'ok' }),
};

export const soundFacts: Facts = {
  atMs: Date.parse('2026-11-21T12:00:00.000Z'),
  version: '1.2.3',
  process: {
    ...{ platform: 'linux', node: 'v24.21.0', uid: 1000, gid: 1000, container: undefined, refusals: [] },
    owner: { pid: 77, host: 'here', startedAt: '2026-11-21T11:00:00.000Z', address: 'http://127.0.0.1:18789' },
  },
  state: {
    ...{ path: '/home/claw/.openclaw', from: 'default', exists: true, unwritable: undefined, ownerUid: 1000, mode: 0o700 },
    mount: { point: '/', root: '/', type: 'ext4', source: '/dev/sda1', options: 'rw' },
    ...{ filesystemProblem: undefined, freeBytes: 50 * 2 ** 30, freeInodes: 1_000_000, daysUntilFull: undefined },
    identity: { id: '0a1b2c3d-0000-4000-8000-000000000000', createdAt: '2026-06-01T00:00:00.000Z' },
  },
  configuration: {
    ...{ file: '/home/claw/.openclaw/openclaw.json', exists: true, problems: [] },
    settings: {
      ...{ port: 18_789, portFrom: 'default', bind: 'loopback', bindFrom: 'default', host: '127.0.0.1', tls: false },
      ...{ authMode: 'token', secretFrom: 'environment variable OPENCLAW_GATEWAY_TOKEN', providers: ['openai'] },
    },
  },
  listening: ['127.0.0.1'],
  gateway: { url: 'http://127.0.0.1:18789', probes, health: healthWith(), authorized: answered(200, { warnings: [] }) },
  network: {
    hosts: [
      {
        ...{ provider: 'openai', host: 'api.openai.com', port: 443 },
        lookup: { addresses: ['162.159.140.245'], tookMs: 12 },
        certificate: { issuer: 'Google Trust Services', validToMs: Date.parse('2027-01-20T00:00:00.000Z') },
      },
    ],
    ...{ nameServers: ['10.0.0.2'], proxies: [], noProxy: undefined },
  },
  certificate: undefined,
  surroundings: {
    ...{ firstProcess: 'systemd', isRootReadOnly: false, processors: undefined, serviceLinks: [] },
    runningVersion: '1.2.3',
  },
  disk: { sync: { medianMs: 0.8, slowestMs: 3.1 }, pressure: { somePercent: 1.5, fullPercent: 0.1 } },
  security: {
    ...{ bind: 'loopback', host: '127.0.0.1', isLoopback: true, authMode: 'token', weakness: undefined, isSecretPlain: false, tls: false },
    ...{ trustedProxies: [], requiredProxyHeaders: 0, allowUsers: 0, allowedOrigins: [], allowedHosts: [] },
    agents: [{ name: 'main', exec: 'deny', http: 'ask', allowsAll: false }],
    ...{ execImage: undefined, httpHosts: [], httpPrivateAddresses: [], webhooks: [], plainHttp: [], plainSecrets: [], openPlaces: [] },
  },
  memory: { of: 'machine', usedBytes: 2 * 2 ** 30, limitBytes: 8 * 2 ** 30, mayUseBytes: 8 * 2 ** 30 },
};

type PartName = 'process' | 'state' | 'configuration' | 'gateway' | 'network' | 'surroundings' | 'disk' | 'memory';
type Part = { readonly [Name in PartName]?: Partial<Facts[Name]> } & {
  readonly security?: Partial<NonNullable<Facts['security']>>;
  readonly certificate?: Facts['certificate'];
};

/** The sound facts with some that differ; parts are merged one level deep. */
export function factsWith(part: Part): Facts {
  const names = ['process', 'state', 'configuration', 'gateway', 'network', 'surroundings', 'disk', 'memory', 'security'] as const;
  const merged = names.map((name) => [name, { ...soundFacts[name], ...part[name] }] as const);
  return { ...soundFacts, ...Object.fromEntries(merged), ...(part.certificate ? { certificate: part.certificate } : {}) };
}

/** Nothing runs and nothing answers. */
export const stoppedFacts: Facts = {
  ...factsWith({
    process: { owner: undefined },
    gateway: {
      probes: Object.fromEntries(Object.keys(probes).map((path) => [path, refusedConnection])),
      health: refusedConnection,
      authorized: refusedConnection,
    },
  }),
  listening: [],
};

/** The findings of one check. */
export function findingsOf(facts: Facts, name: string): readonly Finding[] {
  return diagnose(facts).checks.find((check) => check.name === name)?.findings ?? [];
}

/** What is not well, as `check severity`, over all checks. */
export function troublesIn(facts: Facts): readonly `${string} ${Severity}`[] {
  return diagnose(facts).checks.flatMap(({ name, findings }) =>
    findings.flatMap(({ severity }): `${string} ${Severity}`[] => (severity === 'ok' ? [] : [`${name} ${severity}`])),
  );
}
