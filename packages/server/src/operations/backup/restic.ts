/**
 * restic as the engine of backups, where it is installed: what would be an archive goes to it as one stream, of which it keeps what is new.
 * Encryption, repositories and their places are restic's; it reads the password from a file.
 *
 * A snapshot that is not finished has another tag until it is: restic takes the end of a process that was killed for the end of the stream.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { KeepRules } from './retention.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import { openArchive, type BackupMade, type CreateOptions } from './create.ts';
import type { PlaceContext } from './open-place.ts';
import type { StoredBackup } from './place.ts';
import type { Pruned } from './prune.ts';
import type { ArchiveToRead } from './restore.ts';

export interface ResticOptions {
  readonly repository: string;
  readonly passwordFile: string;
  readonly context: Pick<PlaceContext, 'lookUp' | 'signal' | 'clock'>;
}

export interface Restic {
  readonly address: string;
  create(options: CreateOptions): Promise<BackupMade>;
  /** Newest first. Sizes are not known: what one takes depends on the others. */
  list(): Promise<readonly StoredBackup[]>;
  /** @param wanted the id of a snapshot, or `latest` @throws OpenClawError `backup_not_found` */
  find(wanted: string): Promise<ArchiveToRead>;
  prune(options: { readonly rules: KeepRules; readonly stateId?: string; readonly dryRun: boolean }): Promise<Pruned>;
}

interface Snapshot {
  readonly short_id: string;
  readonly time: string;
  readonly tags?: readonly string[] | null;
}

const fileName = 'openclaw-state.tar';
const finishedTag = 'openclaw';
const unfinishedTag = 'openclaw-unfinished';
const statePrefix = 'state-';
/** restic itself, its cache, and the credentials of the places that it knows. */
const passedOn = [
  ...[
    'PATH',
    'HOME',
    'TMPDIR',
    'XDG_CACHE_HOME',
    'RESTIC_CACHE_DIR',
    'RESTIC_PROGRESS_FPS',
    'SSL_CERT_FILE',
    'HTTPS_PROXY',
    'HTTP_PROXY',
    'NO_PROXY',
  ],
  ...[
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
    'AWS_DEFAULT_REGION',
    'AWS_PROFILE',
    'AWS_SHARED_CREDENTIALS_FILE',
  ],
  ...['B2_ACCOUNT_ID', 'B2_ACCOUNT_KEY', 'AZURE_ACCOUNT_NAME', 'AZURE_ACCOUNT_KEY', 'GOOGLE_PROJECT_ID', 'GOOGLE_APPLICATION_CREDENTIALS'],
  ...['RESTIC_REST_USERNAME', 'RESTIC_REST_PASSWORD', 'SSH_AUTH_SOCK'],
] as const;

export function createRestic(options: ResticOptions): Restic {
  const { repository } = options;
  const run = (args: readonly string[]): Promise<string> => collectOutput(start(args, options), options);
  const snapshots = async (tag: string): Promise<readonly Snapshot[]> => {
    const found = JSON.parse(await run(['snapshots', '--json', '--tag', tag])) as readonly Snapshot[] | null;
    return found ?? [];
  };
  const list = async (): Promise<readonly StoredBackup[]> =>
    (await snapshots(finishedTag)).map(toBackup).toSorted((a, b) => b.createdAtMs - a.createdAtMs);
  return {
    address: repository,
    list,
    create: (wanted) => create(wanted, { ...options, run }),
    async find(wanted) {
      const all = await list();
      const found = wanted === 'latest' ? all[0] : all.find(({ name }) => wanted.startsWith(name));
      if (!found) {
        const suggestion = '`openclaw backup list --engine restic` shows those that there are.';
        throw new OpenClawError('backup_not_found', { details: { wanted: `${wanted} in ${repository}`, suggestion } });
      }
      return { name: `${repository}:${found.name}`, readTar: () => outputOf(start(['dump', found.name, fileName], options), options) };
    },
    async prune({ rules, stateId, dryRun }) {
      const tags = stateId === undefined ? finishedTag : `${finishedTag},${statePrefix}${stateId.slice(0, 8)}`;
      // The newest stays, whatever the rules are.
      const keep = ['--keep-last', Math.max(1, rules.last), '--keep-daily', rules.daily, '--keep-weekly', rules.weekly];
      const wanted = keep.filter((word, index) => index % 2 === 1 || Number(keep[index + 1]) > 0).filter((word) => word !== 0);
      const flags = dryRun ? ['--dry-run'] : ['--prune'];
      const text = await run(['forget', '--json', '--group-by', 'tags', '--tag', tags, ...wanted.map(String), ...flags]);
      if (!dryRun) await run(['forget', '--tag', unfinishedTag, '--keep-within', '1d', '--group-by', '']);
      return toPruned(text);
    },
  };
}

