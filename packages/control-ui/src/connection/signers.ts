/**
 * The two ways in which this page signs for its device: with the WebCrypto of the browser, whose key no script can read out, and, where
 * browsers give pages none (plain http in a LAN), with code of our own bundle. Both give the same signatures.
 *
 * Where keys are kept: `device-key.ts`.
 */
import { getPublicKey, hashes, sign } from '@noble/ed25519';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import type { DeviceSigner } from '@openclaw/client/control';

/** What WebCrypto calls it. */
const algorithm = { name: 'Ed25519' };

/** The key never leaves the browser's own keeping. @throws where the browser does not know Ed25519 */
export async function makeKeyPair(): Promise<CryptoKeyPair> {
  return (await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])) as CryptoKeyPair;
}

export async function createKeyPairSigner({ privateKey, publicKey }: CryptoKeyPair): Promise<DeviceSigner> {
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey));
  return {
    ...describe(raw),
    sign: async (text) => toBase64Url(new Uint8Array(await crypto.subtle.sign(algorithm, privateKey, new TextEncoder().encode(text)))),
  };
}

export const seedBytes = 32;

/** @param seed the 32 bytes from which the key pair follows */
export function createSeedSigner(seed: Uint8Array): DeviceSigner {
  hashes.sha512 = sha512;
  return {
    ...describe(getPublicKey(seed)),
    sign: (text) => Promise.resolve(toBase64Url(sign(new TextEncoder().encode(text), seed))),
  };
}

function describe(publicKey: Uint8Array): Pick<DeviceSigner, 'deviceId' | 'publicKey'> {
  return { deviceId: toHex(sha256(publicKey)), publicKey: toBase64Url(publicKey) };
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** @returns undefined where it is none */
export function fromBase64Url(text: string): Uint8Array | undefined {
  if (!/^[\w-]*$/.test(text)) return undefined;
  try {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
}
