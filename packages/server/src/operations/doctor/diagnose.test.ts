import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { diagnose, doctorChecks } from './diagnose.ts';
import { securityChecks } from './diagnose-security.ts';
import { doctorFixes } from './fixes/index.ts';
import type { Facts } from './facts.ts';
import { answered, factsWith, findingsOf, healthWith, refusedConnection, soundFacts, stoppedFacts, troublesIn } from './facts.fixture.ts';

const gibibyte = 2 ** 30;
const settings = soundFacts.configuration.settings!;
const withSettings = (change: Partial<typeof settings>): Facts => factsWith({ configuration: { settings: { ...settings, ...change } } });
const withHealth = (name: string, state: string, detail: string): Facts =>
  factsWith({ gateway: { health: healthWith({ [name]: { state, detail } }) } });
const withState = (status: string, body: Record<string, unknown> = {}): Facts =>
  factsWith({ gateway: { probes: { ...soundFacts.gateway.probes, '/readyz': answered(503, { status, ready: false, ...body }) } } });
const error = (code: string, message: string, hint: string) => ({
  error: { message: `${message} ${hint}`, code, openclaw: { code, hint } },
});

/** The first finding of a check, which must not be well. */
function trouble(facts: Facts, name: string) {
  const found = findingsOf(facts, name).find(({ severity }) => severity !== 'ok');
  assert.ok(found, `${name} found nothing`);
  assert.ok(found.why && found.remedy, 'whoever says that something is wrong says why it matters and what mends it');
  return found;
}

describe('the report', () => {
  test('a sound gateway is well in every check, which stand from the bottom up', () => {
    const report = diagnose(soundFacts);
    assert.equal(report.status, 'ok');
    assert.deepEqual(
      report.checks.map(({ name }) => name),
      [
        ...['process', 'port', 'bind', 'configuration', 'probes', 'auth', 'state', 'disk', 'clock', 'memory'],
        ...['providers', 'dns', 'certificates', 'proxy', 'workloads', 'backup', 'surroundings', 'versions'],
      ],
    );
    assert.deepEqual(troublesIn(soundFacts), []);
    assert.ok(report.checks.every(({ findings }) => findings.length > 0));
    assert.deepEqual(JSON.parse(JSON.stringify(report)), report, 'it is plain data');
  });

  test('its status is that of the worst finding', () => {
    assert.equal(diagnose(withHealth('providers', 'degraded', 'openai: refused')).status, 'warn');
    assert.equal(diagnose(stoppedFacts).status, 'bad');
  });

  test('docs/doctor.md names the checks, those of security and the fixes, in their order', async () => {
    const page = await readFile(new URL('../../../../../docs/doctor.md', import.meta.url), 'utf8');
    const namesUnder = (heading: string): (string | undefined)[] => {
      const [part = ''] = page.slice(page.indexOf(`${heading}\n`) + heading.length).split(/^## /m);
      return Array.from(part.matchAll(/^\| `([\w-]+)` \|/gm), ([, name]) => name);
    };
    const names = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name);
    assert.deepEqual(namesUnder('# openclaw doctor'), names(doctorChecks));
    assert.deepEqual(namesUnder('## openclaw doctor security'), names(securityChecks));
    assert.deepEqual(namesUnder('## openclaw doctor --fix'), names(doctorFixes));
  });

  test('each check has a name and a title of its own', () => {
    assert.equal(new Set(doctorChecks.map(({ name }) => name)).size, doctorChecks.length);
    assert.equal(new Set(doctorChecks.map(({ title }) => title)).size, doctorChecks.length);
  });

  test('it opens with the five facts', () => {
    const facts = diagnose(soundFacts).facts.map(({ title, value }) => `${title}: ${value}`);
    assert.deepEqual(facts, [
      'state directory: /home/claw/.openclaw (default, state 0a1b2c3d since 2026-06-01)',
      'does it survive: yes, with the disk of this machine (ext4 on /dev/sda1); not a reset of its image',
      'token from: environment variable OPENCLAW_GATEWAY_TOKEN',
      'listens on: 127.0.0.1:18789 (loopback, default): this machine (in a container: the container) alone; probes from outside are refused',
      'healthy means: GET http://127.0.0.1:18789/readyz is 200, now 200 (ok); start-up probe /startupz, liveness /healthz',
    ]);
  });

  test('the five facts say what is not known, and what there is instead of a token', () => {
    const values = (facts: Facts) => Object.fromEntries(diagnose(facts).facts.map(({ name, value }) => [name, value]));
    const broken = values(factsWith({ configuration: { settings: undefined } }));
    assert.match(broken['token'] ?? '', /configuration does not load/);
    assert.match(broken['bind'] ?? '', /configuration does not load/);
    assert.match(values(stoppedFacts)['healthy'] ?? '', /now nothing answers/);
    assert.match(values(withSettings({ secretFrom: undefined }))['token'] ?? '', /first start will make one/);
    assert.match(values(withSettings({ authMode: 'none' }))['token'] ?? '', /everybody on this machine/);
    assert.match(values(withSettings({ authMode: 'trusted-proxy' }))['token'] ?? '', /proxy in front/);
    assert.match(values(factsWith({ state: { exists: false, identity: undefined } }))['stateDirectory'] ?? '', /not made yet/);
    assert.match(
      values(withSettings({ bind: 'lan', host: '0.0.0.0' }))['bind'] ?? '',
      /0\.0\.0\.0:18789 \(lan, default\): reachable from outside/,
    );
  });
});

