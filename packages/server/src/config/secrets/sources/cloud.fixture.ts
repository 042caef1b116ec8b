/**
 * Fakes of the secret managers of AWS, Azure and Google, made from their published HTTP APIs; not theirs. Each keeps one secret with versions,
 * asks who comes, and answers as the pages on errors say.
 */
import { createHmac, createHash, createVerify } from 'node:crypto';
import type { TestContext } from 'node:test';

import type { JsonValue } from '../../../core/json.ts';
import { createKeeperServer, type Answering, type Asked, type KeeperServer } from '../source.fixture.ts';

export interface FakeManager extends KeeperServer {
  put(value: string): void;
  remove(): void;
  shut(): void;
}

interface Kept {
  readonly value: string | undefined;
  readonly version: number;
  readonly isShut: boolean;
}

type Answer = ReturnType<Answering>;

async function createManager(t: TestContext, answer: (asked: Asked, kept: Kept) => Answer): Promise<FakeManager> {
  let kept: Kept = { value: undefined, version: 0, isShut: false };
  const server = await createKeeperServer(t, (asked) => answer(asked, kept));
  return {
    ...server,
    put: (value) => void (kept = { ...kept, value, version: kept.version + 1 }),
    remove: () => void (kept = { ...kept, value: undefined }),
    shut: () => void (kept = { ...kept, isShut: true }),
  };
}

export const awsAccount = { AWS_ACCESS_KEY_ID: 'AKIDFAKE', AWS_SECRET_ACCESS_KEY: 'secret-key-of-the-fake', AWS_REGION: 'eu-west-1' };

/** GetSecretValue of AWS Secrets Manager; the signature is checked as AWS describes it. */
export function createFakeAws(t: TestContext, name: string): Promise<FakeManager> {
  const refusal = (status: number, type: string): Answer => ({ status, body: { __type: type, message: 'no' } });
  return createManager(t, (asked, { value, version, isShut }) => {
    if (asked.headers['x-amz-target'] !== 'secretsmanager.GetSecretValue') return refusal(400, 'UnknownOperationException');
    if (!isSignedForAws(asked)) return refusal(400, 'InvalidSignatureException');
    if (isShut) return refusal(400, 'AccessDeniedException');
    if (value === undefined || asked.body['SecretId'] !== name) return refusal(400, 'ResourceNotFoundException');
    const stages = ['AWSCURRENT'];
    const body = { ARN: `arn:aws:secretsmanager:eu-west-1:1:secret:${name}`, Name: name, SecretString: value, VersionStages: stages };
    return { status: 200, body: { ...body, VersionId: `v-${version}`, CreatedDate: Date.now() / 1000 } };
  });
}

/** Signature Version 4, after its page: the canonical request, the text to sign, the chain of keys. */
function isSignedForAws({ method, headers, text }: Asked): boolean {
  const pattern = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d+)\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)$/;
  const [, id, day = '', region = '', service = '', names = '', signature] = pattern.exec(headers.authorization ?? '') ?? [];
  if (id !== awsAccount.AWS_ACCESS_KEY_ID || service !== 'secretsmanager' || region !== awsAccount.AWS_REGION) return false;
  const hash = (part: string): string => createHash('sha256').update(part).digest('hex');
  const lines = names.split(';').map((each) => `${each}:${String(headers[each] ?? '').trim()}\n`);
  const canonical = [method, '/', '', lines.join(''), names, hash(text)].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', String(headers['x-amz-date']), scope, hash(canonical)].join('\n');
  const chain = [day, region, service, 'aws4_request', toSign];
  const start = Buffer.from(`AWS4${awsAccount.AWS_SECRET_ACCESS_KEY}`);
  const expected = chain.reduce<Buffer>((key, part) => createHmac('sha256', key).update(part).digest(), start).toString('hex');
  return expected === signature;
}

export const azureClient = { tenantId: 'tenant', clientId: 'client', clientSecret: 'client-secret-of-the-fake' };

/** A vault of Azure, and the login of the directory and of a managed identity before it. */
export function createFakeAzure(t: TestContext, name: string): Promise<FakeManager> {
  const refusal = (status: number, code: string): Answer => ({ status, body: { error: { code, message: 'no' } } });
  const token = 'token-of-azure';
  return createManager(t, (asked, { value, version, isShut }) => {
    const { pathname, searchParams } = new URL(asked.path, 'http://azure');
    if (pathname === '/tenant/oauth2/v2.0/token') {
      const form = new URLSearchParams(asked.text);
      const isRight = form.get('client_secret') === azureClient.clientSecret || form.get('client_assertion') === 'jwt-of-the-pod';
      if (!isRight || form.get('scope') !== 'https://vault.azure.net/.default') return { status: 401, body: { error: 'invalid_client' } };
      return { status: 200, body: { token_type: 'Bearer', expires_in: 3599, access_token: token } };
    }
    if (pathname === '/identity') {
      if (asked.headers['x-identity-header'] !== 'header-of-the-service') return { status: 401, body: {} };
      return { status: 200, body: { access_token: token, expires_in: '3599', resource: searchParams.get('resource') } };
    }
    if (asked.headers.authorization !== `Bearer ${token}`) return refusal(401, 'Unauthorized');
    if (isShut) return refusal(403, 'Forbidden');
    if (searchParams.get('api-version') !== '7.4') return refusal(400, 'BadParameter');
    if (value === undefined || !pathname.startsWith(`/secrets/${name}/`)) return refusal(404, 'SecretNotFound');
    const seconds = Math.floor(Date.now() / 1000);
    const id = `https://fake.vault.azure.net/secrets/${name}/${'0'.repeat(31)}${version}`;
    return { status: 200, body: { value, id, attributes: { enabled: true, created: seconds, updated: seconds } } };
  });
}

/** AccessSecretVersion of Google Secret Manager, with the token service of a service account and of a machine before it. */
export function createFakeGoogle(t: TestContext, name: string, publicKey: string): Promise<FakeManager> {
  const refusal = (status: number, word: string): Answer => ({ status, body: { error: { code: status, message: 'no', status: word } } });
  const token = 'token-of-google';
  const given: JsonValue = { access_token: token, expires_in: 3599, token_type: 'Bearer' };
  return createManager(t, (asked, { value, version, isShut }) => {
    if (asked.path === '/token') {
      const assertion = new URLSearchParams(asked.text).get('assertion') ?? '';
      const [head = '', claims = '', signature = ''] = assertion.split('.');
      const isRight = createVerify('RSA-SHA256').update(`${head}.${claims}`).verify(publicKey, signature, 'base64url');
      return isRight ? { status: 200, body: given } : { status: 400, body: { error: 'invalid_grant' } };
    }
    if (asked.path === '/computeMetadata/v1/instance/service-accounts/default/token') {
      return asked.headers['metadata-flavor'] === 'Google' ? { status: 200, body: given } : { status: 403, body: {} };
    }
    if (asked.headers.authorization !== `Bearer ${token}`) return refusal(401, 'UNAUTHENTICATED');
    if (isShut) return refusal(403, 'PERMISSION_DENIED');
    if (value === undefined || decodeURIComponent(asked.path) !== `/v1/projects/acme/secrets/${name}/versions/latest:access`) {
      return refusal(404, 'NOT_FOUND');
    }
    const path = `projects/1/secrets/${name}/versions/${version}`;
    return { status: 200, body: { name: path, payload: { data: Buffer.from(value).toString('base64'), dataCrc32c: '0' } } };
  });
}
