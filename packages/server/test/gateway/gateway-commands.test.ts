/** `openclaw gateway …`, `health`, `status`, `devices`, `logs`: programs of their own, beside a gateway that is one too, and without one. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startProgram, type Program } from '../harness/program.ts';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Of the one who types; the gateway's own home is another. */
const desk = mkdtempSync(join(tmpdir(), 'openclaw-desk-'));
after(() => rmSync(desk, { recursive: true, force: true }));

function homeOf(name: string): string {
  const home = join(desk, name);
  mkdirSync(home);
  return home;
}

async function run(home: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  await using program = await startProgram({ home, args, env });
  const { code } = await program.exited();
  return { code, stdout: program.stdout(), stderr: program.stderr() };
}

const beside = (gateway: Program, ...args: string[]): Promise<Ended> => run(gateway.home, args);

test('beside a running gateway every command finds it by itself, and says how it is', async () => {
  await using gateway = await startProgram();
  const { url } = await gateway.ready();
  const wsUrl = url.replace('http', 'ws');
  for (const [args, words] of [
    [['gateway', 'health'], /^ws:\/\/127\.0\.0\.1:\d+: (ok|degraded) \(OpenClaw /],
    [['health', '--verbose'], /\n {2}state: ok\n/],
    [['status'], /^Gateway .*\nAddress .*bind loopback\nAuth +token, credential from .*gateway-token; may read, pairing\n/],
    [['gateway', 'status', '--require-rpc'], /^Process +pid \d+ since .*\nService +not installed/],
    [['gateway', 'probe'], /\nhealth +ok, \d+ ms\nstatus +ok, .*\nsystem-presence +ok, .*\nconfig\.get +ok, /],
    [['gateway', 'call', 'device.pair.list'], /"pending": \[\]/],
    [['logs', '-n', '5'], / ready url=/],
    [['dashboard', '--no-open'], /^http:\/\/127\.0\.0\.1:\d+\/#token=\S+\n$/],
  ] as const) {
    const { code, stdout, stderr } = await beside(gateway, ...args);
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
    assert.match(stdout, words, args.join(' '));
  }
  for (const args of [['status'], ['health'], ['gateway', 'status'], ['gateway', 'probe'], ['devices', 'list']]) {
    const { stdout } = await beside(gateway, ...args, '-o', 'json');
    assert.equal(typeof JSON.parse(stdout), 'object', args.join(' '));
  }
  assert.ok((await beside(gateway, 'gateway', 'status')).stdout.includes(wsUrl));
});

test('gateway health as operators paste it: 0 with the token, 1 with the reason and the next thing to try', async () => {
  await using gateway = await startProgram();
  const { url, token } = await gateway.ready();
  const wsUrl = url.replace('http', 'ws');
  const well = await run(desk, ['gateway', 'health', '--url', wsUrl, '--token', token]);
  assert.equal(well.code, 0, well.stderr);
  const wrong = await run(desk, ['gateway', 'health', '--url', wsUrl, '--token', 'wrong']);
  assert.deepEqual([wrong.code, wrong.stdout], [1, '']);
  assert.match(
    wrong.stderr,
    /refused \(AUTH_TOKEN_MISMATCH\): unauthorized: gateway token mismatch .*\n {2}The credential came from --token\. /,
  );
  const none = await run(desk, ['gateway', 'health', '--url', wsUrl]);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /No credential was sent\. Pass --token, or set OPENCLAW_GATEWAY_TOKEN/);
  const nobody = await run(desk, ['gateway', 'health', '--url', 'ws://127.0.0.1:1', '--token', token]);
  assert.equal(nobody.code, 1);
  assert.match(nobody.stderr, /connection refused.*\n {2}Start it with `openclaw gateway run`/);
  const asJson = await run(desk, ['gateway', 'health', '--url', wsUrl, '--token', 'wrong', '-o', 'json']);
  assert.equal((JSON.parse(asJson.stdout) as { error: { gatewayCode: string } }).error.gatewayCode, 'AUTH_TOKEN_MISMATCH');
  assert.equal((await run(desk, ['gateway', 'health', '--url', 'nonsense'])).code, 2);
});

const address = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.family === 'IPv4' && !one.internal)?.address;

