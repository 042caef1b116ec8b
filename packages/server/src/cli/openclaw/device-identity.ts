/**
 * The device that this user's command line is to gateways on other machines: an Ed25519 key, and the tokens that gateways issued to it.
 *
 * It is made when a gateway first needs one, and lies beside what else the command line remembers. On the gateway's own machine none is used.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { DeviceSigner } from '@openclaw/client/control';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { ClientDirectory } from '../client-directory.ts';

export interface CommandDevice {
  readonly signer: DeviceSigner;
  tokenFor(url: string): string | undefined;
  /** Undefined: it holds no longer. */
  keepToken(url: string, token: string | undefined): void;
}

const file = 'device.json';

/** @returns undefined where there is none and none can be kept: one that is new each time would ask for approval each time */
export function openCommandDevice(directory: ClientDirectory): CommandDevice | undefined {
  const found = readKey(directory.read(file));
  const key = found ?? generateKeyPairSync('ed25519').privateKey;
  if (!found && !directory.write(file, stored(key, {}))) return undefined;
  const tokens = (): JsonObject => {
    const { tokens: kept } = directory.read(file);
    return isJsonObject(kept) ? kept : {};
  };
  return {
    signer: signerOf(key),
    tokenFor(url) {
      const token = tokens()[url];
      return typeof token === 'string' ? token : undefined;
    },
    keepToken(url, token) {
      const { [url]: _old, ...others } = tokens();
      directory.write(file, stored(key, token === undefined ? others : { ...others, [url]: token }));
    },
  };
}

function readKey({ privateKey }: JsonObject): KeyObject | undefined {
  if (typeof privateKey !== 'string') return undefined;
  try {
    const key = createPrivateKey(privateKey);
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    // Not a key any more: another one takes its place, and has to be approved.
    return undefined;
  }
}

function stored(key: KeyObject, tokens: JsonObject): JsonObject {
  return { version: 1, privateKey: String(key.export({ format: 'pem', type: 'pkcs8' })), tokens };
}

function signerOf(key: KeyObject): DeviceSigner {
  // The last 32 bytes of the encoding are the key itself.
  const raw = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
  return {
    deviceId: createHash('sha256').update(raw).digest('hex'),
    publicKey: raw.toString('base64url'),
    sign: (text) => Promise.resolve(sign(null, Buffer.from(text), key).toString('base64url')),
  };
}