describe('process and port', () => {
  test('nothing runs: said once for the process and once for the probes, and the free port is well', () => {
    assert.deepEqual(troublesIn(stoppedFacts), ['process bad', 'probes bad']);
    assert.match(trouble(stoppedFacts, 'process').remedy ?? '', /openclaw gateway run/);
  });

  test('starts that were refused are told with their codes', () => {
    const facts: Facts = { ...stoppedFacts, process: { ...stoppedFacts.process, refusals: ['bind_without_auth', 'bind_without_auth'] } };
    assert.match(trouble(facts, 'process').why ?? '', /refused at its last 2 starts: bind_without_auth, bind_without_auth/);
  });

  test('a gateway that is held tells its own reason and remedy', () => {
    const held = withState('held', { code: 'port_in_use', reason: 'Port 18789 is in use.', hint: 'Stop the other program.' });
    const { severity, message, remedy, evidence } = trouble(held, 'process');
    assert.deepEqual([severity, message, evidence['code']], ['bad', 'The gateway is held: Port 18789 is in use.', 'port_in_use']);
    assert.equal(remedy, 'Stop the other program. Then restart it.');
  });

  test('a start under way is no fault', () => {
    assert.equal(trouble(withState('starting'), 'process').severity, 'warn');
  });

  test('somebody else on the port, and a gateway that does not listen', () => {
    const taken: Facts = { ...stoppedFacts, listening: ['0.0.0.0'] };
    assert.match(trouble(taken, 'port').message, /in use by something that is not a gateway/);
    assert.match(trouble(taken, 'port').remedy ?? '', /ss -ltnp \| grep 18789/);
    const silent: Facts = { ...stoppedFacts, process: soundFacts.process };
    assert.match(trouble(silent, 'port').message, /Nothing listens on port 18789/);
    assert.equal(trouble({ ...silent, listening: ['127.0.0.1'] }, 'port').severity, 'warn');
  });
});

