/**
 * The key by which a gateway knows this browser: made once, kept here, never sent. Clearing the data of the page makes it a new device.
 *
 * How it signs: `key-pair-signer.ts` and `seed-signer.ts`.
 */
import type { DeviceSigner } from '@openclaw/client/control';
import { fromBase64Url, toBase64Url } from './base64url.ts';
import { createKeyPairSigner, makeKeyPair } from './key-pair-signer.ts';

const databaseName = 'openclaw';
const storeName = 'keys';
const keyName = 'device';
const seedName = 'openclaw.device-key';
const seedBytes = 32;

export async function loadDeviceKey(): Promise<DeviceSigner> {
  // Both may be missing or refused: on plain http, in older browsers, in private windows.
  const pair = isSecureContext ? await loadKeyPair().catch(() => undefined) : undefined;
  if (pair) return createKeyPairSigner(pair);
  const { createSeedSigner } = await import('./seed-signer.ts');
  return createSeedSigner(loadSeed());
}

/** The next load makes another: for a device that the gateway will not have any more. */
export async function forgetDeviceKey(): Promise<void> {
  localStorage.removeItem(seedName);
  await inStore('readwrite', (store) => store.delete(keyName)).catch(() => undefined);
}

async function loadKeyPair(): Promise<CryptoKeyPair> {
  const kept = (await inStore<unknown>('readonly', (store) => store.get(keyName))) as CryptoKeyPair | undefined;
  if (kept) return kept;
  const made = await makeKeyPair();
  await inStore('readwrite', (store) => store.put(made, keyName));
  return made;
}

function loadSeed(): Uint8Array {
  const kept = fromBase64Url(localStorage.getItem(seedName) ?? '');
  if (kept?.length === seedBytes) return kept;
  const made = crypto.getRandomValues(new Uint8Array(seedBytes));
  localStorage.setItem(seedName, toBase64Url(made));
  return made;
}

async function inStore<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const opening = indexedDB.open(databaseName, 1);
  opening.onupgradeneeded = () => void opening.result.createObjectStore(storeName);
  const database = await settled(opening);
  try {
    return await settled(act(database.transaction(storeName, mode).objectStore(storeName)));
  } finally {
    database.close();
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the database of the browser does not answer'));
  });
}
