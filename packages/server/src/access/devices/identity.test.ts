import assert from 'node:assert/strict';
import { generateKeyPairSync, hash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ConnectParams, type DeviceProof, textToSign } from '@openclaw/protocol';
import { createTestDevice, signText } from './devices.fixture.ts';
import { findIdentityFault } from './identity.ts';

const challenge = { nonce: '3f1c6f0e-8f5a-4d8e-9e07-3a6a3e0c0f10', ts: 1_767_225_600_000 };
const params: ConnectParams = {
  minProtocol: 4,
  maxProtocol: 4,
  client: { id: 'cli', version: '2026.9.6', platform: ' Linux ', deviceFamily: 'LINUX', mode: 'cli' },
  role: 'operator',
  scopes: ['operator.read', 'operator.pairing'],
  auth: { token: 'the-token' },
};
const device = createTestDevice();
const proven = device.prove(params, { challenge });
const proof = proven.device!;

function faultOf(changes: Partial<DeviceProof>, more: Partial<ConnectParams> = {}): string | undefined {
  const changed = { ...proof, ...changes };
  const fault = findIdentityFault({ params: { ...params, ...more }, proof: changed, challenge });
  return fault && `${fault.message} / ${fault.code} / ${fault.reason}`;
}

test('a signature over version 3 holds, and one over version 2', () => {
  assert.equal(faultOf({}), undefined);
  const older = device.prove(params, { challenge, version: 2 });
  assert.equal(findIdentityFault({ params, proof: older.device!, challenge }), undefined);
});

test('version 1, which has no nonce and could be replayed, is refused', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const id = hash('sha256', raw);
  const text = ['v1', id, 'cli', 'cli', 'operator', params.scopes!.join(','), challenge.ts, 'the-token'].join('|');
  const own = {
    id,
    publicKey: raw.toString('base64url'),
    signature: signText(text, privateKey),
    signedAt: challenge.ts,
    nonce: challenge.nonce,
  };
  assert.equal(findIdentityFault({ params, proof: own, challenge })?.code, 'DEVICE_AUTH_SIGNATURE_INVALID');
});

test('each fault of a proof has its message, its code and its reason', () => {
  const other = createTestDevice();
  const rows: readonly [Partial<DeviceProof>, string][] = [
    [{ id: other.id }, 'device identity mismatch / DEVICE_AUTH_DEVICE_ID_MISMATCH / device-id-mismatch'],
    [{ publicKey: other.publicKey }, 'device identity mismatch / DEVICE_AUTH_DEVICE_ID_MISMATCH / device-id-mismatch'],
    [{ id: device.id.toUpperCase() }, 'device identity mismatch / DEVICE_AUTH_DEVICE_ID_MISMATCH / device-id-mismatch'],
    [{ signedAt: challenge.ts - 120_001 }, 'device signature expired / DEVICE_AUTH_SIGNATURE_EXPIRED / device-signature-stale'],
    [{ signedAt: challenge.ts + 120_001 }, 'device signature expired / DEVICE_AUTH_SIGNATURE_EXPIRED / device-signature-stale'],
    [{ signedAt: Number.NaN }, 'device signature expired / DEVICE_AUTH_SIGNATURE_EXPIRED / device-signature-stale'],
    [{ nonce: '' }, 'device nonce required / DEVICE_AUTH_NONCE_REQUIRED / device-nonce-missing'],
    [{ nonce: `${challenge.nonce}x` }, 'device nonce mismatch / DEVICE_AUTH_NONCE_MISMATCH / device-nonce-mismatch'],
    [
      { signature: other.prove(params, { challenge }).device!.signature },
      'device signature invalid / DEVICE_AUTH_SIGNATURE_INVALID / device-signature',
    ],
    [{ publicKey: 'AAAA' }, 'device public key invalid / DEVICE_AUTH_PUBLIC_KEY_INVALID / device-public-key'],
  ];
  for (const [changes, words] of rows) assert.equal(faultOf(changes), words);
});

test('within two minutes of the challenge a moment is accepted, if it is the one that was signed', () => {
  for (const offsetMs of [-120_000, -1, 0, 1, 120_000]) {
    const early = { ...challenge, ts: challenge.ts + offsetMs };
    const { device: shifted } = device.prove(params, { challenge: early });
    assert.equal(findIdentityFault({ params, proof: shifted!, challenge }), undefined, String(offsetMs));
  }
  assert.equal(faultOf({ signedAt: challenge.ts + 1 }), 'device signature invalid / DEVICE_AUTH_SIGNATURE_INVALID / device-signature');
});

test('a signature holds for what was signed and for nothing else', () => {
  const others: Partial<ConnectParams>[] = [
    { scopes: ['operator.admin'] },
    { scopes: ['operator.pairing', 'operator.read'] },
    { role: 'node' },
    { auth: { token: 'another' } },
    { auth: {} },
    { client: { ...params.client, id: 'gateway-client' } },
    { client: { ...params.client, mode: 'backend' } },
    { client: { ...params.client, platform: 'darwin' } },
    { client: { ...params.client, deviceFamily: 'Mac' } },
  ];
  for (const other of others) assert.match(faultOf({}, other) ?? '', /^device signature invalid/, JSON.stringify(other));
  // Letter case and blanks of a platform are none of it, and the password is not signed.
  assert.equal(faultOf({}, { client: { ...params.client, platform: 'linux', deviceFamily: ' linux ' } }), undefined);
  assert.equal(faultOf({}, { auth: { token: 'the-token', password: 'anything' } }), undefined);
});