test(
  'from another address bare health needs the token alone, more a device, which is approved once',
  { skip: address === undefined && 'this machine has no address' },
  async () => {
    await using gateway = await startProgram({ env: { OPENCLAW_GATEWAY_BIND: 'lan', OPENCLAW_GATEWAY_TOKEN: 'token-of-the-lan' } });
    const { url } = await gateway.ready();
    const away = ['--url', `ws://${address}:${new URL(url).port}`, '--token', 'token-of-the-lan'];
    const home = homeOf('away');
    const health = await run(home, ['gateway', 'health', ...away]);
    assert.equal(health.code, 0, health.stderr);
    const asked = await run(home, ['status', ...away]);
    assert.equal(asked.code, 1);
    const requestId = /openclaw devices approve (\S+)/.exec(asked.stderr)?.[1] ?? '';
    assert.match(asked.stderr, /PAIRING_REQUIRED/);
    const own = { OPENCLAW_GATEWAY_TOKEN: 'token-of-the-lan' };
    assert.match((await run(gateway.home, ['devices', 'list'], own)).stdout, new RegExp(requestId));
    const approved = await run(gateway.home, ['devices', 'approve', requestId], own);
    assert.equal(approved.code, 0, approved.stderr);
    const again = await run(home, ['status', ...away]);
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stdout, /may read, pairing/);
  },
);

test('a gateway that comes back without its state is told as that, and not as a wrong token', async () => {
  const env = { OPENCLAW_GATEWAY_TOKEN: 'one' };
  const home = homeOf('redeployed');
  let port = '';
  {
    await using first = await startProgram({ env });
    const { url } = await first.ready();
    ({ port } = new URL(url));
    assert.equal((await run(home, ['gateway', 'health', '--url', url, '--token', 'one'])).code, 0);
  }
  await using second = await startProgram({ env: { OPENCLAW_GATEWAY_TOKEN: 'another', OPENCLAW_GATEWAY_PORT: port } });
  const { url } = await second.ready();
  const refused = await run(home, ['gateway', 'health', '--url', url, '--token', 'one']);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /The state was not persisted/);
  assert.doesNotMatch(refused.stderr, /AUTH_TOKEN_MISMATCH/);
  const noted = await run(home, ['gateway', 'health', '--url', url, '--token', 'another']);
  assert.equal(noted.code, 0);
  assert.match(noted.stderr, /^Note: The state was not persisted/);
  assert.equal((await run(home, ['gateway', 'health', '--url', url, '--token', 'another'])).stderr, '');
  const kept = readFileSync(join(home, '.local/state/openclaw/known-gateways.json'), 'utf8');
  assert.ok(!kept.includes('another'));
});

test('stop ends the gateway in order; without one devices and log are read from the state, and nothing else is made up', async () => {
  await using gateway = await startProgram();
  await gateway.ready();
  const stopped = await beside(gateway, 'gateway', 'stop');
  assert.match(stopped.stdout, /has stopped after \d+ ms/);
  assert.deepEqual(await gateway.exited(), { code: 0, signal: null });
  assert.match((await beside(gateway, 'gateway', 'stop')).stdout, /^No gateway runs on /);
  assert.deepEqual(JSON.parse((await beside(gateway, 'devices', 'list', '-o', 'json')).stdout), { pending: [], paired: [] });
  assert.match((await beside(gateway, 'logs')).stdout, / stopped\n/);
  const health = await beside(gateway, 'health');
  assert.equal(health.code, 1);
  assert.match(health.stderr, /no gateway runs on/);
  const status = await beside(gateway, 'gateway', 'status');
  assert.equal(status.code, 1);
  assert.match(status.stdout, /^Process +none on /);
  assert.ok(!existsSync(join(gateway.home, '.local/state/openclaw/device.json')));
});
