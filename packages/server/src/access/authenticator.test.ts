import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenClawError } from '../core/errors.ts';
import { createFakeClock, type FakeClock } from '../core/fake-clock.ts';
import { createAuthenticator, type AuthenticatorOptions, type RequestHeaders } from './authenticator.ts';
import type { Principal } from './principal.ts';

const secret = 'the-token-of-this-gateway';
const principalOf = (id: string): Principal => ({ kind: 'key', id, scopes: new Set(['models']), models: undefined });
const revoked = new OpenClawError('key_revoked', { details: { keyId: 'key_old' } });

interface Setup {
  readonly clock: FakeClock;
  /** The id of the principal, or the code of the error. */
  ask(headers: RequestHeaders, address?: string): string;
  refusal(headers: RequestHeaders, address?: string): OpenClawError;
}

function setup(options: Partial<AuthenticatorOptions> = {}): Setup {
  const clock = createFakeClock();
  const found: Readonly<Record<string, Principal | OpenClawError>> = {
    ock_a: principalOf('key_a'),
    ock_b: principalOf('key_b'),
    ock_old: revoked,
  };
  const authenticator = createAuthenticator({
    mode: 'token',
    secret,
    clock,
    keys: { find: (key) => found[key] },
    failures: { allowed: 3, windowMs: 60_000, lockoutMs: 90_000 },
    ...options,
  });
  const refusal = (headers: RequestHeaders, address = '10.0.0.1'): OpenClawError => {
    try {
      authenticator.authenticate(headers, address);
    } catch (thrown) {
      assert.ok(thrown instanceof OpenClawError);
      return thrown;
    }
    return assert.fail('was accepted');
  };
  const ask = (headers: RequestHeaders, address = '10.0.0.1'): string => {
    try {
      return authenticator.authenticate(headers, address).id;
    } catch (thrown) {
      assert.ok(thrown instanceof OpenClawError);
      return thrown.code;
    }
  };
  return { clock, ask, refusal };
}

test('the token and keys are accepted in either header, in any letter case of the scheme', () => {
  const { ask } = setup();
  assert.equal(ask({ authorization: `Bearer ${secret}` }), 'gateway');
  assert.equal(ask({ authorization: `bearer   ${secret} ` }), 'gateway');
  assert.equal(ask({ 'x-api-key': secret }), 'gateway');
  assert.equal(ask({ authorization: 'Bearer ock_a' }), 'key_a');
  assert.equal(ask({ 'x-api-key': 'ock_b' }), 'key_b');
});

test('case 48: with both headers either valid one is enough, and Authorization wins if both are', () => {
  const { ask } = setup();
  assert.equal(ask({ authorization: 'Bearer ock_a', 'x-api-key': 'ock_b' }), 'key_a');
  assert.equal(ask({ authorization: 'Bearer ock_b', 'x-api-key': secret }), 'key_b');
  assert.equal(ask({ authorization: 'Bearer sk-left-over', 'x-api-key': 'ock_b' }), 'key_b');
  assert.equal(ask({ authorization: 'Bearer ock_a', 'x-api-key': 'sk-left-over' }), 'key_a');
  assert.equal(ask({ authorization: 'Basic dXNlcjpwYXNz', 'x-api-key': 'ock_b' }), 'key_b');
  assert.equal(ask({ authorization: 'Bearer ock_old', 'x-api-key': 'ock_b' }), 'key_b');
  assert.equal(ask({ authorization: 'Bearer $TOKEN', 'x-api-key': 'ock_b' }), 'key_b');
});

test('the gateway token may do everything, a key only what it was made for', () => {
  const { clock } = setup();
  const authenticator = createAuthenticator({ mode: 'token', secret, clock, keys: { find: () => undefined } });
  const principal = authenticator.authenticate({ 'x-api-key': secret }, '');
  assert.deepEqual([...principal.scopes], ['models', 'runs', 'admin']);
  assert.equal(principal.models, undefined);
});

test('no credential, an empty one and a wrong one are told apart, and the wrong one by its header', () => {
  const { refusal } = setup({ failures: { allowed: 100 } });
  for (const headers of [{}, { authorization: 'Bearer' }, { authorization: 'Bearer ' }, { authorization: '', 'x-api-key': ' ' }]) {
    assert.equal(refusal(headers).code, 'missing_credentials');
  }
  const source = (headers: RequestHeaders) => {
    const error = refusal(headers);
    assert.equal(error.code, 'invalid_credentials');
    return error.details['source'];
  };
  assert.equal(source({ authorization: 'Bearer wrong' }), 'Authorization');
  assert.equal(source({ 'x-api-key': 'wrong' }), 'x-api-key');
  assert.equal(source({ authorization: 'Bearer wrong', 'x-api-key': 'wrong' }), 'Authorization and x-api-key');
  assert.equal(source({ authorization: 'Basic dXNlcjpwYXNz' }), 'Authorization (without Bearer)');
  assert.equal(source({ authorization: `Bearer ${secret}x` }), 'Authorization');
  assert.equal(source({ authorization: `Bearer ${secret.slice(0, -1)}` }), 'Authorization');
});

