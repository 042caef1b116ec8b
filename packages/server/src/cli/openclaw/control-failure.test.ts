import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ControlClient, type ControlSocket } from '@openclaw/client/control';
import type { WireError } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import { localTarget } from './control.fixture.ts';
import { toCommandError } from './control-failure.ts';
import type { GatewayTarget } from '../gateway-target.ts';

interface Ending {
  readonly refusal?: WireError;
  readonly fault?: Error;
  readonly close?: { readonly code: number; readonly reason: string };
}

/** What a command says where the gateway does this to it. */
async function told({ refusal, fault, close }: Ending, changes: Partial<GatewayTarget> = {}): Promise<OpenClawError> {
  const listeners = new Map<string, (event: object) => void>();
  const socket: ControlSocket = {
    bufferedAmount: 0,
    send: () => {
      if (refusal) listeners.get('message')?.({ data: JSON.stringify({ type: 'res', id: 'connect', ok: false, error: refusal }) });
      listeners.get('close')?.(close ?? { code: 1008, reason: refusal?.message ?? '' });
    },
    close: () => {},
    addEventListener: (type, listener) => void listeners.set(type, listener),
  };
  const begin = (): void => {
    if (!fault) return listeners.get('message')?.({ data: '{"type":"event","event":"connect.challenge","payload":{"nonce":"n","ts":1}}' });
    listeners.get('error')?.({ error: fault });
    listeners.get('close')?.({ code: 1006, reason: '' });
  };
  await using client = new ControlClient({
    url: 'ws://127.0.0.1:18789',
    client: { id: 'cli', mode: 'cli', version: '1', platform: 'linux' },
    reconnect: false,
    openSocket: () => {
      queueMicrotask(begin);
      return socket;
    },
  });
  const thrown: unknown = await client.connect().catch((error: unknown) => error);
  const error = toCommandError(thrown, { target: { ...localTarget, ...changes }, timeoutMs: 1000 });
  assert.ok(error instanceof OpenClawError, String(error));
  return error;
}

const system = (code: string): Error => Object.assign(new Error(`connect ${code} 127.0.0.1:1`), { code });

test('nobody there, no such host, and something else there are told apart', async () => {
  const refused = await told({ fault: system('ECONNREFUSED') });
  assert.equal(refused.code, 'gateway_unreachable');
  assert.match(refused.message, /connection refused, nothing listens there/);
  assert.match(refused.hint, /openclaw gateway run/);
  assert.match((await told({ fault: system('ENOTFOUND') })).message, /no such host/);
  assert.match((await told({ fault: system('EWHATEVER') })).message, /connect EWHATEVER/);
  const page = await told({ fault: new Error('Unexpected server response: 200') });
  assert.deepEqual([page.code, /Something else answers there/.test(page.hint)], ['control_refused', true]);
});

test('a wrong credential is told with where it came from, in the words of the gateway', async () => {
  const error = await told({
    refusal: {
      code: 'INVALID_REQUEST',
      message: 'unauthorized: gateway token mismatch',
      details: { code: 'AUTH_TOKEN_MISMATCH', hint: 'Use the other.' },
    },
  });
  assert.equal(error.message, 'The gateway at ws://127.0.0.1:18789 refused (AUTH_TOKEN_MISMATCH): unauthorized: gateway token mismatch.');
  assert.equal(error.hint, 'The credential came from /state/credentials/gateway-token. Use the other.');
});

test('no credential is told with how to send one, and why none was', async () => {
  const refusal: WireError = {
    code: 'INVALID_REQUEST',
    message: 'unauthorized: gateway token missing',
    details: { code: 'AUTH_TOKEN_MISSING' },
  };
  const nothing = { auth: {}, credentialFrom: undefined };
  assert.match((await told({ refusal }, nothing)).hint, /^No credential was sent\. Pass --token, or set OPENCLAW_GATEWAY_TOKEN\.$/);
  assert.match(
    (await told({ refusal }, { ...nothing, isLoopback: false })).hint,
    /Only --token and the environment are sent to other machines/,
  );
  const problem = new OpenClawError('config_unreadable', { details: { file: 'openclaw.json', reason: 'no' } });
  assert.match((await told({ refusal }, { ...nothing, problem })).hint, /could not be read \(The configuration openclaw\.json/);
});

test('pairing is told with the request and the command that approves it', async () => {
  const error = await told({
    refusal: {
      code: 'NOT_PAIRED',
      message: 'pairing required: device is not approved yet',
      details: { code: 'PAIRING_REQUIRED', requestId: 'request-7' },
    },
  });
  assert.match(error.message, /pairing required/);
  assert.match(error.hint, /openclaw devices approve request-7/);
  assert.equal(error.details['requestId'], 'request-7');
});

test('a gateway that starts is not ready, whether it says so or only closes', async () => {
  const refusal: WireError = { code: 'UNAVAILABLE', message: 'gateway starting; retry shortly', retryable: true, retryAfterMs: 500 };
  for (const ending of [
    { refusal, close: { code: 1013, reason: 'gateway starting' } },
    { close: { code: 1013, reason: 'gateway starting' } },
  ]) {
    const error = await told(ending);
    assert.deepEqual([error.code, error.retryable], ['gateway_not_ready', true]);
    assert.match(error.message, /is not ready: /);
  }
});

test('what is none of a gateway comes back as it is', () => {
  const own = new Error('a fault of ours');
  assert.equal(toCommandError(own, { target: localTarget, timeoutMs: 1 }), own);
});
