/**
 * How a device shows that it holds its key. The key itself, where it lies and which code signs are the caller's: `node:crypto`, WebCrypto, or
 * a library where pages have no WebCrypto (plain http in a LAN).
 */
import { textToSign, type Challenge, type ClientDescription, type ConnectAuth, type DeviceProof } from '@openclaw/protocol';

export interface DeviceSigner {
  /** Lower-case hex of the SHA-256 of the raw public key. */
  readonly deviceId: string;
  /** The raw 32 bytes of the Ed25519 key in base64url without padding. */
  readonly publicKey: string;
  /** The Ed25519 signature of the text as UTF-8, in base64url without padding. */
  sign(text: string): Promise<string>;
}

export interface Proven {
  readonly challenge: Challenge;
  readonly client: ClientDescription;
  readonly role: string;
  readonly scopes: readonly string[];
  readonly auth: ConnectAuth;
}

/** What the device says to one challenge; of no use for another. */
export async function proveDevice(signer: DeviceSigner, { challenge, client, role, scopes, auth }: Proven): Promise<DeviceProof> {
  const { deviceId, publicKey } = signer;
  const text = textToSign(3, {
    deviceId,
    clientId: client.id,
    clientMode: client.mode,
    role,
    scopes,
    signedAtMs: challenge.ts,
    token: auth.token ?? auth.deviceToken ?? auth.bootstrapToken ?? '',
    nonce: challenge.nonce,
    platform: client.platform,
    deviceFamily: client.deviceFamily,
  });
  return { id: deviceId, publicKey, signature: await signer.sign(text), signedAt: challenge.ts, nonce: challenge.nonce };
}
