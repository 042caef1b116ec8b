/** What lies in a container, running or not: the file that it starts, whose its mounts are. Of files no more than the first line of a script is kept. */
import { posix } from 'node:path';
import type { JsonValue } from '../../../core/json.ts';
import { objectOf, textOf } from '../answers.ts';
import type { EntryAnswer } from '../answers.ts';
import type { Lookout } from '../contract.ts';
import type { Mount, Program, ProgramFile } from '../evidence.ts';
import { NotSeen } from '../not-seen.ts';

const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const mostLinks = 8;
const anyExecute = 0o111;
/** Of ELF files: two bytes at 18 say for which machine. */
const machines: Readonly<Record<number, string>> = {
  3: '386',
  40: 'arm',
  62: 'amd64',
  183: 'arm64',
  21: 'ppc64le',
  22: 's390x',
  243: 'riscv64',
};

export interface ContainerFiles {
  readonly lookout: Lookout;
  readonly containerId: string;
}

/** Undefined where there is no such thing. @throws NotSeen where it cannot be looked at */
async function entryAt({ lookout, containerId }: ContainerFiles, path: string): Promise<EntryAnswer | undefined> {
  let at = path;
  for (let links = 0; links < mostLinks; links += 1) {
    const answer = await askEntry(lookout, containerId, at);
    if (answer?.kind !== 'link') return answer;
    at = posix.resolve(posix.dirname(at), answer.name);
  }
  return undefined;
}

async function askEntry(lookout: Lookout, containerId: string, path: string): Promise<EntryAnswer | undefined> {
  try {
    const answer: JsonValue = await lookout.ask({
      from: 'docker',
      as: 'entry',
      path: `/containers/${containerId}/archive`,
      query: { path },
    });
    return answer === null ? undefined : (answer as EntryAnswer);
  } catch (thrown) {
    if (thrown instanceof NotSeen && thrown.reason === 'missing') return undefined;
    throw thrown;
  }
}

/** @throws NotSeen */
export async function programFile(
  files: ContainerFiles,
  program: Program,
  environment: readonly string[],
): Promise<ProgramFile | undefined> {
  const [word] = [...program.entrypoint, ...program.command];
  if (word === undefined) return undefined;
  const path = environment.find((variable) => variable.startsWith('PATH='))?.slice('PATH='.length) ?? usualPath;
  const candidates = word.includes('/')
    ? [posix.resolve('/', program.workingDirectory, word)]
    : path.split(':').map((folder) => posix.join('/', folder, word));
  for (const candidate of candidates) {
    const entry = await entryAt(files, candidate);
    if (entry !== undefined) return describe(files, candidate, entry);
  }
  return { path: word, isThere: false, isExecutable: false, isEmpty: false };
}

async function describe(files: ContainerFiles, path: string, entry: EntryAnswer): Promise<ProgramFile> {
  const head = Buffer.from(entry.head, 'base64');
  const isElf = head.toString('latin1', 0, 4) === '\u{7f}ELF' && head.length > 20;
  const first = /^#!([^\n]*)/.exec(head.toString('utf8'))?.[1]?.trimStart();
  const interpreterPath = first?.split(/[ \t]/)[0];
  const found = {
    path,
    isThere: true,
    isExecutable: entry.kind === 'file' && (entry.mode & anyExecute) !== 0,
    isEmpty: entry.kind === 'file' && entry.sizeBytes === 0,
  };
  if (isElf) return { ...found, architecture: machines[head.readUInt16LE(18)] ?? 'unknown' };
  if (first === undefined || interpreterPath === undefined) return found;
  return {
    ...found,
    interpreter: first.replace(/\r/g, '\\r').slice(0, 200),
    interpreterIsThere: (await entryAt(files, interpreterPath)) !== undefined,
  };
}

/** The number of a user who is called by name. @throws NotSeen */
export async function userIdOf(files: ContainerFiles, user: string): Promise<number | undefined> {
  const name = user.split(':')[0] ?? '';
  const passwd = await entryAt(files, '/etc/passwd');
  const line = Buffer.from(passwd?.head ?? '', 'base64')
    .toString('utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name}:`));
  const id = Number(line?.split(':')[2]);
  return line === undefined || Number.isNaN(id) ? undefined : id;
}

/** Whose a mount is, as the container sees it. Memory of a container that runs cannot be seen this way. @throws NotSeen */
export async function lookAtMount(files: ContainerFiles, mount: Mount): Promise<Mount> {
  if (mount.kind === 'tmpfs') return mount;
  const entry = await entryAt(files, mount.target);
  if (entry === undefined) return mount;
  const { uid: ownerUid, gid: ownerGid, mode } = entry;
  const isDirectory = entry.kind === 'folder';
  return { ...mount, ownerUid, ownerGid, mode, isDirectory, ...(isDirectory ? { isEmpty: entry.firstName === '' } : {}) };
}

/** The place on the host, where one is known. */
export function hostPathOf(inspected: JsonValue, target: string): string | undefined {
  const mounts = objectOf(inspected)['Mounts'];
  const found = Array.isArray(mounts) ? mounts.map(objectOf).find(({ Destination }) => Destination === target) : undefined;
  return textOf(found?.['Source']) || undefined;
}