test('the credential that is signed is the token, else the device token, else the bootstrap token', () => {
  for (const auth of [{ token: 'a', deviceToken: 'b' }, { deviceToken: 'b', bootstrapToken: 'c' }, { bootstrapToken: 'c' }, {}]) {
    const { device: own } = device.prove({ ...params, auth }, { challenge });
    assert.equal(findIdentityFault({ params: { ...params, auth }, proof: own!, challenge }), undefined, JSON.stringify(auth));
  }
});

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

test('one value has one text: padding, the other alphabet, blanks and stray bits are refused', () => {
  const bent = (text: string): string[] => [`${text}=`, `${text} `, ` ${text}`, `${text}\n`, text.slice(0, -1), `${text}A`, ''];
  for (const publicKey of bent(proof.publicKey)) assert.match(faultOf({ publicKey }) ?? '', /^device public key invalid/, publicKey);
  for (const signature of bent(proof.signature)) assert.match(faultOf({ signature }) ?? '', /^device signature invalid/, signature);
  // The last character stands for more bits than are left: its lowest one must be 0.
  const strayBits = (text: string): string => text.slice(0, -1) + alphabet.charAt(alphabet.indexOf(text.slice(-1)) + 1);
  assert.match(faultOf({ publicKey: strayBits(proof.publicKey) }) ?? '', /^device public key invalid/);
  assert.match(faultOf({ signature: strayBits(proof.signature) }) ?? '', /^device signature invalid/);
});

test('the text to sign joins the fields in their order', () => {
  const fields = {
    deviceId: 'd',
    clientId: 'cli',
    clientMode: 'cli',
    role: 'operator',
    scopes: ['a', 'b'],
    signedAtMs: 7,
    token: 't',
    nonce: 'n',
  };
  assert.equal(textToSign(2, fields), 'v2|d|cli|cli|operator|a,b|7|t|n');
  assert.equal(textToSign(3, { ...fields, platform: ' LINUX', deviceFamily: undefined }), 'v3|d|cli|cli|operator|a,b|7|t|n|linux|');
});

test('no proof that was made up holds, and none makes the check throw', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 120 }),
    fc.base64String({ maxLength: 120 }),
    fc.constantFrom(proof.publicKey, proof.signature, proof.id),
  );
  const made = fc.record({
    id: fc.oneof(text, fc.constant(proof.id)),
    publicKey: fc.oneof(
      text,
      fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
    ),
    signature: fc.oneof(
      text,
      fc.uint8Array({ minLength: 64, maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
    ),
    signedAt: fc.oneof(fc.constant(challenge.ts), fc.double(), fc.maxSafeInteger()),
    nonce: fc.oneof(text, fc.constant(challenge.nonce)),
  });
  fc.assert(
    fc.property(made, (own) => {
      const isOwn = own.id === proof.id && own.publicKey === proof.publicKey && own.signature === proof.signature;
      fc.pre(!(isOwn && own.signedAt === proof.signedAt && own.nonce === proof.nonce));
      const fault = findIdentityFault({ params, proof: own, challenge });
      assert.match(fault?.code ?? '', /^DEVICE_AUTH_[A-Z_]+$/);
    }),
    { numRuns: 1000 },
  );
});

test("a key for which anybody can sign is nobody's", () => {
  const identityPoint = `01${'00'.repeat(31)}`;
  const weakKeys = ['00'.repeat(32), identityPoint, `${'00'.repeat(31)}80`, `ec${'ff'.repeat(31)}`, `ed${'ff'.repeat(30)}7f`];
  for (const hex of weakKeys) {
    const key = Buffer.from(hex, 'hex');
    // R is the neutral element and S is 0: such a signature holds for every text under one of these keys.
    const signature = Buffer.concat([Buffer.from(identityPoint, 'hex'), Buffer.alloc(32)]).toString('base64url');
    const own = { ...proof, id: hash('sha256', key), publicKey: key.toString('base64url'), signature };
    assert.equal(findIdentityFault({ params, proof: own, challenge })?.code, 'DEVICE_AUTH_PUBLIC_KEY_INVALID', hex);
  }
});

test('a key of any 32 bytes with any signature is refused, whether or not those bytes are a point of the curve', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array({ minLength: 64, maxLength: 64 }), (key, signature) => {
      const own = {
        ...proof,
        id: hash('sha256', key),
        publicKey: Buffer.from(key).toString('base64url'),
        signature: Buffer.from(signature).toString('base64url'),
      };
      assert.match(findIdentityFault({ params, proof: own, challenge })?.code ?? '', /_(SIGNATURE|PUBLIC_KEY)_INVALID$/);
    }),
    { numRuns: 300 },
  );
});
