/**
 * Backups in a bucket of S3 or of anything that speaks it. An archive goes up in parts while it is made, one part in memory at a time;
 * it is there when the last part has been confirmed, and not before.
 */
import { OpenClawError } from '../../core/errors.ts';
import { backupsAmong, type Place, type StoredFile } from './place.ts';
import { createS3Requests, textIn, type S3Requests, type S3Settings } from './s3-requests.ts';

export interface S3PlaceOptions extends S3Settings {
  /** Before each name; without slashes at its ends. */
  readonly prefix: string;
  /** Smaller ones S3 refuses. @default 8 MiB */
  readonly partBytes?: number;
}

export const s3PlaceDefaults = { partBytes: 8 * 2 ** 20 } as const;
/** S3 takes 10,000; what is left is for content that grows meanwhile. */
const mostParts = 9000;

export function createS3Place(options: S3PlaceOptions): Place {
  const { bucket, prefix, partBytes = s3PlaceDefaults.partBytes } = options;
  const requests = createS3Requests(options);
  const keyOf = (name: string): string => (prefix === '' ? name : `${prefix}/${name}`);
  return {
    address: `s3://${bucket}/${prefix}`,
    freeBytes: () => Promise.resolve(undefined),
    put: (name, content, { contentBytes }) =>
      upload(requests, { key: keyOf(name), content, partBytes: Math.max(partBytes, Math.ceil(contentBytes / mostParts)) }),
    async *get(name) {
      const answer = await requests.send({ method: 'GET', key: keyOf(name) });
      for await (const chunk of answer.body ?? []) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    },
    list: async () => backupsAmong(await filesIn(requests, prefix)),
    files: () => filesIn(requests, prefix),
    async remove(name) {
      await requests.send({ method: 'DELETE', key: keyOf(name) });
    },
  };
}

interface Upload {
  readonly key: string;
  readonly content: AsyncIterable<Buffer>;
  readonly partBytes: number;
}

async function upload(requests: S3Requests, { key, content, partBytes }: Upload): Promise<{ readonly bytes: number }> {
  let bytes = 0;
  let uploadId: string | undefined;
  const tags: string[] = [];
  try {
    for await (const { part, isLast } of inParts(content, partBytes)) {
      bytes += part.length;
      if (isLast && uploadId === undefined) {
        await requests.send({ method: 'PUT', key, body: part });
        return { bytes };
      }
      uploadId ??= await begin(requests, key);
      const query = { partNumber: String(tags.length + 1), uploadId };
      tags.push((await requests.send({ method: 'PUT', key, query, body: part })).headers.get('etag') ?? '');
    }
    await complete(requests, { key, uploadId: uploadId ?? '', tags });
    return { bytes };
  } catch (thrown) {
    // Parts that nobody asks for any more cost money until they are taken away; what went wrong before that is what counts.
    if (uploadId !== undefined) await requests.send({ method: 'DELETE', key, query: { uploadId } }).catch(() => {});
    throw thrown;
  }
}

async function begin(requests: S3Requests, key: string): Promise<string> {
  const answer = await (await requests.send({ method: 'POST', key, query: { uploads: '' } })).text();
  const uploadId = textIn(answer, 'UploadId');
  if (uploadId === undefined) throw unexpected('it began no upload');
  return uploadId;
}

async function complete(
  requests: S3Requests,
  upload: { readonly key: string; readonly uploadId: string; readonly tags: readonly string[] },
): Promise<void> {
  const { key, uploadId, tags } = upload;
  const parts = tags.map((tag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${tag}</ETag></Part>`).join('');
  const body = Buffer.from(`<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`);
  const answer = await (await requests.send({ method: 'POST', key, query: { uploadId }, body })).text();
  // S3 answers 200 at once and may still fail; then the body says so.
  if (/<Error>/.test(answer)) throw unexpected(textIn(answer, 'Message') ?? 'it could not put the parts together');
}

async function* inParts(
  content: AsyncIterable<Buffer>,
  partBytes: number,
): AsyncGenerator<{ readonly part: Buffer; readonly isLast: boolean }> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const chunk of content) {
    if (heldBytes >= partBytes) {
      yield { part: Buffer.concat(held), isLast: false };
      held = [];
      heldBytes = 0;
    }
    held.push(chunk);
    heldBytes += chunk.length;
  }
  yield { part: Buffer.concat(held), isLast: true };
}

async function filesIn(requests: S3Requests, prefix: string): Promise<readonly StoredFile[]> {
  const found: StoredFile[] = [];
  const start = prefix === '' ? '' : `${prefix}/`;
  for (let token: string | undefined, isFirst = true; isFirst || token !== undefined; isFirst = false) {
    const query = { 'list-type': '2', 'encoding-type': 'url', prefix: start, ...(token !== undefined && { 'continuation-token': token }) };
    const page = await (await requests.send({ method: 'GET', key: '', query })).text();
    for (const [, entry = ''] of page.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
      const written = textIn(entry, 'Key') ?? '';
      // Some servers do not do what they are asked to, and then do not say that they did.
      const key = textIn(page, 'EncodingType') === 'url' ? decodeURIComponent(written.replaceAll('+', ' ')) : written;
      if (key.startsWith(start)) found.push({ name: key.slice(start.length), bytes: Number(textIn(entry, 'Size') ?? 0) });
    }
    token = /<IsTruncated>true</.test(page) ? textIn(page, 'NextContinuationToken') : undefined;
  }
  return found;
}

function unexpected(reason: string): OpenClawError {
  return new OpenClawError('backup_place', { details: { place: 'S3', reason, suggestion: 'Try again; the server has not stored it.' } });
}
