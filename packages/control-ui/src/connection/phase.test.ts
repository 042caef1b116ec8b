import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ControlError, OpenClawError, type ControlState } from '@openclaw/client/control';
import type { HelloOk } from '@openclaw/protocol';
import { isStateLost, nextPhase, startPhase, type Phase } from './phase.ts';

const hello = { type: 'hello-ok' } as HelloOk;
const online: Phase = { kind: 'online', hello };

const refusal = (code: string, details: Record<string, unknown> = {}): ControlError =>
  new ControlError(new OpenClawError({ message: code, code }), { details });
const told = (phase: Phase, state: ControlState): Phase => nextPhase(phase, { kind: 'client', state, nowMs: 1000 });
const stopped = (code: string): Phase => told(startPhase, { kind: 'stopped', error: refusal(code) });
const waiting = (phase: Phase, error: ControlError): Phase => told(phase, { kind: 'waiting', error, delayMs: 500 });

test('a first visit asks for the token without calling it a mistake', () => {
  for (const code of ['AUTH_TOKEN_MISSING', 'AUTH_REQUIRED', 'DEVICE_IDENTITY_REQUIRED'])
    assert.deepEqual(stopped(code), { kind: 'signedOut', secretKind: 'token', refusal: undefined });
});

test('a wrong secret is told, in the kind that the gateway wants', () => {
  const wrongToken = stopped('AUTH_TOKEN_MISMATCH');
  assert.ok(wrongToken.kind === 'signedOut' && wrongToken.secretKind === 'token' && wrongToken.refusal?.code === 'AUTH_TOKEN_MISMATCH');
  const wrongPassword = stopped('AUTH_PASSWORD_MISMATCH');
  assert.ok(wrongPassword.kind === 'signedOut' && wrongPassword.secretKind === 'password' && wrongPassword.refusal);
  const noPassword = stopped('AUTH_PASSWORD_MISSING');
  assert.ok(noPassword.kind === 'signedOut' && noPassword.secretKind === 'password' && !noPassword.refusal);
});

test('too many wrong secrets show the form and say so, though the client goes on by itself', () => {
  const phase = waiting(startPhase, refusal('AUTH_RATE_LIMITED'));
  assert.ok(phase.kind === 'signedOut' && phase.refusal?.code === 'AUTH_RATE_LIMITED');
  assert.equal(told(phase, { kind: 'connecting', attempt: 2 }), phase);
});

test('a refusal that no secret would mend does not ask for one', () => {
  for (const code of ['CONTROL_UI_ORIGIN_NOT_ALLOWED', 'PROTOCOL_MISMATCH']) assert.equal(stopped(code).kind, 'refused');
});

test('waiting for approval shows the request, also while it asks again, until the gateway lets it in', () => {
  const pairing = waiting(startPhase, refusal('PAIRING_REQUIRED', { requestId: 'pair-1' }));
  assert.ok(pairing.kind === 'pairing' && pairing.requestId === 'pair-1');
  assert.equal(told(pairing, { kind: 'connecting', attempt: 2 }), pairing);
  assert.deepEqual(told(pairing, { kind: 'connected', hello }), online);
});

test('a lost connection keeps the pages, and one that never was has none to keep', () => {
  const lost = waiting(online, refusal('connection_lost'));
  assert.ok(lost.kind === 'offline' && lost.hello === hello && lost.retryAtMs === 1500);
  const stillLost = waiting(told(lost, { kind: 'connecting', attempt: 2 }), refusal('connection_failed'));
  assert.ok(stillLost.kind === 'offline' && stillLost.hello === hello);
  const never = waiting(startPhase, refusal('connection_failed'));
  assert.ok(never.kind === 'offline' && never.hello === undefined);
});

test('a new try after a refusal starts over', () => {
  assert.deepEqual(told(stopped('AUTH_TOKEN_MISMATCH'), { kind: 'connecting', attempt: 1 }), startPhase);
});

test('who signs out is asked for the token', () => {
  assert.deepEqual(nextPhase(online, { kind: 'signOut' }), { kind: 'signedOut', secretKind: 'token', refusal: undefined });
});

test('a state is lost where both are known and differ', () => {
  assert.equal(isStateLost('a', 'b'), true);
  for (const [remembered, said] of [
    ['a', 'a'],
    [undefined, 'b'],
    ['a', undefined],
  ] as const)
    assert.equal(isStateLost(remembered, said), false);
});
