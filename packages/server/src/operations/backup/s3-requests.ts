/**
 * Requests to a server that speaks S3: signed by AWS's own package, tried again where that can help, errors in words.
 *
 * It knows one bucket, addressed by path, as every such server understands it. What is stored is the business of `s3-place.ts`.
 */
import { createHash } from 'node:crypto';
import type { AwsCredentialSource } from '../../core/aws/credentials.ts';
import { createAwsSigner } from '../../core/aws/signer.ts';
import { sleep, type Clock } from '../../core/clock.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';

export interface S3Settings {
  /** Without a path. @default AWS's own in the region */
  readonly endpoint?: string;
  readonly region: string;
  readonly bucket: string;
  /** Asked before each signature. */
  readonly credentials: AwsCredentialSource;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

export interface S3Request {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD';
  /** In the bucket; empty for the bucket itself. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

export interface S3Requests {
  /** @throws OpenClawError `backup_place`; `backup_not_found` for a key that is not there */
  send(request: S3Request): Promise<Response>;
}

/** A server that is busy says so for seconds. */
const pausesMs = [300, 1500, 5000];

export function createS3Requests(settings: S3Settings): S3Requests {
  const { region, bucket, clock } = settings;
  const signal = settings.signal ?? new AbortController().signal;
  const endpoint = settings.endpoint?.replace(/\/$/, '') ?? `https://s3.${region}.amazonaws.com`;
  const sign = createAwsSigner({ region, service: 's3', signsPathAsSent: true, credentials: settings.credentials, clock });

  const attempt = async ({ method, key, query = {}, body }: S3Request): Promise<Response> => {
    const search = new URLSearchParams(query).toString().replaceAll('+', '%20');
    const path = `/${bucket}${key === '' ? '' : `/${encodeKey(key)}`}${search === '' ? '' : `?${search}`}`;
    const bodyHash = createHash('sha256')
      .update(body ?? '')
      .digest('hex');
    const { headers } = await sign({ method, origin: endpoint, path, headers: { 'x-amz-content-sha256': bodyHash }, body });
    return fetch(`${endpoint}${path}`, { method, headers, signal, redirect: 'error', ...(body && { body: new Uint8Array(body) }) });
  };

  return {
    async send(request) {
      for (let round = 0; ; round += 1) {
        const pauseMs = pausesMs[round];
        const answer = await attempt(request).catch((thrown: unknown) => {
          signal.throwIfAborted();
          if (thrown instanceof OpenClawError || pauseMs === undefined) throw unreachable(endpoint, thrown);
        });
        if (answer?.ok === true) return answer;
        if (answer && (pauseMs === undefined || !isPassing(answer.status))) throw await refusal(answer, { endpoint, bucket, request });
        await answer?.body?.cancel();
        await sleep(clock, pauseMs ?? 0, signal);
      }
    },
  };
}

function isPassing(status: number): boolean {
  return status === 429 || status >= 500;
}

/** As AWS encodes: more than encodeURIComponent does. */
function encodeKey(key: string): string {
  return key
    .split('/')
    .map((part) => encodeURIComponent(part).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`))
    .join('/');
}

interface RefusalContext {
  readonly endpoint: string;
  readonly bucket: string;
  readonly request: S3Request;
}

async function refusal(answer: Response, { endpoint, bucket, request }: RefusalContext): Promise<OpenClawError> {
  const text = (await answer.text().catch(() => '')).slice(0, 10_000);
  const [code, message] = [textIn(text, 'Code'), textIn(text, 'Message')?.replace(/\.$/, '')];
  if (answer.status === 404 && code !== 'NoSuchBucket' && request.key !== '') {
    const suggestion = '`openclaw backup list` shows those that there are.';
    return new OpenClawError('backup_not_found', { details: { wanted: `s3://${bucket}/${request.key}`, suggestion } });
  }
  const reason = [String(answer.status), code, message].filter((part) => part !== undefined && part !== '').join(', ');
  const suggestion =
    answer.status === 403
      ? 'Check backup.s3.accessKeyId and secretAccessKey (or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), the region, the clock of this machine, and what the key may do.'
      : 'Check the bucket, backup.s3.endpoint and backup.s3.region.';
  return new OpenClawError('backup_place', { details: { place: `s3://${bucket} at ${endpoint}`, reason, suggestion } });
}

function unreachable(endpoint: string, thrown: unknown): OpenClawError {
  if (thrown instanceof OpenClawError) return thrown;
  const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
  const suggestion = 'Check backup.s3.endpoint (or AWS_ENDPOINT_URL_S3), the name in it, and the network.';
  return new OpenClawError('backup_place', { details: { place: endpoint, reason: reasonOf(cause), suggestion }, cause: thrown });
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'", '#34': '"', '#39': "'" };

/** What stands in the first element of this name that has text alone. */
export function textIn(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`)
    .exec(xml)?.[1]
    ?.replace(/&(#?\w+);/g, (whole, entity: string) => entities[entity] ?? whole);
}
