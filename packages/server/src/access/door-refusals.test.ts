import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { mock, test } from 'node:test';
import fc from 'fast-check';
import { OpenClawError } from '../core/errors.ts';
import { createTestDevice } from './devices/devices.fixture.ts';
import { type Knock, openDoor, secret, virtualKey } from './door.fixture.ts';

const remote = '203.0.113.7';
const wrong = { token: 'wrong' };
const device = createTestDevice();

/** What people read, by who asks and from where. */
const messages: readonly (readonly [knock: Knock, message: string])[] = [
  [{ auth: wrong }, "unauthorized: gateway token mismatch (use this gateway's gateway.auth.token or pair the device)"],
  [{ auth: wrong, from: remote }, 'unauthorized: gateway token mismatch (set gateway.remote.token to match gateway.auth.token)'],
  [{ auth: {}, device }, "unauthorized: gateway token missing (provide this gateway's gateway.auth.token)"],
  [{ auth: {}, device, from: remote }, 'unauthorized: gateway token missing (set gateway.remote.token to match gateway.auth.token)'],
  [
    { auth: {}, device, client: 'openclaw-control-ui/webchat' },
    'unauthorized: gateway token missing (open the dashboard URL and paste the token in Control UI settings)',
  ],
  [
    { auth: wrong, device, client: 'openclaw-control-ui/webchat' },
    'unauthorized: gateway token mismatch (open the dashboard URL and paste the token in Control UI settings)',
  ],
  [{ auth: {} }, 'device identity required'],
  [{ client: 'openclaw-control-ui/webchat' }, 'control ui requires device identity (use HTTPS or localhost secure context)'],
];

test('the messages are those that clients show, and fit into a close reason', async () => {
  await using door = await openDoor();
  for (const [knock, message] of messages) {
    const { error, closeReason } = await door.refusal(knock);
    assert.deepEqual([error.message, closeReason], [message, message]);
    assert.ok(Buffer.byteLength(closeReason) <= 120, closeReason);
  }
});

test('a refusal names the credential that was seen, from where it came, what it lacks, and what to do', async () => {
  await using door = await openDoor();
  const { details } = await door.refusal({ auth: { token: 'wrong', password: 'wrong too' }, from: remote });
  assert.deepEqual(details, {
    ...{ code: 'AUTH_TOKEN_MISMATCH', authReason: 'token_mismatch', canRetryWithDeviceToken: false },
    ...{ recommendedNextStep: 'update_auth_credentials', seen: 'auth.token and auth.password', from: remote },
    explanation: `The credential in auth.token and auth.password, sent from ${remote}, is not one that this gateway knows.`,
    hint: 'Use the gateway token (`openclaw config get gateway.auth --show-secrets`), a key from `openclaw keys create`, or the token of a paired device.',
  });
  const explain = async (knock: Knock): Promise<unknown> => (await door.refusal(knock)).details['explanation'];
  assert.equal(await explain({ auth: {}, device }), 'No credential came with the request from this machine.');
  assert.match(
    String(await explain({ auth: { token: '${OPENCLAW_GATEWAY_TOKEN}' } })),
    /is the name of a variable, \$\{OPENCLAW_GATEWAY_TOKEN\}/,
  );
  assert.match(String(await explain({ auth: { token: virtualKey } })), /is a virtual key: it opens the HTTP API and not the control plane/);
  assert.match(String(await explain({ auth: { bootstrapToken: 'abc' } })), /hands none out/);
});

test('both doors explain the same fault in the same words', async () => {
  await using door = await openDoor();
  for (const text of ['wrong', '${TOKEN}', 'ocd_of-another']) {
    const { details } = await door.refusal({ auth: { token: text }, from: remote, device });
    const http = refusalOf(() => door.authenticator.authenticate({ authorization: `Bearer ${text}` }, remote));
    assert.equal(details['explanation'], http.message.replace('Authorization', 'auth.token'));
    assert.equal(details['hint'], http.hint);
  }
});

