/**
 * The gateway's account in Google Cloud: the key of a service account in a file, else the account of the machine, pod or service that it runs on.
 * Federation with other clouds (`external_account`) is not done here: its credentials file is refused with that word.
 */
import { createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { reasonOf } from '../../../core/errors.ts';
import { parseObject } from '../../../core/json.ts';
import type { FreshToken } from '../access-token.ts';
import type { SourceContext } from '../contract.ts';
import { down, refused } from '../failures.ts';
import { requestJson, type JsonRequest } from '../json-request.ts';

const where = 'the login of google';
const scope = 'https://www.googleapis.com/auth/cloud-platform';
const assertionLifeSeconds = 600;

/** @throws OpenClawError `secret_refused`, `secret_source_down` */
export async function googleToken(context: SourceContext, signal: AbortSignal): Promise<FreshToken> {
  const answer = await requestJson({ ...loginOf(context), signal });
  const { access_token: token, expires_in: seconds, error } = answer.body;
  if (answer.status === 200 && typeof token === 'string') return { token, lifeMs: Number(seconds ?? 300) * 1000 };
  const reason = typeof error === 'string' ? error : `it answered ${answer.status}`;
  throw (answer.status >= 400 && answer.status < 500 && answer.status !== 429 ? refused : down)(where, reason);
}

function loginOf({ settings: { google }, environment, directory, clock }: SourceContext): Omit<JsonRequest, 'signal'> {
  const named = environment.lookup('GOOGLE_APPLICATION_CREDENTIALS')?.value.trim();
  const file = google.credentialsFile === undefined ? named : resolve(directory, google.credentialsFile);
  if (file === undefined) {
    const host = environment.lookup('GCE_METADATA_HOST')?.value.trim() ?? 'metadata.google.internal';
    return {
      url: `http://${host}/computeMetadata/v1/instance/service-accounts/default/token`,
      headers: { 'metadata-flavor': 'Google' },
    };
  }
  const { email, privateKey, tokenUri } = readAccount(file);
  const nowSeconds = Math.floor(clock.now() / 1000);
  const claims = { iss: email, scope, aud: tokenUri, iat: nowSeconds, exp: nowSeconds + assertionLifeSeconds };
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: signed(claims, { privateKey, file }) };
  return {
    url: tokenUri,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  };
}

interface Account {
  readonly email: string;
  readonly privateKey: string;
  readonly tokenUri: string;
}

function readAccount(file: string): Account {
  const account = parseObject(readHere(file));
  const { type, client_email: email, private_key: privateKey, token_uri: tokenUri = 'https://oauth2.googleapis.com/token' } = account ?? {};
  if (type !== 'service_account' || typeof email !== 'string' || typeof privateKey !== 'string' || typeof tokenUri !== 'string') {
    const kind = typeof type === 'string' ? `credentials of the kind ${type}` : 'no credentials';
    throw refused(where, `${file} holds ${kind}; the key of a service account is what is needed`);
  }
  return { email, privateKey, tokenUri };
}

function readHere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    throw refused(where, `${file} cannot be read: ${reasonOf(thrown)}`, thrown);
  }
}

function signed(claims: Readonly<Record<string, string | number>>, { privateKey, file }: { privateKey: string; file: string }): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const text = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`;
  try {
    return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey, 'base64url')}`;
  } catch {
    // Its words would quote the key.
    throw refused(where, `the key in ${file} is none`);
  }
}