describe('bind', () => {
  test('loopback in a container cannot be reached from outside; on a machine it is right', () => {
    const { severity, remedy } = trouble(factsWith({ process: { container: 'kubernetes' }, state: { mount: volume } }), 'bind');
    assert.equal(severity, 'warn');
    assert.match(remedy ?? '', /OPENCLAW_GATEWAY_BIND=lan/);
    assert.deepEqual(troublesIn(soundFacts), []);
    const byFlag: Facts = { ...factsWith({ process: { container: 'docker' }, state: { mount: volume } }), listening: ['0.0.0.0'] };
    assert.deepEqual(troublesIn(byFlag), [], 'what listens counts, and not what the file says');
  });

  test('a bind that does not hold yet', () => {
    const facts = withSettings({ bind: 'lan', host: '0.0.0.0' });
    assert.match(trouble(facts, 'bind').remedy ?? '', /Restart/);
    assert.deepEqual(troublesIn({ ...facts, listening: ['0.0.0.0'] }), []);
  });
});

describe('configuration', () => {
  const problem = { code: 'config_invalid', message: 'openclaw.json:3:5: gateway.port must be a number.', hint: 'Write 18789.' };
  const broken = { configuration: { problems: [problem, { ...problem, message: 'Another.' }], settings: undefined } };

  test('each mistake of the file is told in the words of its error', () => {
    const found = findingsOf(factsWith(broken), 'configuration');
    assert.deepEqual(
      found.map(({ message, remedy }) => [message, remedy]),
      [
        [problem.message, 'Write 18789.'],
        ['Another.', 'Write 18789.'],
      ],
    );
  });

  test('it says what the mistake means for the gateway that runs', () => {
    const rescue: Facts = { ...withState('rescue'), configuration: factsWith(broken).configuration };
    assert.match(trouble(rescue, 'configuration').why ?? '', /rescue mode/);
    const earlier: Facts = { ...factsWith(broken), gateway: withHealth('configuration', 'degraded', 'refused').gateway };
    assert.match(trouble(earlier, 'configuration').why ?? '', /earlier version/);
    assert.match(trouble({ ...stoppedFacts, configuration: rescue.configuration }, 'configuration').why ?? '', /last good version/);
    const unsafe = factsWith({ configuration: { problems: [{ ...problem, code: 'bind_without_auth' }], settings: undefined } });
    assert.match(trouble(unsafe, 'configuration').why ?? '', /refused, with exit code 78/);
  });

  test('a file that loads, while the gateway goes by an earlier one', () => {
    const facts = withHealth('configuration', 'degraded', 'an earlier version holds since the start');
    assert.match(trouble(facts, 'configuration').message, /earlier version holds since the start/);
  });
});

describe('probes', () => {
  test('an unready gateway is broken, with the code of each endpoint and what failed in it', () => {
    const full = withState('failed');
    const facts: Facts = {
      ...full,
      gateway: { ...full.gateway, health: healthWith({ disk: { state: 'failed', detail: 'the disk is full' } }) },
    };
    const [unready, disk] = findingsOf(facts, 'probes');
    assert.match(unready?.message ?? '', /not ready: failed/);
    assert.deepEqual(unready?.evidence, { '/healthz': 200, '/startupz': 200, '/readyz': 503, '/health': 200 });
    assert.deepEqual([disk?.severity, disk?.message], ['bad', 'disk: the disk is full']);
  });

  test('something else that answers at the address is no gateway', () => {
    const page = factsWith({ gateway: { probes: { ...soundFacts.gateway.probes, '/readyz': answered(200, {}) } } });
    assert.match(trouble(page, 'probes').message, /Nothing that is a gateway answers/);
  });
});

