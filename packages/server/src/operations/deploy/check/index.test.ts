import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { factsWith, soundFacts, stoppedFacts } from '../../doctor/facts.fixture.ts';
import { diagnose } from '../../doctor/index.ts';
import type { Inspection, Outcome, OutsideFacts } from './contract.ts';
import { checkDeployment, deployChecks, readContainer, type ContainerFacts } from './index.ts';

/** As `docker inspect` shows one that `openclaw deploy docker` made; cut to what is read. */
const inspected = {
  Name: '/openclaw-gateway',
  RestartCount: 0,
  State: { Status: 'running', ExitCode: 0, OOMKilled: false, StartedAt: '2026-11-21T11:00:00.000Z', Health: { Status: 'healthy' } },
  Config: {
    Image: 'openclaw:1.2.3',
    User: '1000:1000',
    StopTimeout: 60,
    Env: ['HOME=/home/node', 'OPENCLAW_GATEWAY_TOKEN=secret=with=signs', 'OPENCLAW_GATEWAY_PORT=18789', 'OPENCLAW_DRAIN_TIMEOUT_MS=45000'],
    Healthcheck: { StartPeriod: 300_000_000_000 },
  },
  HostConfig: {
    RestartPolicy: { Name: 'unless-stopped' },
    Privileged: false,
    ReadonlyRootfs: true,
    CapDrop: ['ALL'],
    Memory: 2 ** 30,
    Tmpfs: { '/tmp': '' },
  },
  Mounts: [
    {
      Type: 'volume',
      Name: 'openclaw-state',
      Source: '/var/lib/docker/volumes/openclaw-state/_data',
      Destination: '/home/node/.openclaw',
      RW: true,
    },
  ],
  NetworkSettings: { Ports: { '18789/tcp': [{ HostIp: '0.0.0.0', HostPort: '28789' }] } },
};

function sound(): ContainerFacts {
  const read = readContainer(inspected);
  assert.ok(read);
  return read.facts;
}

const outside: OutsideFacts = {
  url: 'http://127.0.0.1:28789',
  probes: Object.fromEntries(['/healthz', '/startupz', '/readyz'].map((path) => [path, { status: 200, words: '200' }])),
  credential: { isTaken: true, from: 'OPENCLAW_GATEWAY_TOKEN', words: 'taken' },
  stateId: '0a1b2c3d-0000-4000-8000-000000000000',
  knownStateId: '0a1b2c3d-0000-4000-8000-000000000000',
};

const insideFacts = factsWith({
  process: { container: 'docker' },
  state: {
    mount: {
      point: '/home/node/.openclaw',
      root: '/docker/volumes/openclaw-state/_data',
      type: 'ext4',
      source: '/dev/sda1',
      options: 'rw',
    },
  },
  configuration: { settings: { ...soundFacts.configuration.settings!, bind: 'lan', host: '0.0.0.0' } },
});

const healthy: Inspection = {
  deployment: 'container openclaw-gateway',
  atMs: Date.parse('2026-11-21T12:00:00.000Z'),
  inside: diagnose({ ...insideFacts, listening: ['0.0.0.0'] }),
  container: sound(),
  outside,
};

function outcomes(inspection: Inspection): Record<string, Outcome> {
  return Object.fromEntries(checkDeployment(inspection).items.map(({ name, outcome }) => [name, outcome]));
}

/** Which items fail, where one thing is wrong. */
function failing(changes: Partial<Inspection>): readonly string[] {
  return Object.entries(outcomes({ ...healthy, ...changes })).flatMap(([name, outcome]) => (outcome === 'fail' ? [name] : []));
}

function inContainer(changes: Partial<ContainerFacts>): readonly string[] {
  return failing({ container: { ...sound(), ...changes } });
}

test('what `openclaw deploy docker` makes passes all of the list', () => {
  const { items, status } = checkDeployment(healthy);
  assert.deepEqual(
    items.filter(({ outcome }) => outcome !== 'pass'),
    [],
  );
  assert.equal(status, 'pass');
});

test('a container is read without the values of its variables, and is asked where it is published', () => {
  const read = readContainer(inspected);
  assert.ok(read);
  assert.ok(!JSON.stringify(read.facts).includes('secret'));
  assert.deepEqual(read.credential, { variable: 'OPENCLAW_GATEWAY_TOKEN', value: 'secret=with=signs' });
  assert.equal(read.url, 'http://127.0.0.1:28789');
  assert.equal(readContainer(undefined), undefined);
});

