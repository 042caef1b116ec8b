/**
 * The outer layers of an archive: zstd, a seal over every byte, and age where it is wanted. `zstd -d` and `age -d` undo them, each in
 * its turn; the seal is a frame that zstd skips.
 *
 * It does not know what is inside, and holds no more of it than a few chunks.
 */
import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import { backupDamaged } from './damage.ts';

/** For whom an archive is encrypted. */
export interface EncryptFor {
  /** Recipients of age, `age1…`. */
  readonly recipients?: readonly string[];
  readonly passphrase?: string;
}

/** What opens an encrypted archive. */
export interface OpenWith {
  /** Identities of age, `AGE-SECRET-KEY-…`. */
  readonly identities?: readonly string[];
  readonly passphrase?: string;
}

/** Three is zstd's own choice: half of gzip's time, and smaller. */
const level = 3;
const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const ageMagic = Buffer.from('age-encryption.org/v1\n');
/** A skippable frame of zstd: magic number and length, whose it is, and SHA-256 of everything before this frame. */
const sealName = 'openclaw backup ';
const sealHead = Buffer.concat([Buffer.from([0x5e, 0x2a, 0x4d, 0x18, 48, 0, 0, 0]), Buffer.from(sealName)]);
const sealBytes = sealHead.length + 32;

export function isEncrypting({ recipients = [], passphrase }: EncryptFor): boolean {
  return recipients.length > 0 || passphrase !== undefined;
}

export async function* encode(content: AsyncIterable<Buffer>, encryptFor: EncryptFor = {}): AsyncGenerator<Buffer> {
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 };
  const sealed = seal(through(content, createZstdCompress({ params })));
  yield* isEncrypting(encryptFor) ? encrypt(sealed, encryptFor) : sealed;
}

/** @throws OpenClawError `backup_damaged` at the latest at the end, when a single bit is not as it was written; `backup_key` */
export async function* decode(archive: AsyncIterable<Buffer>, openWith: OpenWith = {}): AsyncGenerator<Buffer> {
  const { head, whole } = await peek(archive, ageMagic.length);
  const isEncrypted = head.equals(ageMagic);
  const opened = isEncrypted ? await peek(decrypt(whole, openWith), zstdMagic.length) : { head, whole };
  if (!opened.head.subarray(0, zstdMagic.length).equals(zstdMagic)) {
    await opened.whole.return(undefined);
    throw backupDamaged(opened.head.length === 0 ? 'it is empty' : 'it is no archive of OpenClaw');
  }
  try {
    yield* through(unseal(opened.whole), createZstdDecompress());
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
    throw /^(ZSTD|ERR_ZSTD|Z_|ERR_ZLIB)/.test(code)
      ? backupDamaged(`what is compressed in it is broken (${reasonOf(thrown)})`, thrown)
      : thrown;
  }
}

/** Whether it is there to its last byte, as far as that can be told without decrypting. @throws OpenClawError `backup_damaged` */
export async function checkSeal(archive: AsyncIterable<Buffer>): Promise<'sealed' | 'encrypted'> {
  const { head, whole } = await peek(archive, ageMagic.length);
  if (head.equals(ageMagic)) {
    await whole.return(undefined);
    return 'encrypted';
  }
  for await (const chunk of unseal(whole)) void chunk;
  return 'sealed';
}

async function* seal(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of content) {
    hash.update(chunk);
    yield chunk;
  }
  yield Buffer.concat([sealHead, hash.digest()]);
}

async function* unseal(archive: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of archive) {
    const joined = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const free = Math.max(0, joined.length - sealBytes);
    held = joined.subarray(free);
    if (free === 0) continue;
    const content = joined.subarray(0, free);
    hash.update(content);
    yield content;
  }
  if (!held.equals(Buffer.concat([sealHead, hash.digest()]))) {
    throw backupDamaged(held.indexOf(sealName) === -1 ? 'its end is missing' : 'its checksum is another');
  }
}

