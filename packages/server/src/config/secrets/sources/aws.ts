/**
 * AWS Secrets Manager by its HTTP API: one signed request. Signatures and credentials are those of the project's other AWS calls, by AWS's own
 * packages, which are loaded with the first secret that lies there.
 */
import type { SecretTargets } from '@openclaw/protocol';

import type { AwsCredentialSource } from '../../../core/aws/credentials.ts';
import { OpenClawError, reasonOf } from '../../../core/errors.ts';
import type { OpenSource, SourceContext } from '../contract.ts';
import { asDown, down, missing, refused, unusable, usable } from '../failures.ts';
import { requestJson, type JsonAnswer } from '../json-request.ts';

type Target = SecretTargets['aws'];

export const openAwsSource: OpenSource<'aws'> = (context) => {
  let credentials: AwsCredentialSource | undefined;
  const lookUp = (name: string): string | undefined => context.environment.lookup(name)?.value;
  const describe = ({ name, key }: Target): string => `aws ${name}${key === undefined ? '' : `#${key}`}`;
  return {
    describe,
    async read(target, signal) {
      const where = describe(target);
      signal.throwIfAborted();
      const { loadAwsCredentials } = await import('../../../core/aws/credentials.ts');
      credentials ??= loadAwsCredentials({ lookUp, provider: 'AWS Secrets Manager' });
      const known = credentials;
      await known().catch((thrown: unknown) => {
        throw refused(where, String(thrown instanceof OpenClawError ? thrown.details['reason'] : reasonOf(thrown)), thrown);
      });
      try {
        const answer = await ask(target, { context, credentials: known }, signal);
        if (answer.status !== 200) throw failureOf(where, answer);
        return readingOf(where, target, answer);
      } catch (thrown) {
        throw asDown(where, thrown, signal);
      }
    },
  };
};

interface Asking {
  readonly context: SourceContext;
  readonly credentials: AwsCredentialSource;
}

async function ask(target: Target, { context, credentials }: Asking, signal: AbortSignal): Promise<JsonAnswer> {
  const { clock } = context;
  const { createAwsSigner } = await import('../../../core/aws/signer.ts');
  const region = regionOf(target, context);
  const endpoint = new URL(endpointOf(region, context));
  const request = await createAwsSigner({ region, service: 'secretsmanager', credentials, clock })({
    method: 'POST',
    origin: endpoint.origin,
    path: '/',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'secretsmanager.GetSecretValue' },
    body: Buffer.from(JSON.stringify({ SecretId: target.name, ...(target.stage === undefined ? {} : { VersionStage: target.stage }) })),
  });
  return requestJson({ url: endpoint.href, headers: request.headers, body: request.body.toString(), signal });
}

function regionOf({ region, name }: Target, { settings, environment }: SourceContext): string {
  const found =
    region ??
    /^arn:[\w-]+:secretsmanager:([\w-]+):/.exec(name)?.[1] ??
    settings.aws.region ??
    environment.lookup('AWS_REGION')?.value ??
    environment.lookup('AWS_DEFAULT_REGION')?.value;
  if (found === undefined) throw refused(`aws ${name}`, 'nobody says in which region it is: set secrets.aws.region or AWS_REGION');
  return found.trim();
}

function endpointOf(region: string, { settings, environment }: SourceContext): string {
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return (
    settings.aws.endpoint ?? environment.lookup('AWS_ENDPOINT_URL_SECRETS_MANAGER')?.value ?? `https://secretsmanager.${region}.${suffix}`
  );
}

function readingOf(where: string, { key }: Target, { body }: JsonAnswer): { value: string; version?: string; madeAt?: string } {
  const { SecretString: text, VersionId: version, CreatedDate: madeAtSeconds } = body;
  if (text === undefined) throw unusable(where, 'it is bytes and not a text');
  return {
    value: usable(where, text, key),
    ...(typeof version === 'string' ? { version } : {}),
    ...(typeof madeAtSeconds === 'number' ? { madeAt: new Date(madeAtSeconds * 1000).toISOString() } : {}),
  };
}

const refusals = /AccessDenied|UnrecognizedClient|InvalidSignature|InvalidClientTokenId|ExpiredToken|IncompleteSignature|DecryptionFailure/;

function failureOf(where: string, { status, body }: JsonAnswer): Error {
  const kind = typeof body['__type'] === 'string' ? (body['__type'].split('#').at(-1) ?? '') : '';
  const reason = kind === '' ? `it answered ${status}` : kind;
  if (kind === 'ResourceNotFoundException') return missing(where, 'nothing is there under this name, or not with this staging label');
  if (kind === 'InvalidRequestException') return missing(where, 'it is marked for deletion, or cannot be asked for');
  if (refusals.test(kind) || status === 401 || status === 403) return refused(where, reason);
  return down(where, reason);
}
