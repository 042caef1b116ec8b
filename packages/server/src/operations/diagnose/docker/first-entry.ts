/**
 * What an archive of one path begins with. Of a large folder no more is read than that: the rest is never sent.
 *
 * It knows as much of tar as the engine writes: a head of 512 bytes, content filled up to 512, and heads with further names before a head.
 */
import type { EntryAnswer } from '../answers.ts';

const blockBytes = 512;
const headBytes = 4096;
/** Of a head that holds a long name no more than this is kept. */
const mostBytes = 64 * 1024;

interface Head {
  readonly name: string;
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly linkName: string;
}

/** Undefined where there is nothing in it. */
export async function readFirstEntry(source: AsyncIterable<Buffer>): Promise<EntryAnswer | undefined> {
  let bytes: Buffer = Buffer.alloc(0);
  for await (const piece of source) {
    bytes = bytes.length === 0 ? piece : Buffer.concat([bytes, piece]);
    if (isEnough(bytes)) break;
  }
  return entryIn(bytes);
}

function isEnough(bytes: Buffer): boolean {
  const first = headAt(bytes, 0);
  if (first === undefined) return false;
  const wanted = first.head.type === '5' ? first.end + 2 * blockBytes : first.end + Math.min(first.head.sizeBytes, headBytes);
  return bytes.length >= Math.min(wanted, mostBytes);
}

function entryIn(bytes: Buffer): EntryAnswer | undefined {
  const first = headAt(bytes, 0);
  if (first === undefined || first.head.name === '') return undefined;
  const { head, end } = first;
  const isFolder = head.type === '5';
  const isLink = head.type === '2';
  const isFile = head.type === '0' || head.type === '\0';
  return {
    kind: isFolder ? 'folder' : isLink ? 'link' : isFile ? 'file' : 'other',
    name: isLink ? head.linkName : head.name,
    mode: head.mode,
    uid: head.uid,
    gid: head.gid,
    sizeBytes: head.sizeBytes,
    head: isFile ? bytes.subarray(end, end + Math.min(head.sizeBytes, headBytes)).toString('base64') : '',
    firstName: isFolder ? (headAt(bytes, end)?.head.name ?? '') : '',
  };
}

/** The first real head from there on, and where what follows it begins. */
function headAt(bytes: Buffer, from: number): { readonly head: Head; readonly end: number } | undefined {
  for (let start = from; start + blockBytes <= bytes.length;) {
    const head = headOf(bytes.subarray(start, start + blockBytes));
    const end = start + blockBytes;
    // Further attributes and long names of the one that follows.
    if (!'xgLK'.includes(head.type)) return { head, end };
    start = end + Math.ceil(head.sizeBytes / blockBytes) * blockBytes;
  }
  return undefined;
}

function headOf(block: Buffer): Head {
  const text = (start: number, length: number): string => block.toString('utf8', start, start + length).split('\0')[0] ?? '';
  const octal = (start: number, length: number): number => Number.parseInt(text(start, length).trim() || '0', 8);
  return {
    name: text(0, 100),
    mode: octal(100, 8) & 0o7777,
    uid: octal(108, 8),
    gid: octal(116, 8),
    sizeBytes: octal(124, 12),
    type: block.toString('latin1', 156, 157),
    linkName: text(157, 100),
  };
}
