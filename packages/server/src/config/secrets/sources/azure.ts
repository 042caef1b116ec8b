/** Azure Key Vault by its HTTP API: one request, and one more for a token of the gateway's identity (`azure-identity.ts`). No SDK. */
import type { SecretTargets } from '@openclaw/protocol';

import { isJsonObject } from '../../../core/json.ts';
import { createAccessToken } from '../access-token.ts';
import type { OpenSource } from '../contract.ts';
import { asDown, down, missing, refused, usable } from '../failures.ts';
import { requestJson, type JsonAnswer } from '../json-request.ts';
import { azureToken } from './azure-identity.ts';

type Target = SecretTargets['azure'];

const apiVersion = '7.4';

export const openAzureSource: OpenSource<'azure'> = (context) => {
  const { settings, clock } = context;
  const tokens = new Map<string, ReturnType<typeof createAccessToken>>();
  const describe = ({ name, key, vaultUrl = settings.azure.vaultUrl }: Target): string =>
    `azure ${vaultUrl === undefined ? '' : `${new URL(vaultUrl).host}/`}${name}${key === undefined ? '' : `#${key}`}`;

  function tokenFor(vaultUrl: string): ReturnType<typeof createAccessToken> {
    const resource = resourceOf(vaultUrl);
    const known = tokens.get(resource) ?? createAccessToken(clock, (signal) => azureToken(context, resource, signal));
    tokens.set(resource, known);
    return known;
  }

  return {
    describe,
    async read(target, signal) {
      const where = describe(target);
      const vaultUrl = target.vaultUrl ?? settings.azure.vaultUrl;
      if (vaultUrl === undefined || !URL.canParse(vaultUrl))
        throw refused(where, 'nobody says in which vault it is: set secrets.azure.vaultUrl');
      const token = tokenFor(vaultUrl);
      const path = ['secrets', target.name, target.version ?? ''].map(encodeURIComponent).join('/');
      const url = `${vaultUrl.replace(/\/+$/, '')}/${path}?api-version=${apiVersion}`;
      try {
        const answer = await requestJson({ url, headers: { authorization: `Bearer ${await token.get(signal)}` }, signal });
        if (answer.status === 200) return readingOf(where, target, answer);
        // An identity that has been given more rights since, or lost them, gets another token.
        token.drop();
        throw failureOf(where, answer);
      } catch (thrown) {
        throw asDown(where, thrown, signal);
      }
    },
  };
};

/** Each cloud of Azure has its own: `https://vault.azure.net`, `https://vault.azure.cn`, … */
function resourceOf(vaultUrl: string): string {
  const cloud = /^[^.]+\.(vault\..+)$/.exec(new URL(vaultUrl).hostname)?.[1];
  return `https://${cloud ?? 'vault.azure.net'}`;
}

function readingOf(where: string, { key }: Target, { body }: JsonAnswer): { value: string; version?: string; madeAt?: string } {
  const attributes = isJsonObject(body['attributes']) ? body['attributes'] : {};
  const version = typeof body['id'] === 'string' ? body['id'].split('/').at(-1) : undefined;
  const updatedSeconds = attributes['updated'];
  return {
    value: usable(where, body['value'], key),
    ...(version ? { version } : {}),
    ...(typeof updatedSeconds === 'number' ? { madeAt: new Date(updatedSeconds * 1000).toISOString() } : {}),
  };
}

function failureOf(where: string, { status, body }: JsonAnswer): Error {
  const code = isJsonObject(body['error']) && typeof body['error']['code'] === 'string' ? body['error']['code'] : `it answered ${status}`;
  if (status === 404) return missing(where, code);
  return (status === 401 || status === 403 ? refused : down)(where, code);
}