type Run = (args: readonly string[]) => Promise<string>;

async function create(wanted: CreateOptions, options: ResticOptions & { readonly run: Run }): Promise<BackupMade> {
  const { run, repository } = options;
  const { clock } = wanted;
  const beganMs = clock.monotonicMs();
  await ensureRepository(run);
  const opened = await openArchive(wanted);
  try {
    const { stateId, createdAt, contentBytes } = opened.header;
    const args = [
      'backup',
      '--stdin',
      '--stdin-filename',
      fileName,
      '--host',
      'openclaw',
      '--tag',
      unfinishedTag,
      '--time',
      timeOf(createdAt),
      '--json',
      '--quiet',
    ];
    const child = start(args, options);
    const told = collectOutput(child, options);
    await feed(child, opened.tar, told);
    const summary = lastObject(await told);
    const id = String(summary['snapshot_id'] ?? '');
    const tags = [finishedTag, ...(stateId === undefined ? [] : [`${statePrefix}${stateId.slice(0, 8)}`])].join(',');
    await run(['tag', '--set', tags, id]);
    // Its id is another with other tags.
    const newest =
      (JSON.parse(await run(['snapshots', '--json', '--tag', finishedTag, '--latest', '1', '--group-by', 'host'])) as
        | readonly Snapshot[]
        | null) ?? [];
    const name = groupless(newest)[0]?.short_id ?? id;
    return {
      ...{ name, createdAt, contentBytes, encrypted: true, leftOut: opened.leftOut },
      ...(stateId !== undefined && { stateId }),
      address: `${repository}:${name}`,
      bytes: Number(summary['data_added'] ?? 0),
      tookMs: clock.monotonicMs() - beganMs,
    };
  } finally {
    await opened.close();
  }
}

/** With `--group-by` restic wraps snapshots into groups. */
function groupless(found: readonly (Snapshot | { readonly snapshots?: readonly Snapshot[] })[]): readonly Snapshot[] {
  return found.flatMap((each) => ('short_id' in each ? [each] : (each.snapshots ?? [])));
}

async function ensureRepository(run: Run): Promise<void> {
  try {
    await run(['cat', 'config']);
  } catch (thrown) {
    if (!(thrown instanceof OpenClawError) || !/Is there a repository|does not exist|unable to open config/.test(thrown.message))
      throw thrown;
    await run(['init']);
  }
}

/** What fails here must not look like the end of the stream: restic is killed before it can see one. */
async function feed(child: ChildProcess, content: AsyncIterable<Buffer>, told: Promise<string>): Promise<void> {
  const { stdin } = child;
  if (!stdin) return;
  // restic may end first; why, it says itself.
  stdin.on('error', () => {});
  try {
    for await (const chunk of content) {
      if (child.exitCode !== null || stdin.destroyed) break;
      await new Promise<void>((resolve) => stdin.write(chunk, () => resolve()));
    }
  } catch (thrown) {
    child.kill('SIGKILL');
    await told.catch(() => {});
    throw thrown;
  }
  stdin.end();
}

