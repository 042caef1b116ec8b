/**
 * The few forms of tar that a backup uses: files and directories, with long names and sizes as POSIX writes them (pax). Any tar
 * unpacks what is written here.
 *
 * What is read is believed only if it is byte for byte what this file would have written, so links, devices, owners and whatever
 * else tar can hold are refused. It touches no file.
 */
import { backupDamaged } from './damage.ts';

export interface TarEntry {
  /** Relative, with slashes, without a slash at the end. */
  readonly path: string;
  readonly kind: 'file' | 'directory';
  readonly bytes: number;
  /** Permissions alone. */
  readonly mode: number;
  readonly modifiedAtMs: number;
}

export interface TarMember {
  readonly entry: TarEntry;
  /** Must be read to its end before the next member is asked for. */
  readonly body: AsyncIterable<Buffer>;
}

const blockBytes = 512;
const types = { file: '0', directory: '5', extended: 'x' } as const;
/** Longer names than any file system has. */
const extendedLimitBytes = 2 ** 16;
/** Eleven octal digits. */
const largestPlainBytes = 0o77777777777;

export function encodeHeader(entry: TarEntry): Buffer {
  const name = entry.kind === 'directory' ? `${entry.path}/` : entry.path;
  const records = [
    ...(Buffer.byteLength(name) > 100 || /[^\x20-\x7e]/.test(name) ? [paxRecord('path', name)] : []),
    ...(entry.bytes > largestPlainBytes ? [paxRecord('size', String(entry.bytes))] : []),
  ];
  const plain = header(
    records.length > 0 ? 'long-name' : name,
    { ...entry, bytes: Math.min(entry.bytes, largestPlainBytes) },
    types[entry.kind],
  );
  if (records.length === 0) return plain;
  const body = Buffer.from(records.join(''));
  const extended = header('long-name.pax', { ...entry, bytes: body.length, mode: 0o600 }, types.extended);
  return Buffer.concat([extended, body, padding(body.length), plain]);
}

/** What fills the last block of so many bytes. */
export function padding(bytes: number): Buffer {
  return Buffer.alloc((blockBytes - (bytes % blockBytes)) % blockBytes);
}

export const endOfTar: Buffer = Buffer.alloc(2 * blockBytes);

/** @throws OpenClawError `backup_damaged` for whatever is not as it was written, and for an end that comes too early or too late */
export async function* readTar(source: AsyncIterable<Buffer>): AsyncGenerator<TarMember> {
  const reader = createReader(source);
  try {
    for (;;) {
      const first = await reader.take(blockBytes);
      if (first.every((byte) => byte === 0)) break;
      const entry = await readHeader(first, reader);
      yield { entry, body: reader.stream(entry.bytes) };
      const rest = await reader.take(padding(entry.bytes).length);
      if (rest.some((byte) => byte !== 0)) throw backupDamaged('something stands between its files');
    }
    const last = await reader.take(blockBytes);
    if (last.some((byte) => byte !== 0) || !(await reader.isAtEnd())) throw backupDamaged('something stands behind its end');
  } finally {
    await reader.close();
  }
}

async function readHeader(first: Buffer, reader: Reader): Promise<TarEntry> {
  let read = first;
  let records: ReadonlyMap<string, string> = new Map();
  if (typeOf(first) === types.extended) {
    const bytes = octal(first, 124, 12);
    if (bytes > extendedLimitBytes) throw backupDamaged('a name in it is longer than any can be');
    const body = await reader.take(bytes);
    const plain = await reader.take(padding(bytes).length + blockBytes);
    records = parseRecords(body.toString());
    read = Buffer.concat([first, body, plain]);
  }
  const block = read.subarray(-blockBytes);
  const type = typeOf(block);
  if (type === '1' || type === '2') throw backupDamaged('it holds a link, which no backup does');
  const name = records.get('path') ?? block.toString('utf8', 0, block.indexOf(0) === -1 ? 100 : Math.min(100, block.indexOf(0)));
  const entry: TarEntry = {
    path: name.replace(/\/$/, ''),
    kind: type === types.directory ? 'directory' : 'file',
    bytes: records.has('size') ? Number(records.get('size')) : octal(block, 124, 12),
    mode: octal(block, 100, 8),
    modifiedAtMs: octal(block, 136, 12) * 1000,
  };
  const isSound = Number.isSafeInteger(entry.bytes) && entry.bytes >= 0 && entry.mode <= 0o777;
  if (!isSound || !encodeHeader(entry).equals(read)) throw backupDamaged('what it says of a file is not what a backup writes');
  return entry;
}

function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const length = Buffer.byteLength(rest);
  // The number counts its own digits.
  let total = length + String(length).length;
  total = length + String(total).length;
  return `${total}${rest}`;
}

function parseRecords(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(/\d+ (path|size)=([^\n]*)\n/g)].map(([, key = '', value = '']) => [key, value]));
}

function header(name: string, { bytes, mode, modifiedAtMs }: TarEntry, type: string): Buffer {
  const block = Buffer.alloc(blockBytes);
  const number = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  block.write(name, 0, 'utf8');
  block.write(number(mode, 7), 100, 'latin1');
  block.write(number(0, 7), 108, 'latin1');
  block.write(number(0, 7), 116, 'latin1');
  block.write(number(bytes, 11), 124, 'latin1');
  block.write(number(Math.max(0, Math.floor(modifiedAtMs / 1000)), 11), 136, 'latin1');
  block.write(`        ${type}`, 148, 'latin1');
  block.write('ustar\u000000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function typeOf(block: Buffer): string {
  return block.toString('latin1', 156, 157);
}

function octal(block: Buffer, start: number, length: number): number {
  const digits = /^[0-7]+(?=\0$)/.exec(block.toString('latin1', start, start + length))?.[0];
  return digits === undefined ? Number.NaN : Number.parseInt(digits, 8);
}

interface Reader {
  take(bytes: number): Promise<Buffer>;
  stream(bytes: number): AsyncGenerator<Buffer>;
  isAtEnd(): Promise<boolean>;
  close(): Promise<void>;
}

function createReader(source: AsyncIterable<Buffer>): Reader {
  const chunks = source[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  const more = async (): Promise<boolean> => {
    const { done, value } = await chunks.next();
    if (done === true) return false;
    held = held.length === 0 ? value : Buffer.concat([held, value]);
    return true;
  };
  const cut = (bytes: number): Buffer => {
    const taken = held.subarray(0, bytes);
    held = held.subarray(taken.length);
    return taken;
  };
  return {
    async take(bytes) {
      while (held.length < bytes) if (!(await more())) throw backupDamaged('it ends too early');
      return cut(bytes);
    },
    async *stream(bytes) {
      for (let left = bytes; left > 0;) {
        while (held.length === 0) if (!(await more())) throw backupDamaged('it ends too early');
        const part = cut(left);
        left -= part.length;
        yield part;
      }
    },
    async isAtEnd() {
      while (held.length === 0) if (!(await more())) return true;
      return false;
    },
    async close() {
      await chunks.return?.();
    },
  };
}
