/**
 * A fake of Vault, made from the published HTTP API of KV version 2, AppRole and Kubernetes logins; not Vault. It keeps versions, deletes softly,
 * hands out tokens with a lease, and refuses those that it does not know.
 */
import type { TestContext } from 'node:test';

import type { JsonValue } from '../../../core/json.ts';
import { createKeeperServer, type Asked, type KeeperServer } from '../source.fixture.ts';

export interface FakeVault extends KeeperServer {
  readonly rootToken: string;
  put(path: string, values: Readonly<Record<string, string>>): void;
  remove(path: string): void;
  /** From now on no token is good, and no login either. */
  shut(): void;
  /** The end of that. */
  open(): void;
  /** Tokens that a login gave end now; another login gives another. */
  revoke(): void;
  seal(): void;
}

interface Version {
  readonly values: Readonly<Record<string, string>>;
  readonly madeAt: string;
  isDeleted: boolean;
}

export async function createFakeVault(t: TestContext, { mount = 'secret', namespace = '', leaseSeconds = 3600 } = {}): Promise<FakeVault> {
  const rootToken = 'hvs.root-of-the-fake';
  const secrets = new Map<string, Version[]>();
  let tokens = new Set([rootToken]);
  let logins = 0;
  let isShut = false;
  let isSealed = false;
  const refusal = (status: number, ...errors: string[]): { status: number; body: JsonValue } => ({ status, body: { errors } });

  function answer(asked: Asked): { status: number; body: JsonValue } {
    const { pathname, searchParams } = new URL(asked.path, 'http://vault');
    if (isSealed) return refusal(503, 'Vault is sealed');
    if ((asked.headers['x-vault-namespace'] ?? '') !== namespace) return refusal(404);
    if (pathname.startsWith('/v1/auth/')) return login(pathname, asked);
    if (!tokens.has(String(asked.headers['x-vault-token'])) || isShut)
      return refusal(403, '2 errors occurred: permission denied, invalid token');
    const path = pathname.startsWith(`/v1/${mount}/data/`) ? decodeURIComponent(pathname.slice(`/v1/${mount}/data/`.length)) : undefined;
    const versions = path === undefined ? [] : (secrets.get(path) ?? []);
    const number = Number(searchParams.get('version') ?? versions.length);
    const found = versions[number - 1];
    if (!found) return refusal(404);
    const metadata = { created_time: found.madeAt, custom_metadata: null, deletion_time: '', destroyed: false, version: number };
    if (found.isDeleted) return { status: 404, body: { data: { data: null, metadata: { ...metadata, deletion_time: found.madeAt } } } };
    return {
      status: 200,
      body: { request_id: 'r', lease_id: '', lease_duration: 0, renewable: false, data: { data: found.values, metadata } },
    };
  }

  function login(pathname: string, { body }: Asked): { status: number; body: JsonValue } {
    const isRight =
      (pathname === '/v1/auth/approle/login' && body['role_id'] === 'gateway' && body['secret_id'] === 'secret-id-of-the-fake') ||
      (pathname === '/v1/auth/kubernetes/login' && body['role'] === 'gateway' && body['jwt'] === 'jwt-of-the-pod');
    if (!isRight || isShut) return refusal(400, 'invalid role or secret ID');
    const token = `hvs.login-${(logins += 1)}`;
    tokens.add(token);
    return { status: 200, body: { auth: { client_token: token, lease_duration: leaseSeconds, renewable: true } } };
  }

  const server = await createKeeperServer(t, answer);
  return {
    ...server,
    rootToken,
    put: (path, values) => {
      secrets.set(path, [...(secrets.get(path) ?? []), { values, madeAt: new Date().toISOString(), isDeleted: false }]);
    },
    remove: (path) => {
      const newest = secrets.get(path)?.at(-1);
      if (newest) newest.isDeleted = true;
    },
    shut: () => {
      isShut = true;
    },
    open: () => {
      isShut = false;
    },
    revoke: () => {
      tokens = new Set([rootToken]);
    },
    seal: () => {
      isSealed = true;
    },
  };
}
