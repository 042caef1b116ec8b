/** Requests to a Vault server: its address, namespace and certificates, and what it says when it refuses. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { reasonOf } from '../../../core/errors.ts';
import type { JsonObject } from '../../../core/json.ts';
import type { SourceContext } from '../contract.ts';
import { refused } from '../failures.ts';
import { requestJson, type JsonAnswer } from '../json-request.ts';

/** What Vault says is wrong; it names policies and paths, never values. */
export function vaultWords({ errors }: JsonObject): string {
  return Array.isArray(errors)
    ? errors
        .filter((each) => typeof each === 'string')
        .join('; ')
        .replace(/\s+/g, ' ')
        .trim()
        .slice(0, 200)
        .replace(/\.$/, '')
    : '';
}

export interface VaultServer {
  /** For errors. */
  readonly name: string;
  /** @throws OpenClawError `secret_refused` where nobody says where it is */
  check(): void;
  call(call: VaultCall): Promise<JsonAnswer>;
}

interface VaultCall {
  readonly path: string;
  readonly token?: string;
  readonly namespace?: string | undefined;
  readonly body?: JsonObject;
  readonly signal: AbortSignal;
}

export function openVaultServer({ settings: { vault }, environment, directory }: SourceContext): VaultServer {
  const address = (vault.address ?? environment.lookup('VAULT_ADDR')?.value)?.trim().replace(/\/+$/, '');
  const usual = vault.namespace ?? environment.lookup('VAULT_NAMESPACE')?.value;
  const caFile = vault.caFile === undefined ? environment.lookup('VAULT_CACERT')?.value : resolve(directory, vault.caFile);
  return {
    name: `vault at ${address ?? 'no address'}`,
    check() {
      if (address !== undefined && URL.canParse(address)) return;
      throw refused('vault', 'nobody says where it is: set secrets.vault.address or VAULT_ADDR');
    },
    call({ path, token, namespace = usual, body, signal }) {
      const headers = {
        'x-vault-request': 'true',
        ...(token === undefined ? {} : { 'x-vault-token': token }),
        ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
      };
      const ca = caFile === undefined ? {} : { ca: readAuthority(caFile) };
      return requestJson({ url: `${address}${path}`, headers, body, signal, ...ca });
    },
  };
}

function readAuthority(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    throw refused('vault', `its certificates in ${file} cannot be read: ${reasonOf(thrown)}`, thrown);
  }
}

export function encodePath(path: string): string {
  return path.split('/').filter(Boolean).map(encodeURIComponent).join('/');
}
