/**
 * Signs with code of our own bundle, where browsers give pages no WebCrypto: on plain http in a LAN. The signatures are those that
 * `key-pair-signer.ts` would give. Loaded where it is needed alone.
 */
import { getPublicKey, hashes, sign } from '@noble/ed25519';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import type { DeviceSigner } from '@openclaw/client/control';
import { toBase64Url, toHex } from './base64url.ts';

/** @param seed the 32 bytes from which the key pair follows */
export function createSeedSigner(seed: Uint8Array): DeviceSigner {
  hashes.sha512 = sha512;
  const publicKey = getPublicKey(seed);
  return {
    deviceId: toHex(sha256(publicKey)),
    publicKey: toBase64Url(publicKey),
    sign: (text) => Promise.resolve(toBase64Url(sign(new TextEncoder().encode(text), seed))),
  };
}
