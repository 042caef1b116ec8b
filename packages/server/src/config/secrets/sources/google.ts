/** Google Secret Manager by its HTTP API: one request, and one more for a token of the gateway's account (`google-identity.ts`). No SDK. */
import type { SecretTargets } from '@openclaw/protocol';

import { isJsonObject } from '../../../core/json.ts';
import { createAccessToken } from '../access-token.ts';
import type { OpenSource } from '../contract.ts';
import { asDown, down, missing, refused, unusable, usable } from '../failures.ts';
import { requestJson, type JsonAnswer } from '../json-request.ts';
import { googleToken } from './google-identity.ts';

type Target = SecretTargets['google'];

export const openGoogleSource: OpenSource<'google'> = (context) => {
  const { settings, environment, clock } = context;
  const token = createAccessToken(clock, (signal) => googleToken(context, signal));
  const endpoint = (settings.google.endpoint ?? 'https://secretmanager.googleapis.com').replace(/\/+$/, '');
  const pathOf = ({ name, project, version = 'latest' }: Target): string | undefined => {
    if (name.startsWith('projects/')) return name.includes('/versions/') ? name : `${name}/versions/${version}`;
    const owner = project ?? settings.google.project ?? environment.lookup('GOOGLE_CLOUD_PROJECT')?.value.trim();
    return owner === undefined ? undefined : `projects/${owner}/secrets/${name}/versions/${version}`;
  };
  const describe = ({ name, key }: Target): string => `google ${name}${key === undefined ? '' : `#${key}`}`;
  return {
    describe,
    async read(target, signal) {
      const where = describe(target);
      const path = pathOf(target);
      if (path === undefined) throw refused(where, 'nobody says in which project it is: set secrets.google.project');
      const url = `${endpoint}/v1/${path.split('/').map(encodeURIComponent).join('/')}:access`;
      try {
        const answer = await requestJson({ url, headers: { authorization: `Bearer ${await token.get(signal)}` }, signal });
        if (answer.status === 200) return readingOf(where, target, answer);
        token.drop();
        throw failureOf(where, answer);
      } catch (thrown) {
        throw asDown(where, thrown, signal);
      }
    },
  };
};

function readingOf(where: string, { key }: Target, { body }: JsonAnswer): { value: string; version?: string } {
  const { payload, name } = body;
  const data = isJsonObject(payload) ? payload['data'] : undefined;
  if (typeof data !== 'string') throw unusable(where, 'there is no payload in the answer');
  const version = typeof name === 'string' ? name.split('/').at(-1) : undefined;
  return { value: usable(where, toText(where, data), key), ...(version ? { version } : {}) };
}

function toText(where: string, base64: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'));
  } catch {
    throw unusable(where, 'it is bytes and not a text');
  }
}

function failureOf(where: string, { status, body }: JsonAnswer): Error {
  const said =
    isJsonObject(body['error']) && typeof body['error']['status'] === 'string' ? body['error']['status'] : `it answered ${status}`;
  if (status === 404) return missing(where, said);
  // A version that is disabled or destroyed.
  if (status === 400 && said === 'FAILED_PRECONDITION') return missing(where, said);
  return (status === 400 || status === 401 || status === 403 ? refused : down)(where, said);
}