describe('auth', () => {
  test('a refusal is told in the words that its clients see', () => {
    const words = error(
      'invalid_credentials',
      'The credential in Authorization, sent from 127.0.0.1, is not one that this gateway knows.',
      'Use the gateway token.',
    );
    const facts = factsWith({ gateway: { authorized: answered(401, words) } });
    const { message, remedy, evidence } = trouble(facts, 'auth');
    assert.equal(message, 'The credential in Authorization, sent from 127.0.0.1, is not one that this gateway knows.');
    assert.equal(remedy, 'Use the gateway token.');
    assert.deepEqual(evidence, { mode: 'token', from: 'environment variable OPENCLAW_GATEWAY_TOKEN', status: 401 });
  });

  test('what is not about the credential is not blamed on it', () => {
    assert.equal(
      trouble(factsWith({ gateway: { authorized: answered(503, error('draining', 'Shutting down.', '')) } }), 'auth').severity,
      'warn',
    );
    assert.equal(trouble(factsWith({ gateway: { authorized: refusedConnection } }), 'auth').severity, 'warn');
    assert.deepEqual(troublesIn(withSettings({ authMode: 'none', secretFrom: undefined })), []);
  });
});

const volume = {
  point: '/home/node/.openclaw',
  root: '/var/lib/docker/volumes/openclaw-state/_data',
  type: 'ext4',
  source: '/dev/sda1',
  options: 'rw',
};

