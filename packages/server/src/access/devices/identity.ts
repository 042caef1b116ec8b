/**
 * Checks that whoever connects holds the private key of the device that it says it is.
 *
 * It knows no paired devices: who may come in with a proven identity is the door's business.
 */
import { createPublicKey, hash, verify } from 'node:crypto';
import { textToSign, type ConnectParams, type DeviceProof } from '@openclaw/protocol';

export interface IdentityQuestion {
  readonly params: ConnectParams;
  readonly proof: DeviceProof;
  readonly challenge: { readonly nonce: string; readonly ts: number };
}

/** What is wrong with a proof, in the words of the protocol. */
export interface IdentityFault {
  readonly message: string;
  readonly code: `DEVICE_AUTH_${string}`;
  readonly reason: string;
}

/** How far the moment of the signature may lie from the challenge: clients copy it, and some round it. */
export const signatureSkewMs = 120_000;

const faults = {
  deviceId: { message: 'device identity mismatch', code: 'DEVICE_AUTH_DEVICE_ID_MISMATCH', reason: 'device-id-mismatch' },
  expired: { message: 'device signature expired', code: 'DEVICE_AUTH_SIGNATURE_EXPIRED', reason: 'device-signature-stale' },
  nonceMissing: { message: 'device nonce required', code: 'DEVICE_AUTH_NONCE_REQUIRED', reason: 'device-nonce-missing' },
  nonce: { message: 'device nonce mismatch', code: 'DEVICE_AUTH_NONCE_MISMATCH', reason: 'device-nonce-mismatch' },
  signature: { message: 'device signature invalid', code: 'DEVICE_AUTH_SIGNATURE_INVALID', reason: 'device-signature' },
  publicKey: { message: 'device public key invalid', code: 'DEVICE_AUTH_PUBLIC_KEY_INVALID', reason: 'device-public-key' },
} as const satisfies Record<string, IdentityFault>;

const keyBytes = 32;
const signatureBytes = 64;
/** What stands before the raw key in its DER form (RFC 8410). */
const derPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/** @returns undefined where everything holds */
export function findIdentityFault({ params, proof, challenge }: IdentityQuestion): IdentityFault | undefined {
  const rawKey = decodeExactly(proof.publicKey, keyBytes);
  if (rawKey === undefined || isSmallOrder(rawKey)) return faults.publicKey;
  if (hash('sha256', rawKey) !== proof.id) return faults.deviceId;
  const { signedAt } = proof;
  if (!Number.isSafeInteger(signedAt) || signedAt < 0 || Math.abs(signedAt - challenge.ts) > signatureSkewMs) return faults.expired;
  if (typeof proof.nonce !== 'string' || proof.nonce.trim() === '') return faults.nonceMissing;
  if (proof.nonce !== challenge.nonce) return faults.nonce;
  const signature = decodeExactly(proof.signature, signatureBytes);
  if (signature === undefined) return faults.signature;
  return isSigned({ params, proof, rawKey, signature });
}

interface SignatureQuestion {
  readonly params: ConnectParams;
  readonly proof: DeviceProof;
  readonly rawKey: Buffer;
  readonly signature: Buffer;
}

/** Version 3 first, which clients of today sign; version 1 has no nonce, so it could be replayed, and is not tried. */
function isSigned({ params, proof, rawKey, signature }: SignatureQuestion): IdentityFault | undefined {
  const { client, role = 'operator', scopes = [], auth = {} } = params;
  const fields = {
    deviceId: proof.id,
    clientId: client.id,
    clientMode: client.mode,
    role,
    scopes,
    signedAtMs: proof.signedAt,
    token: auth.token ?? auth.deviceToken ?? auth.bootstrapToken ?? '',
    nonce: proof.nonce,
    platform: client.platform,
    deviceFamily: client.deviceFamily,
  };
  try {
    const key = createPublicKey({ key: Buffer.concat([derPrefix, rawKey]), format: 'der', type: 'spki' });
    const holds = ([3, 2] as const).some((version) => verify(null, Buffer.from(textToSign(version, fields)), key, signature));
    return holds ? undefined : faults.signature;
  } catch {
    // OpenSSL refuses bytes that are no key by throwing; that is an answer, and the only one that it can give here.
    return faults.publicKey;
  }
}

/**
 * The points of the curve whose multiples are eight at most, in each of their encodings. Anybody can write signatures that hold for such
 * a key, so it is nobody's.
 */
const smallOrderPoints: ReadonlySet<string> = new Set([
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  ...['ec', 'ed', 'ee'].map((first) => `${first}${'ff'.repeat(30)}7f`),
]);

function isSmallOrder(rawKey: Buffer): boolean {
  const point = Buffer.from(rawKey);
  // The highest bit is the sign of the other coordinate.
  point[keyBytes - 1]! &= 0x7f;
  return smallOrderPoints.has(point.toString('hex'));
}

/** Strict base64url: one text for one value, without padding, so that no device has two keys. */
function decodeExactly(text: string, bytes: number): Buffer | undefined {
  if (typeof text !== 'string' || text.length !== Math.ceil((bytes * 4) / 3) || !/^[A-Za-z0-9_-]*$/.test(text)) return undefined;
  const decoded = Buffer.from(text, 'base64url');
  return decoded.length === bytes && decoded.toString('base64url') === text ? decoded : undefined;
}
