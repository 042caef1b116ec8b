import assert from 'node:assert/strict';
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromBase64Url, toBase64Url } from './base64url.ts';
import { createKeyPairSigner, makeKeyPair } from './key-pair-signer.ts';
import { createSeedSigner } from './seed-signer.ts';

const seedBytes = 32;

/** As RFC 8410 wraps the 32 bytes. */
const pkcs8 = (seed: Uint8Array) => Buffer.from(`302e020100300506032b657004220420${Buffer.from(seed).toString('hex')}`, 'hex');
const seeds = fc.uint8Array({ minLength: seedBytes, maxLength: seedBytes });

async function importPair(seed: Uint8Array): Promise<CryptoKeyPair> {
  const raw = Buffer.from(createSeedSigner(seed).publicKey, 'base64url');
  return {
    privateKey: await crypto.subtle.importKey('pkcs8', pkcs8(seed), { name: 'Ed25519' }, false, ['sign']),
    publicKey: await crypto.subtle.importKey('raw', raw, { name: 'Ed25519' }, true, ['verify']),
  };
}

test('the browser and our own code give the same device and the same signatures, and Node agrees', async () => {
  await fc.assert(
    fc.asyncProperty(seeds, fc.string({ unit: 'binary' }), async (seed, text) => {
      const ours = createSeedSigner(seed);
      const browsers = await createKeyPairSigner(await importPair(seed));
      const key = createPrivateKey({ key: pkcs8(seed), format: 'der', type: 'pkcs8' });
      const expected = sign(null, Buffer.from(new TextEncoder().encode(text)), key).toString('base64url');
      assert.deepEqual([await ours.sign(text), await browsers.sign(text)], [expected, expected]);
      assert.deepEqual([ours.deviceId, ours.publicKey], [browsers.deviceId, browsers.publicKey]);
    }),
    { numRuns: 20 },
  );
});

test('a device is called by the hash of its key', () => {
  const { deviceId, publicKey } = createSeedSigner(new Uint8Array(seedBytes).fill(7));
  const raw = Buffer.from(publicKey, 'base64url');
  assert.equal(raw.length, 32);
  assert.equal(deviceId, createHash('sha256').update(raw).digest('hex'));
});

test('a key that the browser makes cannot be read out, and signs', async () => {
  const pair = await makeKeyPair();
  assert.equal(pair.privateKey.extractable, false);
  const { publicKey, sign: signText } = await createKeyPairSigner(pair);
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
  assert.ok(verify(null, Buffer.from('Grüße'), key, Buffer.from(await signText('Grüße'), 'base64url')));
});

test('bytes survive base64url, and what is none is refused', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.deepEqual(fromBase64Url(toBase64Url(bytes)), bytes)));
  assert.equal(fromBase64Url('a+b='), undefined);
  assert.equal(fromBase64Url('a'), undefined);
});
