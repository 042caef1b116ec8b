/** HTTPS as programs that are not ours see it: openssl, curl, kubectl where it is; and the fingerprint that people compare. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect as connectTls } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/core/clock.ts';
import { fingerprintOf, readTls } from '../../src/gateway/index.ts';
import { startTestGateway, testToken } from '../harness/gateway.ts';
import { startProgram } from '../harness/program.ts';

const launcher = fileURLToPath(new URL('../../bin/openclaw.js', import.meta.url));
const settings = { gateway: { tls: { enabled: true } } };

interface Ran {
  readonly code: number;
  readonly out: string;
}

/** What it says on both, whether or not it succeeds; code 127 where there is no such program. */
function run(program: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { env: { PATH: process.env['PATH'] ?? '', ...env } }, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : error.code === 'ENOENT' ? 127 : 1) : 0;
      resolve({ code, out: stdout + stderr });
    });
    child.stdin?.end();
  });
}

function shownBy(url: string): Promise<string> {
  const { port, hostname } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port: Number(port), host: hostname, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('TLS 1.2 and 1.3 are spoken, nothing older, and no cipher that is broken', async (t) => {
  if ((await run('openssl', ['version'])).code !== 0) {
    t.skip('there is no openssl here');
    return;
  }
  await using gateway = await startTestGateway({ settings });
  const { host } = new URL(gateway.url);
  const spoken = async (...flags: readonly string[]): Promise<boolean> => {
    const { out } = await run('openssl', ['s_client', '-connect', host, ...flags]);
    return /Cipher is (?!\(NONE\))/.test(out);
  };
  assert.equal(await spoken('-tls1_3'), true);
  assert.equal(await spoken('-tls1_2'), true);
  assert.equal(await spoken('-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'), false);
  assert.equal(await spoken('-tls1', '-cipher', 'ALL:@SECLEVEL=0'), false);
  for (const cipher of ['NULL', 'RC4', '3DES', 'EXPORT', 'aNULL']) {
    assert.equal(await spoken('-tls1_2', '-cipher', `${cipher}:@SECLEVEL=0`), false, cipher);
  }
});

test('curl that is told of the certificate is answered, without that it refuses, and over http it is told so', async (t) => {
  if ((await run('curl', ['--version'])).code !== 0) {
    t.skip('there is no curl here');
    return;
  }
  await using gateway = await startTestGateway({ settings });
  const certificate = join(gateway.stateDirectory, 'credentials', 'gateway-tls.crt');
  const url = `${gateway.url}/v1/models`;
  const header = `Authorization: Bearer ${testToken}`;
  const told = await run('curl', ['-s', '--cacert', certificate, '-H', header, url]);
  assert.equal(told.code, 0, told.out);
  assert.match(told.out, /"openclaw\/rehearsal"/);
  assert.equal((await run('curl', ['-s', '-H', header, url])).code, 60);
  const plain = await run('curl', ['-s', '-w', '%{http_code}', '-H', header, url.replace('https', 'http')]);
  assert.match(plain.out, /write https:\/\/.*400$/s);
});

test('the fingerprint at the start, in the status, and of what is served are one', async () => {
  const home = await mkdtemp(join(tmpdir(), 'openclaw-tls-'));
  await mkdir(join(home, '.openclaw'));
  await writeFile(join(home, '.openclaw', 'openclaw.json'), '{ gateway: { tls: { enabled: true } } }');
  {
    await using program = await startProgram({ home });
    const { url } = await program.ready();
    const shown = await shownBy(url);
    assert.match(shown, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    assert.ok(program.stdout().includes(`SHA-256  ${shown}`), program.stdout());
    assert.ok(program.stdout().includes('--cacert'));
    const env = { HOME: home, XDG_CACHE_HOME: join(tmpdir(), 'openclaw-test-cache') };
    const status = await run(process.execPath, [launcher, 'status'], env);
    assert.ok(status.out.includes(`SHA-256 ${shown}`), status.out);
    const keys = await run(process.execPath, [launcher, 'keys', 'list', '-o', 'json'], env);
    assert.equal(keys.code, 0, keys.out);
    const trial = await run(process.execPath, [launcher, 'models', 'test', 'openclaw/rehearsal'], env);
    assert.equal(trial.code, 0, trial.out);
    const kubeconfig = join(home, 'kubeconfig');
    assert.equal((await run(process.execPath, [launcher, 'kubeconfig', '--write', kubeconfig], env)).code, 0);
    const kubectl = await run('kubectl', ['--kubeconfig', kubeconfig, 'get', '--raw', '/admin/v1/keys'], { HOME: home });
    if (kubectl.code !== 127) assert.match(kubectl.out, /"keys"/);
  }
  await rm(home, { recursive: true });
});

test('a certificate that is replaced is served, one that does not fit its key is not, and connections go on', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'openclaw-rotate-'));
  const make = async (name: string) => {
    const material = await readTls({ enabled: true }, { directory: join(directory, name), clock: systemClock, names: ['127.0.0.1'] });
    assert.ok(material);
    return material;
  };
  const [first, second] = [await make('first'), await make('second')];
  const [certFile, keyFile] = [join(directory, 'served.crt'), join(directory, 'served.key')];
  await writeFile(certFile, first.certificate);
  await writeFile(keyFile, first.key, { mode: 0o600 });
  const text = { gateway: { tls: { enabled: true, certFile, keyFile } } };
  await using gateway = await startTestGateway({ settings: text });
  assert.equal(await shownBy(gateway.url), fingerprintOf(first));
  const look = async (drainTimeoutMs: number): Promise<void> => {
    await writeFile(
      join(gateway.stateDirectory, 'openclaw.json'),
      JSON.stringify({ ...text, gateway: { ...text.gateway, drainTimeoutMs } }),
    );
    await gateway.keeper.look();
  };
  await writeFile(certFile, second.certificate);
  await look(8001);
  assert.equal(await shownBy(gateway.url), fingerprintOf(first), 'half of a rotation');
  await writeFile(keyFile, second.key, { mode: 0o600 });
  await look(8002);
  assert.equal(await shownBy(gateway.url), fingerprintOf(second));
  assert.ok(gateway.logLines.some(({ fingerprint }) => fingerprint === fingerprintOf(second)));
  assert.ok(!JSON.stringify(gateway.logLines).includes((await readFile(keyFile, 'utf8')).split('\n')[1] ?? '-'));
  await rm(directory, { recursive: true });
});