test('no refusal repeats a credential', () => {
  const { refusal } = setup();
  const error = refusal({ authorization: 'Bearer sk-somebodys-real-key' });
  assert.ok(!JSON.stringify([error.message, error.hint, error.details]).includes('somebodys'));
});

test('a credential that was never filled in is called that, by its name', () => {
  const { refusal } = setup({ failures: { allowed: 100 } });
  for (const text of [
    '$OPENCLAW_GATEWAY_TOKEN',
    '${TOKEN}',
    '%TOKEN%',
    '<your-key>',
    '<YOUR API KEY>',
    '{{ token }}',
    '{{.Values.token}}',
    '$(cat token)',
  ]) {
    const error = refusal({ authorization: `Bearer ${text}` });
    assert.equal(error.code, 'unexpanded_credentials', text);
    assert.ok(error.message.includes(text));
  }
  for (const text of ['abc$TOKEN', '$2b$12$abcdefghijk', '50%', '<>', '$'])
    assert.equal(refusal({ 'x-api-key': text }).code, 'invalid_credentials', text);
});

test('a token that looks like a variable is accepted if it is the token', () => {
  const { ask } = setup({ secret: '$TOKEN' });
  assert.equal(ask({ authorization: 'Bearer $TOKEN' }), 'gateway');
});

test('a revoked key is called that, and is no guess', () => {
  const { refusal } = setup();
  for (let count = 0; count < 10; count += 1) assert.equal(refusal({ 'x-api-key': 'ock_old' }).code, 'key_revoked');
});

test('after some wrong credentials an address is told to wait, others are not, and the end of the lockout ends it', () => {
  const { ask, refusal, clock } = setup();
  for (let count = 0; count < 3; count += 1) assert.equal(ask({ 'x-api-key': `guess ${count}` }), 'invalid_credentials');
  clock.advance(10_000);
  const error = refusal({ 'x-api-key': 'guess' });
  assert.equal(error.code, 'too_many_failures');
  assert.equal(error.status, 429);
  assert.equal(error.retryAfterMs, 80_000);
  assert.equal(ask({ 'x-api-key': 'guess' }, '10.0.0.2'), 'invalid_credentials');
  clock.advance(80_000);
  assert.equal(ask({ 'x-api-key': 'guess' }), 'invalid_credentials');
});

test('the right token and keys are accepted from an address that has to wait', () => {
  const { ask } = setup();
  for (let count = 0; count < 10; count += 1) ask({ 'x-api-key': 'guess' });
  assert.equal(ask({ 'x-api-key': 'guess' }), 'too_many_failures');
  assert.equal(ask({ 'x-api-key': secret }), 'gateway');
  assert.equal(ask({ authorization: 'Bearer ock_a' }), 'key_a');
});

test('asking without a credential, and a valid one beside a wrong one, are no failures', () => {
  const { ask } = setup();
  for (let count = 0; count < 10; count += 1) {
    ask({});
    ask({ authorization: 'Bearer sk-left-over', 'x-api-key': secret });
  }
  assert.equal(ask({ 'x-api-key': 'guess' }), 'invalid_credentials');
});

test('a password, which can be guessed, is not looked at while the address has to wait; keys are', () => {
  const { ask, clock } = setup({ mode: 'password', secret: '$hunter2' });
  assert.equal(ask({ authorization: 'Bearer $hunter2' }), 'gateway');
  for (const guess of ['a', '$guess', 'c']) ask({ authorization: `Bearer ${guess}` });
  assert.notEqual(ask({ authorization: 'Bearer $hunter2' }), 'gateway');
  assert.equal(ask({ 'x-api-key': 'guess' }), 'too_many_failures');
  assert.equal(ask({ 'x-api-key': 'ock_a' }), 'key_a');
  assert.equal(ask({ authorization: 'Bearer $hunter2' }, '10.0.0.2'), 'gateway');
  clock.advance(90_000);
  assert.equal(ask({ authorization: 'Bearer $hunter2' }), 'gateway');
});

