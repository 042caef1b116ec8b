/**
 * Who belongs to a command, read from `/proc`: its session, what they started, and whoever carries its mark in the environment, which is handed down even to
 * those who leave session and group. Where there is no `/proc`, nobody is found.
 */
import { readdir, readFile } from 'node:fs/promises';
import { parseProcessStat, type ProcessStat } from './process-stat.ts';

export interface Membership {
  /** Of the process that leads the session. */
  readonly leaderPid: number;
  /** How a variable of the environment begins: `NAME=value`. Looking for it reads every process of the machine. */
  readonly mark?: string;
  /** No more are looked for. @default all are */
  readonly enough?: number;
}

type Row = Pick<ProcessStat, 'pid' | 'parentPid' | 'session'>;

/** Files that are open at once; all at once would be as many as there are processes. */
const filesAtOnce = 16;

/** Those who live; who is dead and only not yet reaped does not count. @throws Error if the table cannot be read now */
export async function findMembers({ leaderPid, mark, enough = Infinity }: Membership): Promise<readonly number[]> {
  const members = new Set<number>();
  const rows: Row[] = [];
  for (const pids of chunks(await newestFirst())) {
    for (const row of await Promise.all(pids.map(readRow))) {
      if (row === undefined) continue;
      rows.push(row);
      if (row.session === leaderPid || row.pid === leaderPid) members.add(row.pid);
    }
    if (members.size >= enough) return [...members];
  }
  if (mark !== undefined) for (const pid of await withMark(rows, mark)) members.add(pid);
  for (let before = -1; before !== members.size;) {
    before = members.size;
    for (const { pid, parentPid } of rows) if (members.has(parentPid)) members.add(pid);
  }
  return [...members];
}

/** Who lives and carries such a mark, whoever started them. Without `/proc` nobody. */
export async function findMarked(mark: string): Promise<readonly number[]> {
  const rows: Row[] = [];
  for (const pids of chunks(await newestFirst())) rows.push(...(await Promise.all(pids.map(readRow))).filter((row) => row !== undefined));
  return withMark(rows, mark);
}

/** What they hold in memory together; who has ended meanwhile holds none. */
export async function residentBytesOf(pids: readonly number[]): Promise<number> {
  let sum = 0;
  for (const some of chunks(pids)) {
    const texts = await Promise.all(some.map((pid) => readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '')));
    for (const text of texts) sum += Number(text.split(' ')[1] ?? 0) * pageBytes;
  }
  return sum;
}

/** Larger pages than this exist on few machines; there, too little is counted. */
const pageBytes = 4096;

/** Those who are made quickly have the highest numbers. */
async function newestFirst(): Promise<readonly number[]> {
  try {
    const names = await readdir('/proc');
    return names
      .map(Number)
      .filter(Number.isInteger)
      .sort((one, other) => other - one);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return [];
    throw thrown;
  }
}

function* chunks<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += filesAtOnce) yield items.slice(start, start + filesAtOnce);
}

async function readRow(pid: number): Promise<Row | undefined> {
  // It may have ended since the directory was read.
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const stat = parseProcessStat(text);
  return stat === undefined || stat.isDead ? undefined : stat;
}

async function withMark(rows: readonly Row[], mark: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const some of chunks(rows)) {
    const marked = await Promise.all(some.map(({ pid }) => hasMark(pid, mark)));
    found.push(...some.filter((_, index) => marked[index]).map(({ pid }) => pid));
  }
  return found;
}

async function hasMark(pid: number, mark: string): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
  return text.split('\0').some((variable) => variable.startsWith(mark));
}
