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
  assert.deepEqual([...principal.scopes], ['models', 'admin']);
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