test('without auth everybody is anonymous whatever they send, but a key stays a key', () => {
  const { ask } = setup({ mode: 'none', secret: undefined });
  assert.equal(ask({}), 'anonymous');
  assert.equal(ask({ authorization: 'Bearer anything' }), 'anonymous');
  assert.equal(ask({ authorization: 'Bearer ock_a' }), 'key_a');
  assert.equal(ask({ authorization: 'Bearer ock_old' }), 'key_revoked');
  assert.equal(ask({ authorization: 'Bearer ' }), 'anonymous');
});

test('a gateway without a token accepts keys and nothing else', () => {
  for (const empty of [undefined, '']) {
    const { ask } = setup({ secret: empty });
    assert.equal(ask({ authorization: 'Bearer' }), 'missing_credentials');
    assert.equal(ask({ authorization: 'Bearer undefined' }), 'secret_not_configured');
    assert.equal(ask({ authorization: 'Bearer ock_a' }), 'key_a');
  }
});

test('a device token is a credential too: with the scopes that its device has', () => {
  const holder = (scopes: readonly string[]) => ({ deviceId: 'd1', role: 'operator', scopes });
  const tokens: Readonly<Record<string, ReturnType<typeof holder>>> = {
    ocd_admin: holder(['operator.admin']),
    ocd_writer: holder(['operator.write', 'operator.read']),
    ocd_reader: holder(['operator.read']),
  };
  const authenticator = createAuthenticator({
    ...{ mode: 'token', secret, clock: createFakeClock(), keys: { find: () => undefined } },
    devices: { findToken: (token) => tokens[token] },
  });
  const scopesOf = (token: string) =>
    Array.from(authenticator.authenticate({ authorization: `Bearer ${token}` }, '10.0.0.1').scopes).join(' ');
  assert.deepEqual(
    [scopesOf('ocd_admin'), scopesOf('ocd_writer'), scopesOf('ocd_reader')],
    ['models runs admin', 'models operator.write operator.read', 'operator.read'],
  );
  assert.equal(authenticator.authenticate({ 'x-api-key': 'ocd_admin' }, '').id, 'device:d1');
  assert.throws(() => scopesOf('ocd_revoked'), { code: 'device_token_refused' });
});

test('a secret that is replaced holds from the next request on; keys hold as before', () => {
  const find = (key: string) => (key === 'ock_a' ? principalOf('key_a') : undefined);
  const authenticator = createAuthenticator({ mode: 'token', secret, clock: createFakeClock(), keys: { find } });
  const ask = (text: string) => authenticator.authenticate({ 'x-api-key': text }, '10.0.0.1').id;
  assert.equal(authenticator.replace({ mode: 'token', secret }), false);
  assert.equal(authenticator.replace({ mode: 'token', secret: 'another' }), true);
  assert.throws(() => ask(secret), { code: 'invalid_credentials' });
  assert.deepEqual([ask('another'), ask('ock_a')], ['gateway', 'key_a']);
  assert.equal(authenticator.replace({ mode: 'none' }), true);
  assert.equal(ask('anything'), 'anonymous');
  assert.throws(() => authenticator.replace({ mode: 'token', secret: 'x'.repeat(1025) }), RangeError);
  assert.equal(ask('anything'), 'anonymous');
});

test('programs on this machine are never slowed; its pages, and what comes through a proxy, are', () => {
  const { ask } = setup();
  const guess = { 'x-api-key': 'guess' };
  for (let count = 0; count < 20; count += 1) assert.equal(ask(guess, '127.0.0.1'), 'invalid_credentials');
  const page = { ...guess, origin: 'http://localhost:3000' };
  for (let count = 0; count < 3; count += 1) ask(page, '::1');
  assert.equal(ask(page, '::1'), 'too_many_failures');
  for (let count = 0; count < 3; count += 1) ask({ ...guess, 'x-forwarded-for': '203.0.113.7' }, '127.0.0.1');
  assert.equal(ask({ ...guess, 'x-forwarded-for': '203.0.113.8' }, '127.0.0.1'), 'too_many_failures');
});

test('a refusal says from where the credential came', () => {
  const { refusal } = setup();
  assert.match(refusal({ 'x-api-key': 'wrong' }, '10.0.0.1').message, /in x-api-key, sent from 10\.0\.0\.1, is not one/);
  assert.match(refusal({ 'x-api-key': 'wrong' }, '::1').message, /sent from this machine/);
  assert.equal(refusal({}, '10.0.0.1').message, 'No credential came with the request from 10.0.0.1.');
});
