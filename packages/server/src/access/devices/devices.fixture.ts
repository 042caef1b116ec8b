/** Devices on a store of each engine, for tests; and a device that signs what it is asked to. */
import { generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectParams, type DeviceProof, operatorScopes, textToSign } from '@openclaw/protocol';
import { createFakeClock, type FakeClock } from '../../core/fake-clock.ts';
import { createLog, type Log } from '../../core/log.ts';
import type { Database } from '../../storage/index.ts';
import { migrations } from '../../storage/migrations/index.ts';
import { openPostgres } from '../../storage/postgres/database.ts';
import type { PgliteServer } from '../../storage/postgres/pglite.fixture.ts';
import { openSqlite } from '../../storage/sqlite/database.ts';
import { storePaths } from '../../storage/sqlite/paths.ts';
import type { AuditSink } from '../audit-sink.ts';
import { createMemoryStore } from '../database.fixture.ts';
import type { PairingClaim } from './claim.ts';
import type { Approver, DeviceChange } from './contract.ts';
import type { DeviceLimits } from './device-book.ts';
import { createDevices, type DeviceRegistry } from './devices.ts';

export interface TestStore extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly database: Database;
  readonly log: Log;
  readonly logLines: string[];
  readonly audited: Parameters<AuditSink['record']>[0][];
  /** Closes the database and opens it again, as a restart does. */
  reopen(): Promise<Database>;
  /** Devices of a process on this store; closed at the end. */
  open(limits?: DeviceLimits): Promise<DeviceRegistry>;
}

/** @param server PostgreSQL, emptied at the end; without it a SQLite store in a directory of its own */
export async function openTestStore(server?: PgliteServer): Promise<TestStore> {
  await using resources = new AsyncDisposableStack();
  const connect = server ? openEmpty(server, resources) : openOnDisk(resources);
  return await openOn(connect, resources.move());
}

async function openOn(connect: () => Promise<Database>, owned?: AsyncDisposableStack): Promise<TestStore> {
  await using resources = owned ?? new AsyncDisposableStack();
  const clock = createFakeClock();
  const logLines: string[] = [];
  const audited: TestStore['audited'] = [];
  const log = createLog({ clock, destinations: [{ write: (line) => void logLines.push(line) }] });
  let database = await connect();
  let registries: DeviceRegistry[] = [];
  const close = async (): Promise<void> => {
    for (const registry of registries) await registry.close();
    registries = [];
    await database.close();
  };
  resources.defer(close);
  const kept = resources.move();
  return {
    ...{ clock, log, logLines, audited },
    get database() {
      return database;
    },
    async reopen() {
      await close();
      return (database = await connect());
    },
    async open(limits = {}) {
      const audit: AuditSink = { record: async (entry) => void audited.push(entry) };
      const registry = await createDevices({ database, clock, log, audit, limits });
      registries.push(registry);
      return registry;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

export interface MemoryTestStore extends TestStore {
  /** Makes the next statements fail, as a broken disk does. */
  failNext(count: number): void;
  readonly statements: readonly string[];
}

/** For what is the same on every engine, and quick. */
export async function openMemoryStore(): Promise<MemoryTestStore> {
  const memory = createMemoryStore();
  const store = await openOn(async () => memory.connect());
  return Object.assign(store, { failNext: memory.failNext, statements: memory.statements });
}

function openOnDisk(resources: AsyncDisposableStack): () => Promise<Database> {
  const clock = createFakeClock();
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-devices-'));
  resources.defer(() => rmSync(directory, { recursive: true }));
  return () => openSqlite({ paths: storePaths(directory), clock, migrations, reader: 'at once' });
}

function openEmpty(server: PgliteServer, resources: AsyncDisposableStack): () => Promise<Database> {
  resources.defer(() => server.empty());
  return () => openPostgres({ client: server.connect(), migrations });
}

/** Who may decide everything. */
export const operator: Approver = { id: 'cli', scopes: new Set<string>(operatorScopes) };

export function claimOf(name: string, changes: Partial<PairingClaim> = {}): PairingClaim {
  return {
    deviceId: hash('sha256', name),
    publicKey: `key-of-${name}`,
    platform: 'linux',
    clientId: 'cli',
    clientMode: 'cli',
    role: 'operator',
    scopes: ['operator.read'],
    remoteIp: '10.0.0.1',
    ...changes,
  };
}

/** What is told of devices, in short. */
export function listen(devices: DeviceRegistry): string[] {
  const heard: string[] = [];
  devices.onChange((change) => void heard.push(describe(change)));
  return heard;
}

function describe(change: DeviceChange): string {
  if (change.kind === 'resolved') return change.decision;
  return change.kind === 'invalidated' ? change.reason : change.kind;
}

export interface TestDevice {
  readonly id: string;
  readonly publicKey: string;
  /** The parameters with a proof that holds; `changes` are made after signing. */
  prove(params: ConnectParams, options: ProofOptions): ConnectParams;
}

export interface ProofOptions {
  readonly challenge: { readonly nonce: string; readonly ts: number };
  readonly version?: 2 | 3;
  readonly changes?: Partial<DeviceProof>;
}

export function createTestDevice(): TestDevice {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const id = hash('sha256', raw);
  return {
    id,
    publicKey: raw.toString('base64url'),
    prove(params, { challenge, version = 3, changes = {} }) {
      const text = textToSign(version, signedFields(id, params, challenge));
      const proof = { id, publicKey: raw.toString('base64url'), signature: signText(text, privateKey) };
      return { ...params, device: { ...proof, signedAt: challenge.ts, nonce: challenge.nonce, ...changes } };
    },
  };
}

function signedFields(
  deviceId: string,
  { client, role = 'operator', scopes = [], auth = {} }: ConnectParams,
  challenge: ProofOptions['challenge'],
) {
  const token = auth.token ?? auth.deviceToken ?? auth.bootstrapToken ?? '';
  const { platform, deviceFamily } = client;
  return {
    deviceId,
    clientId: client.id,
    clientMode: client.mode,
    role,
    scopes,
    signedAtMs: challenge.ts,
    token,
    nonce: challenge.nonce,
    platform,
    deviceFamily,
  };
}

export function signText(text: string, key: KeyObject): string {
  return sign(null, Buffer.from(text), key).toString('base64url');
}
