import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse, parseAllDocuments } from 'yaml';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { graceSeconds, type Deployment } from './contract.ts';
import { isPlainValue } from './env-file.ts';
import { deployTargets, findTarget } from './targets/index.ts';

const secret = 'a-secret-that-only-the-env-file-may-hold';

const deployment: Deployment = {
  version: '1.2.3',
  image: 'registry.example/openclaw@sha256:5ec7e7',
  port: 18_789,
  isOpen: false,
  memoryMib: 1536,
  drainTimeoutMs: 45_000,
  stateDirectory: '/home/anna/.openclaw',
  credential: 'OPENCLAW_GATEWAY_TOKEN',
  secrets: { OPENCLAW_GATEWAY_TOKEN: secret, OPENAI_API_KEY: `${secret}-2` },
};

function fileOf(name: string, path: string, changes: Partial<Deployment> = {}): string {
  const file = findTarget(name)
    ?.files({ ...deployment, ...changes })
    .find((each) => each.path === path);
  assert.ok(file, `${name} writes ${path}`);
  return file.text;
}

function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (found, name) => (isJsonObject(found) || Array.isArray(found) ? (found as JsonObject)[name] : undefined),
    value,
  );
}

for (const target of deployTargets) {
  test(`${target.name}: secrets stand in .env alone, which is private, and everything else follows the configuration`, () => {
    const files = target.files({ ...deployment, port: 19_999 });
    const env = files.find(({ path }) => path === '.env');
    assert.ok(env?.isSecret);
    assert.equal(env.text, `OPENCLAW_GATEWAY_TOKEN=${secret}\nOPENAI_API_KEY=${secret}-2\n`);
    const others = files.filter((file) => file !== env);
    const text = others.map((file) => file.text).join('\n');
    assert.ok(others.length > 0 && !text.includes(secret));
    assert.match(text, target.name === 'helm' ? /port: 19999/ : /19999/);
    assert.match(text, /1536|2048/);
    assert.ok(!target.next(deployment).join('\n').includes(secret));
    // systemd runs what is installed, and the chart has the digest apart.
    if (!['systemd', 'vm', 'helm'].includes(target.name)) assert.ok(text.includes(deployment.image));
  });

  test(`${target.name}: its page says the mount path, the trap and the check`, async () => {
    const { readFile } = await import('node:fs/promises');
    const page = await readFile(new URL(`../../../../../docs/deploy/${target.page}`, import.meta.url), 'utf8');
    assert.match(page, /openclaw deploy/);
    assert.match(page, /openclaw deploy check/);
    assert.match(page, /trap/i);
    assert.match(page, /\.openclaw|appdata/);
  });
}

test('each name of a target is one target’s alone', () => {
  const names = deployTargets.flatMap(({ name, aliases }) => [name, ...aliases]);
  assert.equal(new Set(names).size, names.length);
  assert.equal(findTarget('gke'), findTarget('kubernetes'));
  assert.equal(findTarget('heroku'), undefined);
});

test('every platform waits for longer than the gateway drains', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 600_000 }), (drainTimeoutMs) => {
      const changes = { drainTimeoutMs };
      const grace = graceSeconds(changes) * 1000;
      assert.ok(grace >= drainTimeoutMs + 10_000);
      const service = at(parse(fileOf('docker', 'docker-compose.yml', changes)), 'services', 'openclaw-gateway');
      assert.equal(at(service, 'stop_grace_period'), `${grace / 1000}s`);
      assert.equal(at(service, 'environment', 'OPENCLAW_DRAIN_TIMEOUT_MS'), String(drainTimeoutMs));
      const unit = fileOf('systemd', 'openclaw-gateway.service', changes);
      assert.ok(Number(/TimeoutStopSec=(\d+)/.exec(unit)?.[1]) * 1000 > drainTimeoutMs);
      const [, set] = parseAllDocuments(fileOf('kubernetes', 'openclaw.yaml', changes)).map((document) => document.toJS() as unknown);
      assert.equal(at(set, 'spec', 'template', 'spec', 'terminationGracePeriodSeconds'), grace / 1000);
    }),
    { numRuns: 30 },
  );
});