test('a paired device with a wrong token is told to come with its own', async () => {
  await using door = await openDoor();
  const paired = await door.pair();
  const { details } = await door.refusal({ device: paired.device, auth: wrong });
  assert.deepEqual([details['canRetryWithDeviceToken'], details['recommendedNextStep']], [true, 'retry_with_device_token']);
  for (const knock of [{ auth: wrong }, { auth: wrong, device }, { auth: { ...wrong, deviceToken: 'old' }, device: paired.device }]) {
    const other = await door.refusal(knock);
    assert.deepEqual([other.details['canRetryWithDeviceToken'], other.details['recommendedNextStep']], [false, 'update_auth_credentials']);
  }
  const missing = await door.refusal({ auth: {}, device: paired.device });
  assert.equal(missing.details['recommendedNextStep'], 'update_auth_configuration');
});

test('no credential that was sent, right or wrong, is in a refusal or in the log', async () => {
  await using door = await openDoor();
  const { device: own, deviceToken } = await door.pair();
  const sent = ['hunter2-hunter2', deviceToken, secret, `${secret}x`, virtualKey, 'ocd_somebody-elses'];
  const answers: unknown[] = [];
  for (const text of sent) {
    for (const auth of [
      { token: text },
      { deviceToken: text },
      { password: text },
      { bootstrapToken: text },
      { token: text, deviceToken: text },
    ]) {
      for (const from of ['here', remote]) {
        answers.push(
          await door.knock({ auth, from }),
          await door.knock({ auth, from, device }),
          await door.knock({ auth, from, device: own, role: 'node' }),
        );
      }
    }
  }
  const refusals = answers.filter((answer) => !(answer as { admitted: boolean }).admitted);
  assert.ok(refusals.length > 50);
  const written = JSON.stringify(refusals) + door.store.logLines.join('') + JSON.stringify(door.store.audited);
  for (const text of sent) assert.ok(!written.includes(text), text);
});

test('whatever a client sends, the door answers, and lets in none but those who know something', async () => {
  await using door = await openDoor();
  const text = fc.option(fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom('', ' ', 'ocd_', '\0', secret.slice(1))), {
    nil: undefined,
  });
  const auth = fc.record({ token: text, password: text, deviceToken: text, bootstrapToken: text });
  await fc.assert(
    fc.asyncProperty(auth, fc.boolean(), fc.array(fc.string({ maxLength: 20 }), { maxLength: 5 }), async (sent, hasDevice, scopes) => {
      const given = Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined));
      const { error, closeReason } = await door.refusal({ auth: given, scopes, from: remote, ...(hasDevice ? { device } : {}) });
      assert.match(String(error.details?.['code']), /^(AUTH|DEVICE)_[A-Z_]+$/);
      assert.ok(Buffer.byteLength(closeReason) <= 120);
    }),
    { numRuns: 300 },
  );
});

test('every comparison with the secret takes buffers of one length to the end, whatever was sent', async () => {
  const lengths: number[] = [];
  const equal = crypto.timingSafeEqual;
  const spy = mock.method(crypto, 'timingSafeEqual', (left: Buffer, right: Buffer) => {
    lengths.push(left.length, right.length);
    return equal(left, right);
  });
  syncBuiltinESMExports();
  try {
    await using door = await openDoor();
    const sent = ['x', secret.slice(0, -1), `${secret}x`, `${secret}\0`, secret.toUpperCase(), 'é'.repeat(300), 'y'.repeat(1024)];
    for (const token of sent) assert.equal(await door.result({ auth: { token } }), 'AUTH_TOKEN_MISMATCH');
    assert.equal(await door.result({}), 'token [operator.read]');
    assert.deepEqual(
      lengths,
      Array.from({ length: 2 * (sent.length + 1) }, () => 1024),
    );
    assert.equal(await door.result({ auth: { token: 'z'.repeat(5000) } }), 'AUTH_TOKEN_MISMATCH');
  } finally {
    spy.mock.restore();
    syncBuiltinESMExports();
  }
});

function refusalOf(ask: () => unknown): OpenClawError {
  try {
    ask();
  } catch (thrown) {
    assert.ok(thrown instanceof OpenClawError);
    return thrown;
  }
  return assert.fail('was accepted');
}
