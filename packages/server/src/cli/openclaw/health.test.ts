import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../../core/errors.ts';
import { createControlFixture, refused } from './control.fixture.ts';
import { registerHealthCommand } from './health.ts';

const setup = () => createControlFixture(registerHealthCommand);
const checks = { state: { state: 'ok' }, disk: { state: 'degraded', detail: '3 MiB are free\u001B[2J' } };

test('a gateway that can work is exit code 0, what is degraded is named, and no control character of it reaches the terminal', async () => {
  const fixture = setup();
  fixture.answers['health'] = () => ({ ok: true, status: 'degraded', checks });
  const { stdout, code } = await fixture.run(['health']);
  assert.equal(stdout, 'ws://127.0.0.1:18789: degraded (OpenClaw 0.1.0, up 1 min 1 s)\n  disk: degraded, 3 MiB are free?[2J\n');
  assert.equal(code, 0);
  assert.deepEqual([fixture.needs[0]?.scopes, fixture.needs[0]?.takesLess], [['operator.read'], true]);
});

test('--verbose has it look anew and shows every check', async () => {
  const fixture = setup();
  fixture.answers['health'] = () => ({ ok: true, status: 'ok', checks: { state: { state: 'ok' } } });
  const { stdout } = await fixture.run(['health', '--verbose']);
  assert.match(stdout, /\n {2}state: ok\n/);
  assert.deepEqual(fixture.calls, [{ method: 'health', params: { probe: true } }]);
});

test('a gateway that cannot work is exit code 1', async () => {
  const fixture = setup();
  fixture.answers['health'] = () => ({ ok: false, status: 'failed', checks: { state: { state: 'failed' } } });
  const { stdout, code } = await fixture.run(['health']);
  assert.match(stdout, /: failed \(/);
  assert.equal(code, 1);
});

test('what tells less, such as a gateway to somebody without scopes, is shown as far as it goes', async () => {
  const fixture = setup();
  fixture.answers['health'] = () => ({ ok: true });
  assert.equal((await fixture.run(['health'])).stdout, 'ws://127.0.0.1:18789: ok (OpenClaw 0.1.0, up 1 min 1 s)\n');
});

test('as JSON the answer comes as it is, and a refusal is a document too, with the code and what to do', async () => {
  const fixture = setup();
  fixture.answers['health'] = () => ({ ok: true, checks });
  const { stdout } = await fixture.run(['health', '-o', 'json']);
  assert.deepEqual(JSON.parse(stdout), { ok: true, checks, url: 'ws://127.0.0.1:18789' });
  fixture.refusal = refused('AUTH_TOKEN_MISMATCH');
  const failed = await fixture.run(['health', '-o', 'json']);
  assert.deepEqual(JSON.parse(failed.stdout), {
    ok: false,
    error: {
      ...{ code: 'control_refused', gatewayCode: 'AUTH_TOKEN_MISMATCH', hint: 'Try something else.' },
      message: 'The gateway at ws://127.0.0.1:18789 refused (AUTH_TOKEN_MISMATCH): no.',
    },
  });
  assert.equal(failed.code, 1);
  fixture.refusal = new OpenClawError('control_refused', {
    details: { url: 'u', code: 'PAIRING_REQUIRED', reason: 'pairing required', suggestion: 's', requestId: 'request-7' },
  });
  assert.equal(
    (JSON.parse((await fixture.run(['health', '-o', 'json'])).stdout) as { error: { requestId: string } }).error.requestId,
    'request-7',
  );
});