async function* encrypt(content: AsyncIterable<Buffer>, { recipients = [], passphrase }: EncryptFor): AsyncGenerator<Buffer> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  try {
    if (passphrase !== undefined) encrypter.setPassphrase(passphrase);
    for (const recipient of recipients) encrypter.addRecipient(recipient);
  } catch (thrown) {
    const suggestion = 'A recipient begins with age1 (`age-keygen` makes one); either recipients or a passphrase.';
    throw new OpenClawError('backup_failed', { details: { reason: `it cannot be encrypted for that (${reasonOf(thrown)})`, suggestion } });
  }
  for await (const chunk of await encrypter.encrypt(webStream(content)))
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

async function* decrypt(archive: AsyncIterable<Buffer>, { identities = [], passphrase }: OpenWith): AsyncGenerator<Buffer> {
  if (identities.length === 0 && passphrase === undefined) throw wrongKey('it is encrypted, and neither identity nor passphrase was given');
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  let failed: { readonly source: unknown } | undefined;
  try {
    for (const identity of identities) decrypter.addIdentity(identity);
    if (passphrase !== undefined) decrypter.addPassphrase(passphrase);
  } catch (thrown) {
    throw wrongKey(`the identity cannot be read (${reasonOf(thrown)})`);
  }
  const watched = watch(archive, (source) => (failed = { source }));
  try {
    for await (const chunk of await decrypter.decrypt(webStream(watched)))
      yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  } catch (thrown) {
    // A source that could not be read says so itself.
    if (failed) throw failed.source;
    if (/no identity matched/i.test(reasonOf(thrown))) throw wrongKey('neither identity nor passphrase fits');
    throw backupDamaged(`what is encrypted in it is broken (${reasonOf(thrown)})`, thrown);
  }
}

function wrongKey(reason: string): OpenClawError {
  return new OpenClawError('backup_key', { details: { archive: 'archive', reason } });
}

async function* watch(source: AsyncIterable<Buffer>, onError: (thrown: unknown) => void): AsyncGenerator<Buffer> {
  try {
    yield* source;
  } catch (thrown) {
    onError(thrown);
    throw thrown;
  }
}

function webStream(source: AsyncIterable<Buffer>): ReadableStream<Uint8Array> {
  return ReadableStream.from<Uint8Array>(source);
}

/** The first bytes, fewer where there are fewer, and all of it. */
async function peek(
  source: AsyncIterable<Buffer>,
  bytes: number,
): Promise<{ readonly head: Buffer; readonly whole: AsyncGenerator<Buffer> }> {
  const chunks = source[Symbol.asyncIterator]();
  let first: Buffer = Buffer.alloc(0);
  while (first.length < bytes) {
    const { done, value } = await chunks.next();
    if (done === true) break;
    first = Buffer.concat([first, value]);
  }
  async function* whole(): AsyncGenerator<Buffer> {
    try {
      if (first.length > 0) yield first;
      for (let step = await chunks.next(); step.done !== true; step = await chunks.next()) yield step.value;
    } finally {
      await chunks.return?.();
    }
  }
  return { head: first.subarray(0, bytes), whole: whole() };
}

/**
 * What comes out of a transform. Ends when both have come to their end: zstd is content with the end of its frame, and what checks the
 * source sits at the source's own.
 */
async function* through(source: AsyncIterable<Buffer>, transform: Duplex): AsyncGenerator<Buffer> {
  let isLeft = false;
  const feed = async (): Promise<void> => {
    for await (const chunk of source) {
      if (transform.errored || isLeft) return;
      if (!transform.destroyed) await written(transform, chunk);
    }
    transform.end();
  };
  const feeding = feed().catch((thrown: unknown) => {
    transform.destroy(thrown instanceof Error ? thrown : new Error(String(thrown)));
    throw thrown;
  });
  // Met below, by whoever reads.
  feeding.catch(() => {});
  try {
    for await (const chunk of transform) yield chunk as Buffer;
    await feeding;
  } finally {
    isLeft = true;
    transform.destroy();
    // Only then is the source closed, too.
    await feeding.catch(() => {});
  }
}

/** Resolves when it may have more, and when it is destroyed: a transform whose output nobody takes any more calls nobody back. */
function written(transform: Duplex, chunk: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      transform.off('close', done);
      resolve();
    };
    transform.once('close', done);
    transform.write(chunk, done);
  });
}
