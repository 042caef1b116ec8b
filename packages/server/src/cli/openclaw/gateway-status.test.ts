import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../core/fake-clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import { createControlFixture, type ControlFixture, refused } from './control.fixture.ts';
import { registerStatusCommands } from './gateway-status.ts';

const owner = { pid: 42, host: 'here', startedAtMs: 1_767_225_600_000, address: 'http://127.0.0.1:18789' };

function setup(holder: typeof owner | null = owner): ControlFixture {
  return createControlFixture((program, context) =>
    registerStatusCommands(program, {
      ...context,
      clock: createFakeClock(),
      findPlace: () => Promise.resolve({ stateDirectory: '/state', owner: holder ?? undefined }),
      serviceState: () => Promise.resolve({ installed: false, active: null, unit: '/unit', description: 'not installed' }),
    }),
  );
}

test('status connects and asks nothing, unless an answer is required', async () => {
  const fixture = setup();
  fixture.answers['status'] = () => ({});
  const { stdout, code } = await fixture.run(['status']);
  assert.deepEqual(stdout.split('\n'), [
    'Process     pid 42 since 2026-01-01T00:00:00.000Z, http://127.0.0.1:18789',
    'Service     not installed',
    'Connection  ws://127.0.0.1:18789 (the gateway on /state): OpenClaw 0.1.0, up 1 min 1 s; 0 ms',
    'Auth        token, from /state/credentials/gateway-token',
    'State       id state-1',
    '',
  ]);
  assert.deepEqual([code, fixture.calls.length], [0, 0]);
  await fixture.run(['status', '--require-rpc']);
  assert.deepEqual(
    fixture.calls.map(({ method }) => method),
    ['status'],
  );
});

test('status of a gateway that does not let one in shows process and service all the same, and is exit code 1', async () => {
  const fixture = setup();
  fixture.refusal = refused('AUTH_TOKEN_MISMATCH');
  const { stdout, code } = await fixture.run(['status']);
  assert.match(
    stdout,
    /^Process +pid 42.*\nService.*\nConnection +The gateway at .* refused \(AUTH_TOKEN_MISMATCH\): no\.\n +Try something else\.\n$/,
  );
  assert.equal(code, 1);
  const document = JSON.parse((await fixture.run(['status', '-o', 'json'])).stdout) as Record<string, unknown>;
  assert.deepEqual([document['ok'], (document['process'] as { pid: number }).pid], [false, 42]);
});

test('status without a gateway says that none runs', async () => {
  const fixture = setup(null);
  fixture.refusal = new OpenClawError('gateway_unreachable', { details: { url: '/state', reason: 'no gateway runs on /state' } });
  assert.match((await fixture.run(['status'])).stdout, /^Process +none on \/state\n/);
});

test('probe asks all of it over one connection, and one refusal is shown beside the rest and makes exit code 1', async () => {
  const fixture = setup();
  for (const method of ['health', 'status', 'system-presence']) fixture.answers[method] = () => ({});
  const { stdout, code } = await fixture.run(['probe']);
  assert.match(stdout, /\nhealth +ok, 0 ms\nstatus +ok, 0 ms\nsystem-presence +ok, 0 ms\nconfig\.get +The gateway .* refused/);
  assert.deepEqual([code, fixture.needs.length], [1, 1]);
  fixture.answers['config.get'] = () => ({});
  assert.equal((await fixture.run(['probe'])).code, 0);
});