test('Compose: a gateway without rights, with a volume of its own name, reached from this machine unless it was open before', () => {
  const service = (changes = {}): unknown => at(parse(fileOf('docker', 'docker-compose.yml', changes)), 'services', 'openclaw-gateway');
  assert.equal(at(service(), 'read_only'), true);
  assert.deepEqual(at(service(), 'cap_drop'), ['ALL']);
  assert.deepEqual(at(service(), 'security_opt'), ['no-new-privileges:true']);
  assert.equal(at(service(), 'mem_limit'), '1536m');
  assert.deepEqual(at(service(), 'volumes'), ['openclaw-state:/home/node/.openclaw']);
  assert.deepEqual(at(service(), 'ports'), ['127.0.0.1:18789:18789']);
  assert.deepEqual(at(service({ isOpen: true }), 'ports'), ['18789:18789']);
  assert.match(String(at(service(), 'environment', 'OPENCLAW_GATEWAY_TOKEN')), /^\$\{OPENCLAW_GATEWAY_TOKEN:\?/);
  assert.equal(at(parse(fileOf('docker', 'docker-compose.yml')), 'volumes', 'openclaw-state', 'name'), 'openclaw-state');
});

test('Kubernetes: five minutes to start, one replica, nothing that is root', () => {
  const [service, set] = parseAllDocuments(fileOf('kubernetes', 'openclaw.yaml')).map((document) => document.toJS() as unknown);
  assert.equal(at(service, 'kind'), 'Service');
  assert.equal(at(set, 'spec', 'replicas'), 1);
  const pod = at(set, 'spec', 'template', 'spec');
  const container = at(pod, 'containers', 0);
  assert.deepEqual(at(container, 'startupProbe'), { tcpSocket: { port: 'http' }, periodSeconds: 5, failureThreshold: 60 });
  assert.equal(at(container, 'livenessProbe', 'httpGet', 'path'), '/healthz');
  assert.equal(at(container, 'readinessProbe', 'httpGet', 'path'), '/readyz');
  assert.equal(at(pod, 'securityContext', 'runAsNonRoot'), true);
  assert.equal(at(container, 'securityContext', 'readOnlyRootFilesystem'), true);
  assert.equal(at(container, 'resources', 'limits', 'memory'), '1536Mi');
});

test('ECS: what is ended comes first, and Fargate knows the size', () => {
  const service = JSON.parse(fileOf('ecs', 'service.json')) as JsonObject;
  assert.deepEqual(
    [at(service, 'deploymentConfiguration', 'minimumHealthyPercent'), at(service, 'deploymentConfiguration', 'maximumPercent')],
    [0, 100],
  );
  const task = JSON.parse(fileOf('ecs', 'task-definition.json')) as JsonObject;
  assert.equal(at(task, 'memory'), '2048');
  assert.deepEqual(at(task, 'containerDefinitions', 0, 'secrets', 0), {
    name: 'OPENCLAW_GATEWAY_TOKEN',
    valueFrom: 'arn:aws:secretsmanager:REGION:ACCOUNT:secret:openclaw/OPENCLAW_GATEWAY_TOKEN',
  });
});

test('a machine: nothing starts without the disk of the state, and a home is no place for the machine’s service', () => {
  const unit = fileOf('ec2', 'openclaw-gateway.service');
  assert.match(unit, /^AssertPathIsMountPoint=\/data\/openclaw$/m);
  assert.match(unit, /OPENCLAW_STATE_DIR=\/data\/openclaw\/\.openclaw\b/);
  assert.match(fileOf('systemd', 'openclaw-gateway.service'), /OPENCLAW_STATE_DIR=\/var\/lib\/openclaw\b/);
  assert.match(fileOf('systemd', 'openclaw-gateway.service', { stateDirectory: '/srv/claw' }), /ReadWritePaths=\/srv\/claw$/m);
});

const analyze = spawnSync('systemd-analyze', ['--version']).status === 0;

test('systemd finds nothing wrong with the unit, and little that it could do', { skip: !analyze && 'there is no systemd-analyze' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'openclaw-unit-'));
  try {
    const file = join(folder, 'openclaw-gateway.service');
    writeFileSync(file, fileOf('systemd', 'openclaw-gateway.service').replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'));
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' });
    assert.doesNotMatch(verified.stderr, /openclaw-gateway\.service:\d+: |Unknown/);
    const judged = spawnSync('systemd-analyze', ['security', '--offline=yes', '--no-pager', file], { encoding: 'utf8' });
    if (judged.status !== 0) return;
    const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(judged.stdout)?.[1]);
    assert.ok(exposure < 5, judged.stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test(
  'Unraid: the template is one document, runs as the owner of shares, and asks for the token',
  { skip: !existsSync('/usr/bin/python3') },
  () => {
    const text = fileOf('unraid', 'my-openclaw.xml', { image: 'a&b<"c"' });
    const parsed = spawnSync(
      'python3',
      ['-c', 'import sys,xml.dom.minidom as m; d=m.parse(sys.stdin); print(d.getElementsByTagName("Repository")[0].firstChild.data)'],
      {
        input: text,
        encoding: 'utf8',
      },
    );
    assert.equal(parsed.stdout, 'a&b<"c"\n', parsed.stderr);
    assert.match(text, /--user 99:100/);
    assert.match(text, /Target="OPENCLAW_GATEWAY_TOKEN"[^>]*Mask="true" \/>/);
  },
);

test('a value is written into .env only if shells, systemd and Docker read it as it is', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (value) => {
      if (!isPlainValue(value)) return;
      const shell = spawnSync('sh', ['-c', `X=${value}; printf %s "$X"`], { encoding: 'utf8' });
      assert.equal(shell.stdout, value);
    }),
    { numRuns: 200 },
  );
  for (const value of ['a b', 'a#b', '$HOME', 'a"b', "a'b", 'a\\b', 'a\nb', '']) assert.equal(isPlainValue(value), false, value);
});