describe('whether the state survives', () => {
  const at = (container: Facts['process']['container'], mount: Partial<typeof volume>, path = '/home/node/.openclaw') => {
    const facts = factsWith({ process: { container }, state: { path, mount: { ...volume, ...mount } } });
    const { severity, value } = diagnose(facts).facts[1]!;
    const inCheck = findingsOf(facts, 'state').find(({ message }) => message.startsWith('Does the state directory survive?'));
    assert.equal(inCheck?.severity ?? 'ok', severity, 'the check judges as the fact does');
    return `${severity}: ${value}`;
  };

  test('by the mount that it lies on', () => {
    assert.match(at('docker', {}), /^ok: yes: the volume openclaw-state outlives the container/);
    assert.match(at('docker', { root: '/srv/claw' }), /^ok: yes: a mount of its own \(ext4 on \/dev\/sda1\)/);
    assert.match(
      at('docker', { root: `/var/lib/docker/volumes/${'a1'.repeat(32)}/_data` }),
      /^warn: perhaps: it is a volume without a name/,
    );
    assert.match(at('docker', { point: '/', root: '/', type: 'overlay' }), /^bad: no: it lies in the container's own layer \(overlay\)/);
    assert.match(at('container', { point: '/', root: '/', type: 'xfs' }), /^warn: perhaps: it lies on the root of the container/);
    assert.match(at('docker', { type: 'tmpfs' }), /^bad: no: it lies in memory/);
    assert.match(
      at('kubernetes', { root: '/var/lib/kubelet/pods/1/volumes/kubernetes.io~empty-dir/state' }),
      /^bad: no: it is an emptyDir/,
    );
    assert.match(at('kubernetes', { root: '/', source: '/dev/nvme1n1' }), /^ok: yes: a mount of its own \(ext4 on \/dev\/nvme1n1\)/);
    assert.match(at(undefined, { point: '/', root: '/' }), /^ok: yes, with the disk of this machine/);
    assert.match(at(undefined, { point: '/', root: '/' }, '/tmp/claw'), /^warn: perhaps: directories for temporary files/);
    assert.match(at(undefined, { type: 'tmpfs', point: '/tmp' }, '/tmp/claw'), /^bad: no: it lies in memory/);
  });
});

describe('the state directory', () => {
  const at = (state: Partial<Facts['state']>) => factsWith({ state });

  test('a directory of another user says which chown to run', () => {
    const { severity, remedy } = trouble(at({ unwritable: 'EACCES: permission denied, access', ownerUid: 0 }), 'state');
    assert.equal(severity, 'bad');
    assert.match(remedy ?? '', /^sudo chown -R 1000:1000 \/home\/claw\/\.openclaw /);
    assert.match(trouble(at({ unwritable: 'EROFS: read-only file system' }), 'state').remedy ?? '', /^Mount the volume writable/);
    assert.equal(trouble(at({ ownerUid: 0 }), 'state').severity, 'warn');
  });

  test('one that others may look into is worth a look', () => {
    assert.equal(trouble(at({ mode: 0o755 }), 'state').remedy, 'chmod 700 /home/claw/.openclaw');
    assert.deepEqual(troublesIn(at({ mode: 0o770 })), [], 'a group is an operator’s own choice');
  });

  test('room and inodes, by the bounds that the health of the gateway has', () => {
    assert.deepEqual(troublesIn(at({ freeBytes: 200 * 2 ** 20 })), ['state warn']);
    assert.deepEqual(troublesIn(at({ freeBytes: 2 ** 20 })), ['state bad']);
    assert.deepEqual(troublesIn(at({ freeInodes: 900 })), ['state warn']);
    assert.deepEqual(troublesIn(at({ freeInodes: 3, freeBytes: 2 ** 20 })), ['state bad', 'state bad']);
    assert.deepEqual(troublesIn(at({ freeInodes: undefined, freeBytes: undefined })), []);
  });

  test('a file system that cannot hold it is told in the words of the refusal', () => {
    const filesystemProblem = { code: 'state_filesystem', message: 'It lies on NFS without locks.', hint: 'Mount it with locks.' };
    const { message, remedy, evidence } = trouble(at({ filesystemProblem }), 'state');
    assert.deepEqual([message, remedy, evidence['mode']], [filesystemProblem.message, filesystemProblem.hint, '0700']);
  });

  test('one that is not made yet is no fault', () => {
    const facts = at({ exists: false, ownerUid: undefined, mode: undefined, identity: undefined });
    assert.match(findingsOf(facts, 'state')[0]?.message ?? '', /will be made at the first start/);
  });
});

describe('clock, memory and providers', () => {
  test('a clock before this program, or before its own state, is broken; a jump that the gateway saw is told', () => {
    assert.match(trouble({ ...soundFacts, atMs: 0 }, 'clock').message, /1970-01-01.* before this program was made/);
    const past: Facts = { ...soundFacts, atMs: Date.parse('2026-03-01T00:00:00Z') };
    assert.match(trouble(past, 'clock').message, /put back/);
    assert.equal(trouble(withHealth('clock', 'degraded', 'the wall clock jumped by +3600 s'), 'clock').severity, 'warn');
  });

  test('memory: too little is broken, little or nearly used is a warning', () => {
    const at = (mayUse: number, used: number): Facts =>
      factsWith({ memory: { of: 'container', usedBytes: used * gibibyte, limitBytes: mayUse * gibibyte, mayUseBytes: mayUse * gibibyte } });
    const small = trouble(at(0.1, 0.05), 'memory');
    assert.equal(small.severity, 'bad');
    assert.match(small.message, /102 MiB of memory\. OpenClaw needs at least 128 MiB/);
    assert.equal(trouble(at(0.2, 0.05), 'memory').severity, 'warn');
    assert.match(trouble(at(1, 0.9), 'memory').message, /90 % of the memory are used/);
    assert.match(trouble(withHealth('memory', 'degraded', '97 %: new long work is refused'), 'memory').message, /new long work is refused/);
    assert.deepEqual(troublesIn(at(1, 0.5)), []);
  });

  test('providers are never more than a warning', () => {
    assert.match(trouble(withHealth('providers', 'degraded', 'openai (key 1): refused'), 'providers').remedy ?? '', /models status/);
    const none: Facts = { ...stoppedFacts, configuration: withSettings({ providers: [] }).configuration };
    assert.match(trouble(none, 'providers').remedy ?? '', /OPENAI_API_KEY/);
    assert.equal(trouble(none, 'providers').severity, 'warn');
  });

  test('workloads that wait are a warning that says where to look', () => {
    const { severity, remedy = '' } = trouble(withHealth('workloads', 'degraded', 'default/shop: 1 of 2 instances wait'), 'workloads');
    assert.equal(severity, 'warn');
    assert.match(remedy, /clw logs workload NAME --previous/);
  });
});