function start(args: readonly string[], { repository, passwordFile, context }: ResticOptions): ChildProcess {
  const env = Object.fromEntries(passedOn.flatMap((name) => (context.lookUp(name) === undefined ? [] : [[name, context.lookUp(name)]])));
  return spawn('restic', ['--repo', repository, '--password-file', passwordFile, ...args], {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(context.signal && { signal: context.signal, killSignal: 'SIGKILL' }),
  });
}

/** What it prints at most, besides a stream. */
const outputLimitBytes = 64 * 2 ** 20;

async function collectOutput(child: ChildProcess, options: ResticOptions): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of outputOf(child, options)) {
    bytes += chunk.length;
    if (bytes > outputLimitBytes) {
      child.kill('SIGKILL');
      throw unusable(options.repository, 'restic says too much');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** @throws OpenClawError `backup_place` with restic's own words if it does not end well */
async function* outputOf(child: ChildProcess, { repository, context }: ResticOptions): AsyncGenerator<Buffer> {
  let words = '';
  let failure: Error | undefined;
  child.stderr?.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-4000)));
  child.on('error', (error) => (failure = error));
  const ended = once(child, 'close').catch(() => []);
  try {
    for await (const chunk of child.stdout ?? []) yield chunk as Buffer;
    await ended;
  } finally {
    if (child.exitCode === null) child.kill('SIGKILL');
  }
  context.signal?.throwIfAborted();
  if (failure && 'code' in failure && failure.code === 'ENOENT') throw notInstalled();
  if (failure) throw unusable(repository, reasonOf(failure));
  if (child.exitCode !== 0) throw unusable(repository, reasonOf(words.trim()) || `restic ended with ${child.exitCode ?? child.signalCode}`);
}

function notInstalled(): OpenClawError {
  const suggestion = 'Install it (Debian: apt-get install restic), or make archives: --engine archive.';
  return new OpenClawError('backup_failed', { details: { reason: 'restic is not installed here', suggestion } });
}

function unusable(repository: string, reason: string): OpenClawError {
  const suggestion = 'The words are those of restic. `restic --repo … --password-file … check` looks at the repository.';
  // Repositories of servers may have a password in their address.
  const place = repository.replace(/\/\/[^/@]*@/, '//***@');
  return new OpenClawError('backup_place', { details: { place, reason: reason.replaceAll(repository, place), suggestion } });
}

function toBackup({ short_id: name, time, tags }: Snapshot): StoredBackup {
  const state = tags?.find((tag) => tag.startsWith(statePrefix))?.slice(statePrefix.length);
  return { name, createdAtMs: Date.parse(time), encrypted: true, ...(state !== undefined && { state }) };
}

function toPruned(text: string): Pruned {
  // One line, and behind it words about what was pruned.
  const groups = JSON.parse(text.split('\n').find((line) => line.startsWith('[{')) ?? '[]') as readonly {
    readonly keep: readonly Snapshot[] | null;
    readonly remove: readonly Snapshot[] | null;
    readonly reasons: readonly { readonly snapshot: { readonly time: string }; readonly matches: readonly string[] }[] | null;
  }[];
  return {
    kept: groups.flatMap(({ keep, reasons }) =>
      (keep ?? []).map((snapshot) => ({
        backup: toBackup(snapshot),
        reasons: (reasons?.find((reason) => reason.snapshot.time === snapshot.time)?.matches ?? []).map((match) =>
          match.replace(' snapshot', ''),
        ),
      })),
    ),
    removed: groups.flatMap(({ remove }) => (remove ?? []).map(toBackup)),
    damaged: [],
  };
}

/** restic's own form of a moment, in the time of this machine; it takes no zone. */
function timeOf(createdAt: string): string {
  const at = new Date(createdAt);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  return `${day} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')}`;
}

function lastObject(text: string): Readonly<Record<string, unknown>> {
  const line = text
    .trim()
    .split('\n')
    .findLast((each) => each.startsWith('{'));
  return line === undefined ? {} : (JSON.parse(line) as Record<string, unknown>);
}
