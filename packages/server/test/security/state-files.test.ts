/** What lies on the disk after a run full of credentials, right and wrong: who may read it, and that none of them is in it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemClock } from '../../src/core/clock.ts';
import { readTls } from '../../src/gateway/index.ts';
import { startProgram } from '../harness/program.ts';
import { createTestDevice, elsewhere, exchange, filesBelow, findTexts, knock, lines } from './attack.ts';

const run = promisify(execFile);
const launcher = fileURLToPath(new URL('../../bin/openclaw.js', import.meta.url));

const wrong = [
  'wrong-token-of-somebody-0123',
  'sk-wrong-key-0123456789abcdef',
  'ocd_wrong-device-token-0123456789abcdef',
  'ock_wrong-key-0123456789abcdef',
];
const patched = 'sk-key-that-came-by-a-patch-0123456789';

async function homeWith(settings: object, mode = 0o600): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'openclaw-state-'));
  await mkdir(join(home, '.openclaw'));
  await writeFile(join(home, '.openclaw', 'openclaw.json'), JSON.stringify(settings), { mode });
  return home;
}

test('after a run full of credentials, right and wrong, none is in a file, in a line of the log, in a metric or in the audit log', async () => {
  const providerKey = 'sk-key-of-the-provider-0123456789';
  const acme = { baseUrl: 'http://127.0.0.1:9/v1', api: 'openai-completions', apiKey: providerKey, models: [{ id: 'm' }] };
  const home = await homeWith({ logging: { level: 'trace' }, models: { providers: { acme } } });
  const state = join(home, '.openclaw');
  const secrets: string[] = [...wrong, patched, providerKey];
  let heard = '';
  {
    await using program = await startProgram({ home });
    const { url, token } = await program.ready();
    const gateway = { url };
    const ask = (path: string, credential: string, init: RequestInit = {}): Promise<Response> =>
      fetch(url + path, { ...init, headers: { authorization: `Bearer ${credential}` } });
    await using admin = await knock(gateway, { auth: { token }, scopes: ['operator.admin', 'operator.read', 'operator.pairing'] });
    const created = (await (await ask('/admin/v1/keys', token, { method: 'POST', body: '{"name":"ci"}' })).json()) as { key: string };
    const device = createTestDevice();
    await using paired = await knock(gateway, { device, auth: { token }, scopes: ['operator.admin'] });
    const rotated = (await admin.client.call('device.token.rotate', { deviceId: device.id })).payload as { token: string };
    secrets.push(token, created.key, paired.deviceToken, rotated.token);
    for (const credential of [...wrong, created.key, paired.deviceToken, rotated.token, token]) {
      for (const path of ['/v1/models', '/admin/v1/keys', `/v1/models?token=${credential}`])
        heard += await (await ask(path, credential)).text();
      heard += await (
        await fetch(`${url}/v1/chat/completions`, {
          method: 'POST',
          headers: { 'x-api-key': credential },
          body: '{"model":"acme/m","messages":[]}',
        })
      ).text();
      // What stands in a path is told back to whoever sent it, and to nobody else.
      await (await ask(`/nothing/${credential}`, credential)).text();
      await exchange(url, lines(`GET /${credential} HTTP/1.1`, `host: ${credential}`, `cookie: ${credential}`, 'connection: close'));
      for (const auth of [{ token: credential }, { password: credential }, { deviceToken: credential }, { bootstrapToken: credential }]) {
        await using outcome = await knock(gateway, { auth, headers: elsewhere });
        heard += JSON.stringify(outcome.client.frames);
      }
    }
    const { payload } = await admin.client.call('config.get', {});
    const { hash: baseHash } = payload as { hash?: string };
    const patch = { models: { providers: { acme: { apiKey: patched } } } };
    const answer = await admin.client.call('config.patch', { raw: JSON.stringify(patch), ...(baseHash === undefined ? {} : { baseHash }) });
    heard += JSON.stringify([
      answer,
      await admin.client.call('config.get', {}),
      await admin.client.call('logs.tail', {}),
      await admin.client.call('audit.list', {}),
    ]);
    heard += JSON.stringify(admin.client.frames.filter(({ type }) => type === 'event'));
    for (const path of ['/metrics', '/admin/v1/audit', '/admin/v1/keys', '/admin/v1/requests', '/admin/v1/callers', '/health'])
      heard += await (await ask(path, token)).text();
    assert.match(await readFile(join(state, 'openclaw.json'), 'utf8'), new RegExp(patched), 'the patch was taken');
    program.child.kill('SIGTERM');
    await program.exited();
    heard += program.stderr() + program.stdout();
  }
  // Each stands where its owner put it, in what is fallen back to if that breaks, and in the file that is made for it; nowhere else.
  const places = ['/openclaw.json: ', '/state/config/last-good.json: ', '/credentials/gateway-token: '];
  const found = findTexts(state, secrets).filter((line) => !places.some((place) => line.startsWith(place)));
  assert.deepEqual(found, []);
  const repeated = secrets.filter((secret) => !wrong.includes(secret) && heard.includes(secret));
  assert.deepEqual(repeated, []);
  assert.ok(findTexts(state, ['key.created']).length > 0, 'the audit log was looked into');
  await rm(home, { recursive: true });
});

test('all that it writes is for its owner alone, whatever the umask, and a state directory that was open is closed', async () => {
  const home = await homeWith({ gateway: { tls: { enabled: true } } });
  const state = join(home, '.openclaw');
  await chmod(state, 0o777);
  const before = process.umask(0);
  try {
    await using program = await startProgram({ home });
    const { url } = await program.ready();
    assert.match(url, /^https:/);
    const env = { PATH: process.env['PATH'] ?? '', HOME: home, XDG_CACHE_HOME: join(tmpdir(), 'openclaw-test-cache') };
    await run(process.execPath, [launcher, 'keys', 'create', '--name', 'ci'], { env });
    await run(process.execPath, [launcher, 'config', 'set', 'logging.level', 'debug'], { env });
    program.child.kill('SIGTERM');
    await program.exited();
  } finally {
    process.umask(before);
  }
  assert.equal((await stat(state)).mode & 0o777, 0o700);
  const found = filesBelow(state);
  assert.ok(found.length > 8);
  const open = found.filter(({ mode, isDirectory }) => (mode & 0o077) !== 0 || (!isDirectory && (mode & 0o100) !== 0));
  assert.deepEqual(
    open.map(({ path, mode }) => `${path} ${mode.toString(8)}`),
    [],
  );
  await rm(home, { recursive: true });
});

test('a link that waits in the place of a new key leads it nowhere', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'openclaw-link-'));
  const victim = join(directory, 'victim');
  await writeFile(victim, 'untouched', { mode: 0o644 });
  await mkdir(join(directory, 'credentials'));
  for (const name of ['gateway-tls.key', 'gateway-tls.crt']) await symlink(victim, join(directory, 'credentials', `${name}.new`));
  const material = await readTls(
    { enabled: true },
    { directory: join(directory, 'credentials'), clock: systemClock, names: ['localhost'] },
  );
  assert.ok(material);
  assert.equal(await readFile(victim, 'utf8'), 'untouched');
  assert.equal((await stat(join(directory, 'credentials', 'gateway-tls.key'))).mode & 0o777, 0o600);
  await rm(directory, { recursive: true });
});
