/** Signs with the WebCrypto of the browser, whose key no script can read out. Where browsers give pages none: `seed-signer.ts`. */
import type { DeviceSigner } from '@openclaw/client/control';
import { toBase64Url, toHex } from './base64url.ts';

/** What WebCrypto calls it. */
const algorithm = { name: 'Ed25519' };

/** The key never leaves the browser's own keeping. @throws where the browser does not know Ed25519 */
export async function makeKeyPair(): Promise<CryptoKeyPair> {
  return (await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])) as CryptoKeyPair;
}

export async function createKeyPairSigner({ privateKey, publicKey }: CryptoKeyPair): Promise<DeviceSigner> {
  const raw = await crypto.subtle.exportKey('raw', publicKey);
  return {
    deviceId: toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', raw))),
    publicKey: toBase64Url(new Uint8Array(raw)),
    sign: async (text) => toBase64Url(new Uint8Array(await crypto.subtle.sign(algorithm, privateKey, new TextEncoder().encode(text)))),
  };
}
