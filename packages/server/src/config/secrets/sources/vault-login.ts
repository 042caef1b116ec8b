/** How the gateway comes by a token of Vault: one that it was given, or a login by AppRole or by the service account of its pod. */
import { readFileSync } from 'node:fs';

import { reasonOf } from '../../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../../core/json.ts';
import type { FreshToken } from '../access-token.ts';
import type { SourceContext } from '../contract.ts';
import { down, refused } from '../failures.ts';
import { vaultWords, type VaultServer } from './vault-server.ts';

export interface VaultLogin {
  /** Another token can be had than the one that was refused. */
  readonly canRenew: boolean;
  ask(signal: AbortSignal): Promise<FreshToken>;
}

export function vaultLogin({ settings: { vault }, environment }: SourceContext, server: VaultServer): VaultLogin {
  const { appRole, kubernetes } = vault;
  if (vault.token !== undefined) {
    const { token } = vault;
    return { canRenew: false, ask: async () => ({ token }) };
  }
  if (appRole) {
    const body = { role_id: appRole.roleId, ...(appRole.secretId === undefined ? {} : { secret_id: appRole.secretId }) };
    return { canRenew: true, ask: (signal) => logIn({ server, mount: appRole.mount, body, signal }) };
  }
  if (kubernetes) {
    return {
      canRenew: true,
      // Kubernetes writes another one into the file every hour.
      ask: async (signal) =>
        logIn({ server, mount: kubernetes.mount, body: { role: kubernetes.role, jwt: readJwt(server, kubernetes.tokenFile) }, signal }),
    };
  }
  return {
    // An agent may have written another one behind VAULT_TOKEN_FILE.
    canRenew: true,
    ask: async () => {
      const token = environment.lookup('VAULT_TOKEN')?.value.trim();
      if (token !== undefined) return { token };
      throw refused(server.name, 'no token and no login: set secrets.vault.token, .appRole or .kubernetes, or VAULT_TOKEN');
    },
  };
}

interface LoginCall {
  readonly server: VaultServer;
  readonly mount: string;
  readonly body: JsonObject;
  readonly signal: AbortSignal;
}

async function logIn({ server, mount, body, signal }: LoginCall): Promise<FreshToken> {
  const answer = await server.call({ path: `/v1/auth/${mount}/login`, body, signal });
  const { auth } = answer.body;
  if (answer.status === 200 && isJsonObject(auth) && typeof auth['client_token'] === 'string') {
    const seconds = auth['lease_duration'];
    return { token: auth['client_token'], lifeMs: typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined };
  }
  const where = `the login ${mount} of ${server.name}`;
  const reason = vaultWords(answer.body) || `it answered ${answer.status}`;
  throw (answer.status >= 400 && answer.status < 500 && answer.status !== 429 ? refused : down)(where, reason);
}

function readJwt(server: VaultServer, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (thrown) {
    throw refused(server.name, `the token of the service account in ${file} cannot be read: ${reasonOf(thrown)}`, thrown);
  }
}
