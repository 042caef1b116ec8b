/**
 * Servers of S3 for tests, on this machine: versitygw, a real one, where it is installed; and a small one of our own, which fails when it is
 * told to. Both check signatures.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { setTimeout as delay } from 'node:timers/promises';

export const s3Keys = { accessKeyId: 'openclaw-test', secretAccessKey: 'secret/of+the=test' };
export const s3Region = 'eu-central-2';
export const s3Bucket = 'backups';

export interface TestS3 extends AsyncDisposable {
  readonly endpoint: string;
}

/** Why the real one cannot be used here; undefined where it can. */
export function whyNoVersityGateway(): string | undefined {
  try {
    execFileSync('versitygw', ['--version'], { stdio: 'pipe' });
    return undefined;
  } catch {
    return 'versitygw is not installed (go install github.com/versity/versitygw/cmd/versitygw@v1.8.0)';
  }
}

export async function startVersityGateway(): Promise<TestS3> {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-s3-'));
  for (const name of [join('objects', s3Bucket), 'metadata']) mkdirSync(join(directory, name), { recursive: true });
  const port = await freePort();
  const keys = ['--access', s3Keys.accessKeyId, '--secret', s3Keys.secretAccessKey, '--region', s3Region];
  const child = spawn(
    'versitygw',
    [...keys, '--port', `127.0.0.1:${port}`, '--quiet', 'posix', '--sidecar', join(directory, 'metadata'), join(directory, 'objects')],
    {
      stdio: 'ignore',
    },
  );
  const exited = once(child, 'exit');
  const endpoint = `http://127.0.0.1:${port}`;
  while (child.exitCode === null) {
    if (await fetch(endpoint).catch(() => undefined)) break;
    await delay(20);
  }
  if (child.exitCode !== null) throw new Error(`versitygw ended with ${child.exitCode}`);
  return {
    endpoint,
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** versitygw does not say which one it chose. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export interface OwnS3 extends TestS3 {
  readonly objects: Map<string, Buffer>;
  /** Parts of uploads that were neither completed nor taken back. */
  readonly uploads: Map<string, Map<number, Buffer>>;
  /** The largest body of a request so far. */
  readonly largestBytes: () => number;
  /** Answers the next requests that match: a status, or none at all. */
  fail(method: string, status: number | 'cut', times?: number): void;
  /** Nobody answers any more. */
  stop(): Promise<void>;
}

/** No more of S3 than backups use. */
export async function startOwnS3(): Promise<OwnS3> {
  const objects = new Map<string, Buffer>();
  const uploads = new Map<string, Map<number, Buffer>>();
  const failures: { readonly method: string; readonly status: number | 'cut'; times: number }[] = [];
  let largestBytes = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      largestBytes = Math.max(largestBytes, body.length);
      void isSigned(request, body).then((signed) => {
        const failure = failures.find(({ method, times }) => method === request.method && times > 0);
        if (!signed) refuse(response, 403, 'SignatureDoesNotMatch');
        else if (!failure) answer(request, response, { body, objects, uploads });
        else if (--failure.times >= 0 && failure.status === 'cut') request.socket.destroy();
        else refuse(response, Number(failure.status), 'SlowDown');
      });
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return {
    ...{ objects, uploads, largestBytes: () => largestBytes },
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fail: (method, status, times = 1) => void failures.push({ method, status, times }),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** What AWS does: signs the same request with the same key, and compares. */
async function isSigned(request: IncomingMessage, body: Buffer): Promise<boolean> {
  const { authorization = '', 'x-amz-date': date } = request.headers;
  const names = /SignedHeaders=([^,]+),/.exec(authorization)?.[1]?.split(';') ?? [];
  if (request.headers['x-amz-content-sha256'] !== createHash('sha256').update(body).digest('hex')) return false;
  const signer = new SignatureV4({ region: s3Region, service: 's3', credentials: s3Keys, sha256: Sha256, uriEscapePath: false });
  const written = String(date).replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const url = new URL(request.url ?? '', 'http://127.0.0.1');
  const signed = await signer.sign(
    {
      ...{ method: request.method ?? '', protocol: 'http:', hostname: '127.0.0.1', path: url.pathname, body },
      query: Object.fromEntries(url.searchParams),
      headers: Object.fromEntries(names.map((name) => [name, String(request.headers[name])])),
    },
    { signingDate: new Date(written) },
  );
  return signed.headers['authorization'] === authorization;
}

interface Stored {
  readonly body: Buffer;
  readonly objects: Map<string, Buffer>;
  readonly uploads: Map<string, Map<number, Buffer>>;
}

function answer(request: IncomingMessage, response: ServerResponse, stored: Stored): void {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://127.0.0.1');
  const key = decodeURIComponent(pathname).slice(`/${s3Bucket}/`.length);
  const uploadId = searchParams.get('uploadId');
  if (!pathname.startsWith(`/${s3Bucket}`)) return refuse(response, 404, 'NoSuchBucket');
  if (uploadId !== null || searchParams.has('uploads'))
    return answerUpload(request.method ?? '', response, { ...stored, key, searchParams });
  if (request.method === 'PUT') stored.objects.set(key, stored.body);
  if (request.method === 'DELETE') stored.objects.delete(key);
  if (request.method !== 'GET') return void response.end();
  if (key === '') return void response.end(listing(stored.objects, searchParams));
  const found = stored.objects.get(key);
  if (found) response.end(found);
  else refuse(response, 404, 'NoSuchKey');
}

function answerUpload(
  method: string,
  response: ServerResponse,
  stored: Stored & { readonly key: string; readonly searchParams: URLSearchParams },
): void {
  const { objects, uploads, key, searchParams, body } = stored;
  const id = searchParams.get('uploadId') ?? `upload-${uploads.size + 1}`;
  if (method === 'POST' && searchParams.has('uploads')) {
    uploads.set(id, new Map());
    return void response.end(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
  }
  const parts = uploads.get(id);
  if (!parts) return refuse(response, 404, 'NoSuchUpload');
  if (method === 'PUT') parts.set(Number(searchParams.get('partNumber')), body);
  if (method === 'POST') objects.set(key, Buffer.concat([...parts.entries()].toSorted(([a], [b]) => a - b).map(([, part]) => part)));
  if (method !== 'PUT') uploads.delete(id);
  response.setHeader('etag', `"${createHash('md5').update(body).digest('hex')}"`).end();
}

/** Two to a page, so that pages are needed. */
function listing(objects: ReadonlyMap<string, Buffer>, query: URLSearchParams): string {
  const keys = [...objects.keys()].filter((key) => key.startsWith(query.get('prefix') ?? '')).toSorted();
  const start = Number(query.get('continuation-token') ?? 0);
  const entries = keys
    .slice(start, start + 2)
    .map((key) => `<Contents><Key>${encodeURIComponent(key)}</Key><Size>${objects.get(key)?.length}</Size></Contents>`);
  const isTruncated = start + 2 < keys.length;
  const next = isTruncated ? `<NextContinuationToken>${start + 2}</NextContinuationToken>` : '';
  return `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>${isTruncated}</IsTruncated>${next}${entries.join('')}</ListBucketResult>`;
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status).end(`<Error><Code>${code}</Code><Message>It was refused.</Message></Error>`);
}