test('each thing that makes a deployment fragile fails the item that it is about', () => {
  assert.deepEqual(inContainer({ mount: undefined }), ['storage']);
  assert.deepEqual(inContainer({ mount: { type: 'volume', name: 'f'.repeat(64), source: '/v', isWritable: true } }), ['storage']);
  assert.deepEqual(inContainer({ mount: { type: 'tmpfs', name: undefined, source: '', isWritable: true } }), ['storage']);
  assert.deepEqual(inContainer({ mount: { type: 'bind', name: undefined, source: '/data', isWritable: false } }), ['storage']);
  assert.deepEqual(inContainer({ status: 'restarting', restartCount: 9, exitCode: 78 }), ['running']);
  assert.deepEqual(inContainer({ restartCount: 3, startedAt: '2026-11-21T11:59:30.000Z' }), ['running']);
  assert.deepEqual(inContainer({ restartCount: 3 }), []);
  assert.deepEqual(inContainer({ health: 'unhealthy' }), ['probes']);
  assert.deepEqual(inContainer({ restartPolicy: 'no' }), ['comeback']);
  assert.deepEqual(inContainer({ restartPolicy: 'on-failure' }), ['comeback']);
  assert.deepEqual(inContainer({ healthStartSeconds: 0 }), ['comeback']);
  assert.deepEqual(inContainer({ stopSeconds: 10 }), ['ending']);
  assert.deepEqual(inContainer({ memoryLimitBytes: 0 }), ['memory']);
  assert.deepEqual(inContainer({ memoryLimitBytes: 64 * 2 ** 20 }), ['memory']);
  assert.deepEqual(inContainer({ user: '' }), ['privileges']);
  assert.deepEqual(inContainer({ user: '0:0' }), ['privileges']);
  assert.deepEqual(inContainer({ user: '99:100' }), []);
  assert.deepEqual(failing({ outside: { ...outside, knownStateId: 'another' } }), ['identity']);
  assert.deepEqual(failing({ outside: { ...outside, credential: { isTaken: false, from: '--token', words: 'wrong' } } }), ['credential']);
  const unready = { ...outside.probes, '/readyz': { status: 503, words: '503' } };
  assert.deepEqual(failing({ outside: { ...outside, probes: unready } }), ['probes']);
  const refused = Object.fromEntries(Object.keys(outside.probes).map((path) => [path, { status: undefined, words: 'ECONNREFUSED' }]));
  assert.deepEqual(failing({ outside: { ...outside, probes: refused } }), ['listening', 'probes']);
});

test('a credential that only the state directory has is lost with it', () => {
  const where = '/home/node/.openclaw/credentials/gateway-token, made at the first start';
  const settings = { ...insideFacts.configuration.settings!, secretFrom: where };
  const listening = ['0.0.0.0'];
  const inside = diagnose({ ...insideFacts, listening, configuration: { ...insideFacts.configuration, settings } });
  assert.deepEqual(failing({ inside, container: { ...sound(), credentialVariables: [] } }), ['credential-source']);
  for (const secretFrom of [
    'environment variable OPENCLAW_GATEWAY_TOKEN',
    '/run/secrets/OPENCLAW_GATEWAY_TOKEN',
    'OPENCLAW_GATEWAY_TOKEN in /s/.env',
  ]) {
    const fit = diagnose({
      ...insideFacts,
      listening,
      configuration: { ...insideFacts.configuration, settings: { ...settings, secretFrom } },
    });
    assert.deepEqual(failing({ inside: fit, container: { ...sound(), credentialVariables: [] } }), [], secretFrom);
  }
});

test('a tmpfs at the state directory is seen, though Docker does not count it among the mounts', () => {
  const read = readContainer({ ...inspected, Mounts: [], HostConfig: { ...inspected.HostConfig, Tmpfs: { '/home/node/.openclaw': '' } } });
  assert.equal(read?.facts.mount?.type, 'tmpfs');
});

test('from outside alone what cannot be seen is not judged, and what can be is', () => {
  const inside = 'it is seen from inside alone';
  const seen = outcomes({ ...healthy, inside, container: undefined });
  for (const name of ['storage', 'credential-source', 'comeback', 'ending', 'memory', 'privileges'])
    assert.equal(seen[name], 'not-applicable', name);
  for (const name of ['running', 'listening', 'probes', 'credential', 'identity']) assert.equal(seen[name], 'pass', name);
});

test('where the gateway runs the doctor’s report is enough, and a gateway that is not there fails', () => {
  const alone = { container: undefined, outside: undefined };
  assert.deepEqual(failing(alone), []);
  const stopped = failing({ ...alone, inside: diagnose(stoppedFacts) });
  assert.deepEqual(
    ['running', 'probes'].filter((name) => !stopped.includes(name)),
    [],
  );
});

test('whatever fails says what mends it, whatever is seen', () => {
  const answer = fc.record({ status: fc.option(fc.constantFrom(200, 503), { nil: undefined }), words: fc.string() });
  const container = fc.record({
    status: fc.constantFrom('running', 'exited', 'restarting', 'created'),
    restartCount: fc.nat(10),
    health: fc.option(fc.constantFrom('healthy', 'unhealthy', 'starting'), { nil: undefined }),
    restartPolicy: fc.constantFrom('', 'no', 'always', 'on-failure', 'unless-stopped'),
    user: fc.constantFrom('', 'root', '1000', '99:100'),
    memoryLimitBytes: fc.constantFrom(0, 2 ** 26, 2 ** 30),
    mount: fc.constantFrom(undefined, sound().mount),
  });
  fc.assert(
    fc.property(container, fc.record({ '/healthz': answer, '/readyz': answer }), (changes, probes) => {
      const report = checkDeployment({ ...healthy, container: { ...sound(), ...changes }, outside: { ...outside, probes } });
      assert.equal(report.items.length, deployChecks.length);
      for (const { outcome, remedy, evidence } of report.items) {
        assert.notEqual(evidence, '');
        if (outcome === 'fail') assert.ok(remedy);
      }
      assert.equal(
        report.status === 'fail',
        report.items.some(({ outcome }) => outcome === 'fail'),
      );
    }),
    { numRuns: 200 },
  );
});
