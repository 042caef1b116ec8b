/**
 * HashiCorp Vault and OpenBao: the KV engine, version 2, by its HTTP API. Two requests, so no SDK.
 *
 * A secret that was deleted or destroyed there is missing; a sealed or standby server is down. Logins: `vault-login.ts`.
 */
import type { SecretTargets } from '@openclaw/protocol';

import { isJsonObject, type JsonObject } from '../../../core/json.ts';
import { createAccessToken } from '../access-token.ts';
import type { OpenSource } from '../contract.ts';
import { asDown, down, missing, refused, usable } from '../failures.ts';
import type { JsonAnswer } from '../json-request.ts';
import { vaultLogin } from './vault-login.ts';
import { encodePath, openVaultServer, vaultWords } from './vault-server.ts';

type Target = SecretTargets['vault'];

export const openVaultSource: OpenSource<'vault'> = (context) => {
  const { settings, clock } = context;
  const { vault } = settings;
  const server = openVaultServer(context);
  const login = vaultLogin(context, server);
  const token = createAccessToken(clock, login.ask);
  const mountOf = (target: Target): string => target.mount ?? vault.mount;
  const describe = (target: Target): string => `vault ${mountOf(target)}/${target.path}#${target.key}`;

  async function ask(target: Target, signal: AbortSignal): Promise<JsonAnswer> {
    const where = describe(target);
    const version = target.version === undefined ? '' : `?version=${target.version}`;
    const path = `/v1/${encodePath(mountOf(target))}/data/${encodePath(target.path)}${version}`;
    server.check();
    try {
      return await server.call({ path, token: await token.get(signal), namespace: target.namespace, signal });
    } catch (thrown) {
      throw asDown(where, thrown, signal);
    }
  }

  return {
    describe,
    async read(target, signal) {
      const where = describe(target);
      let answer = await ask(target, signal);
      // A token that was revoked, or has come to its end too soon: once more with a new one.
      if (answer.status === 403 && login.canRenew) {
        token.drop();
        answer = await ask(target, signal);
      }
      if (answer.status !== 200) {
        token.drop();
        throw failureOf(where, answer);
      }
      return readingOf(where, target, answer.body);
    },
  };
};

function readingOf(where: string, { key }: Target, body: JsonObject): ReturnType<ReturnType<typeof openVaultSource>['read']> {
  const outer = isJsonObject(body['data']) ? body['data'] : {};
  const values = isJsonObject(outer['data']) ? outer['data'] : undefined;
  const metadata = isJsonObject(outer['metadata']) ? outer['metadata'] : {};
  if (values === undefined) throw missing(where, 'there is no KV version 2 engine at this mount, or the secret was deleted');
  if (!Object.hasOwn(values, key)) throw missing(where, `it has no key ${key}`);
  const { version, created_time: madeAt } = metadata;
  const leaseSeconds = body['lease_duration'];
  return Promise.resolve({
    value: usable(where, values[key]),
    version: typeof version === 'number' ? String(version) : undefined,
    madeAt: typeof madeAt === 'string' ? madeAt : undefined,
    goodForMs: typeof leaseSeconds === 'number' && leaseSeconds > 0 ? leaseSeconds * 1000 : undefined,
  });
}

function failureOf(where: string, { status, body }: JsonAnswer): Error {
  const said = vaultWords(body);
  if (status === 404) return missing(where, said || 'nothing is there, or it was deleted');
  if (status === 400 || status === 401 || status === 403) return refused(where, said || `it answered ${status}`);
  if (status === 503) return down(where, said || 'it is sealed, or in maintenance');
  return down(where, said || `it answered ${status}`);
}
