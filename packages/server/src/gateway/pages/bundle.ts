/**
 * The built files of the Control UI, read once and kept compressed: a bounded set of names, so that no path leads anywhere else.
 *
 * It answers nothing: see `control-ui.ts`.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

export interface BundledFile {
  readonly contentType: string;
  /** By `Content-Encoding`; `identity` is always there. */
  readonly encodings: ReadonlyMap<Encoding, Buffer>;
  readonly etag: string;
  /** Its name changes with its content, so nobody needs to ask again. */
  readonly isImmutable: boolean;
}

export type Encoding = 'br' | 'gzip' | 'identity';

/** By path: `/index.html`, `/assets/index-3f2a.js`. */
export type Bundle = ReadonlyMap<string, BundledFile>;

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
};

/** Far above what the page needs; a folder of something else is not taken for it. */
const filesLimit = 200;
const compressBrotli = promisify(brotliCompress);
const compressGzip = promisify(gzip);

/** @returns undefined where nothing has been built */
export async function readBundle(directory: string): Promise<Bundle | undefined> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => undefined);
  const files = entries?.filter((entry) => entry.isFile() && contentTypes[extname(entry.name)] !== undefined).slice(0, filesLimit) ?? [];
  if (!files.some(({ name, parentPath }) => name === 'index.html' && parentPath === directory)) return undefined;
  const bundle = await Promise.all(
    files.map(async ({ name, parentPath }) => {
      const path = join(parentPath, name);
      return [path.slice(directory.length).replaceAll('\\', '/'), await readFileOf(path)] as const;
    }),
  );
  return new Map(bundle);
}

async function readFileOf(path: string): Promise<BundledFile> {
  const bytes = await readFile(path);
  const contentType = contentTypes[extname(path)] ?? 'application/octet-stream';
  const encodings = new Map<Encoding, Buffer>([['identity', bytes]]);
  if (/^(text|application)\/|svg/.test(contentType) && bytes.length > 1000) {
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
    const [brotli, gzipped] = await Promise.all([compressBrotli(bytes, quality), compressGzip(bytes)]);
    encodings.set('br', brotli).set('gzip', gzipped);
  }
  return {
    contentType,
    encodings,
    etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    isImmutable: /\/assets\/[^/]*-[\w-]{8,}\.\w+$/.test(path),
  };
}
