import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { readEnvironment } from '../../core/env.ts';
import { createServer as createHttpServer } from '../../core/node-http.ts';
import { acquireStateLock } from '../../storage/state-lock.ts';
import { createLoopGuard } from '../loop-guard/index.ts';
import { ensureStateIdentity } from '../state-identity/index.ts';
import { ask } from './ask.ts';
import { diagnose } from './diagnose.ts';
import { gatherFacts } from './gather.ts';
import { listenersIn } from './listening.ts';

interface Machine extends AsyncDisposable {
  readonly stateDirectory: string;
  readonly url: string;
  /** What its gateway was asked, with the credential. */
  readonly asked: string[];
  facts(env?: Record<string, string>): ReturnType<typeof gatherFacts>;
}

/** A state directory, and something at an address that answers as a gateway does. */
async function createMachine(): Promise<Machine> {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'openclaw-doctor-'));
  const asked: string[] = [];
  const server = createHttpServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization ?? '-'}`);
    const isIn = request.headers.authorization === 'Bearer right';
    const bodies: Record<string, object> = {
      '/readyz': { status: 'ok', ready: true },
      '/health': { status: 'ok', checks: { disk: { state: 'degraded', ...(isIn ? { detail: '99 MiB are free' } : {}) } } },
      '/admin/v1/warnings': isIn ? { warnings: [] } : { error: { message: 'Not known.', code: 'invalid_credentials' } },
    };
    response.statusCode = request.url === '/admin/v1/warnings' && !isIn ? 401 : 200;
    response.end(JSON.stringify(bodies[request.url ?? ''] ?? { status: 'ok' }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...{ stateDirectory, url, asked },
    facts(env = {}) {
      const variables = { HOME: stateDirectory, OPENCLAW_STATE_DIR: stateDirectory, OPENCLAW_GATEWAY_URL: url, ...env };
      const environment = readEnvironment({ env: variables, secretsDirectory: join(stateDirectory, 'no-secrets') });
      return gatherFacts({ environment, version: '1.2.3', clock: systemClock, vendors: ['openai'], findProviders: () => ['openai'] });
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      rmSync(stateDirectory, { recursive: true, force: true });
    },
  };
}

describe('the facts of a machine', () => {
  test('its directory, settings with their sources, port, gateway and memory', async () => {
    await using machine = await createMachine();
    ensureStateIdentity(machine.stateDirectory, systemClock);
    createLoopGuard({ stateDirectory: machine.stateDirectory, clock: systemClock }).record('port_in_use');
    const lock = await acquireStateLock(machine.stateDirectory);
    await lock.setAddress(machine.url);
    try {
      const port = new URL(machine.url).port;
      const facts = await machine.facts({ OPENCLAW_GATEWAY_TOKEN: 'right', OPENCLAW_GATEWAY_PORT: port, OPENCLAW_GATEWAY_URL: '' });
      assert.deepEqual([facts.state.path, facts.state.from], [machine.stateDirectory, 'environment variable OPENCLAW_STATE_DIR']);
      assert.deepEqual([facts.state.exists, facts.state.unwritable, facts.state.mode], [true, undefined, 0o700]);
      assert.match(facts.state.identity?.id ?? '', /^[\da-f-]{36}$/);
      assert.deepEqual(
        [facts.process.owner?.pid, facts.process.owner?.address, facts.process.refusals],
        [process.pid, machine.url, ['port_in_use']],
      );
      const { settings } = facts.configuration;
      assert.deepEqual([settings?.secretFrom, settings?.host], ['environment variable OPENCLAW_GATEWAY_TOKEN', '127.0.0.1']);
      assert.equal(facts.gateway.url, machine.url);
      assert.equal(facts.gateway.authorized.status, 200);
      assert.ok(
        machine.asked.includes('/readyz -') && machine.asked.includes('/health Bearer right'),
        'only what needs the credential gets it',
      );
      if (process.platform === 'linux') assert.deepEqual(facts.listening, ['127.0.0.1']);
      assert.ok(facts.memory.mayUseBytes > 2 ** 20 && facts.memory.usedBytes <= facts.memory.limitBytes);
      const found = diagnose(facts).checks.find(({ name }) => name === 'probes')?.findings;
      assert.deepEqual(
        found?.map(({ message }) => message),
        ['disk: 99 MiB are free'],
      );
    } finally {
      lock.release();
    }
  });

  test('what is broken is a fact, and no end of the gathering', async () => {
    await using machine = await createMachine();
    writeFileSync(join(machine.stateDirectory, 'openclaw.json'), '{ gateway: { port: "many" }, modles: {} }');
    const facts = await machine.facts({ OPENCLAW_GATEWAY_URL: 'http://127.0.0.1:1' });
    assert.equal(facts.configuration.settings, undefined);
    assert.ok(facts.configuration.problems.length >= 2);
    assert.equal(facts.gateway.authorized.status, undefined);
    const rescued = await machine.facts({ OPENCLAW_GATEWAY_TOKEN: 'right' });
    assert.equal(rescued.gateway.authorized.status, 200, 'the token of the environment is known without the file');
    const port = new URL(machine.url).port;
    const byVariables = await machine.facts({ OPENCLAW_GATEWAY_URL: '', OPENCLAW_GATEWAY_PORT: port });
    assert.equal(byVariables.gateway.url, machine.url, 'a gateway that is held or in rescue mode listens where variables say');
    const absent = await machine.facts({ OPENCLAW_STATE_DIR: join(machine.stateDirectory, 'a', 'b') });
    assert.deepEqual([absent.state.exists, absent.state.unwritable, absent.process.owner], [false, undefined, undefined]);
    const inTheWay = await machine.facts({ OPENCLAW_STATE_DIR: join(machine.stateDirectory, 'openclaw.json', 'x') });
    assert.equal(inTheWay.state.exists, false);
  });

  test('no secret is among them, nor in the report', async () => {
    await using machine = await createMachine();
    const facts = await machine.facts({ OPENCLAW_GATEWAY_TOKEN: 'a-secret-of-the-operator' });
    assert.equal(facts.gateway.authorized.status, 401);
    assert.ok(!JSON.stringify([facts, diagnose(facts)]).includes('a-secret-of-the-operator'));
  });
});

describe('asking', () => {
  test('an endless answer, one that is no HTTP, and nobody there are reasons', async () => {
    const endless = createHttpServer((_request, response) => {
      const chunk = Buffer.alloc(2 ** 16, 'x');
      const more = (): void => void (response.destroyed || (response.write(chunk) ? setImmediate(more) : response.once('drain', more)));
      more();
    }).listen(0, '127.0.0.1');
    const rude = createServer((socket) => socket.end('SSH-2.0\r\n')).listen(0, '127.0.0.1');
    await Promise.all([once(endless, 'listening'), once(rude, 'listening')]);
    const at = (server: { address(): unknown }): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const [url, reason] of [
      [at(endless), /no end/],
      [at(rude), /Parse Error/],
      ['http://127.0.0.1:1', /ECONNREFUSED/],
      ['nonsense', /Invalid URL/],
    ] as const) {
      const answer = await ask({ url, path: '/readyz' });
      assert.equal(answer.status, undefined, url);
      if (answer.status === undefined) assert.match(answer.reason, reason);
    }
    endless.closeAllConnections();
    endless.close();
    rude.close();
  });
});

test('listeners are read from the table of the kernel: every form of address, and no connection', () => {
  const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
  const four = [
    head,
    '   0: 0100007F:4965 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1',
    '   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1',
    '   2: 0100007F:4965 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 1 1',
  ].join('\n');
  const six = [
    head,
    '   0: 00000000000000000000000000000000:4965 00000000000000000000000000000000:0000 0A 0 0 0 0',
    '   1: 00000000000000000000000001000000:4965 00000000000000000000000000000000:0000 0A 0 0 0 0',
    '   2: 0000000000000000FFFF00000100007F:4965 00000000000000000000000000000000:0000 0A 0 0 0 0',
    '   3: B80D01200000000000000000 garbage',
  ].join('\n');
  assert.deepEqual(listenersIn([four, six], 0x4965), ['127.0.0.1', '::', '::1']);
  assert.deepEqual(listenersIn([four, six], 0x50), ['0.0.0.0']);
  assert.deepEqual(listenersIn(['', 'nonsense'], 80), []);
});
