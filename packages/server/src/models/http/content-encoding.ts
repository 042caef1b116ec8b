/**
 * Undoes the compression of an upstream's answer, so that everything behind it reads plain bytes. The gateway asks for
 * none, but some providers and proxies compress all the same.
 */
import { Readable, pipeline, type Transform } from 'node:stream';
import { OpenClawError, reasonOf } from '../../core/errors.ts';

/** @throws OpenClawError `upstream_malformed` while reading, if the bytes are not what the header says */
export function decodeContent(body: AsyncIterable<Buffer>, contentEncoding: string | undefined, provider: string): AsyncIterable<Buffer> {
  if (contentEncoding === undefined) return body;
  const encodings = contentEncoding
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
  if (encodings.length === 0) return body;
  const source = body[Symbol.asyncIterator]();
  const plain = decompress({ [Symbol.asyncIterator]: () => source }, encodings.toReversed(), provider);
  const reader: AsyncIterator<Buffer, undefined> = {
    next: () => plain.next(),
    async return() {
      // A generator that waits for bytes ends only after them, so the wait is ended at its source.
      await source.return?.();
      return plain.return(undefined);
    },
  };
  return { [Symbol.asyncIterator]: () => reader };
}

async function* decompress(body: AsyncIterable<Buffer>, encodings: readonly string[], provider: string): AsyncGenerator<Buffer, undefined> {
  const zlib = await import('node:zlib');
  const makers: Readonly<Record<string, () => Transform>> = {
    gzip: () => zlib.createGunzip({ flush: zlib.constants.Z_SYNC_FLUSH }),
    'x-gzip': () => zlib.createGunzip({ flush: zlib.constants.Z_SYNC_FLUSH }),
    deflate: () => zlib.createInflate({ flush: zlib.constants.Z_SYNC_FLUSH }),
    br: () => zlib.createBrotliDecompress({ flush: zlib.constants.BROTLI_OPERATION_FLUSH }),
    zstd: () => zlib.createZstdDecompress({ flush: zlib.constants.ZSTD_e_flush }),
  };
  const malformed = (reason: string, cause?: unknown): OpenClawError =>
    new OpenClawError('upstream_malformed', { details: { provider, reason }, cause });

  const stages: Transform[] = [];
  for (const name of encodings) {
    const make = makers[name];
    if (!make) throw malformed(`content-encoding ${name} is not known`);
    stages.push(make());
  }
  const plain = pipeline([Readable.from(body), ...stages], () => {
    // The error reaches the reader below through the last stage; nothing to do here.
  }) as unknown as Transform;
  try {
    for await (const chunk of plain) yield chunk as Buffer;
  } catch (thrown) {
    throw thrown instanceof OpenClawError
      ? thrown
      : malformed(`its ${encodings.join(', ')} data cannot be decoded: ${reasonOf(thrown)}`, thrown);
  }
}
