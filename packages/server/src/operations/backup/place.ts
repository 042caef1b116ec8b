/** What a place of backups is: a directory, or a bucket. And the names of backups in it, which say all that a list needs. */

export interface StoredBackup {
  readonly name: string;
  /** Absent where it cannot be known. */
  readonly bytes?: number;
  /** When it was made, by its name. */
  readonly createdAtMs: number;
  /** The beginning of the id of the state that it is of; absent where that had none. */
  readonly state?: string;
  readonly encrypted: boolean;
}

export interface StoredFile {
  readonly name: string;
  readonly bytes: number;
}

export interface Place {
  /** As `--to` names it. */
  readonly address: string;
  /** Room for another; undefined where that cannot be known. */
  freeBytes(): Promise<number | undefined>;
  /** All of it or nothing: until this resolves, nobody sees it in the list. @param about for how large parts must be */
  put(name: string, content: AsyncIterable<Buffer>, about: { readonly contentBytes: number }): Promise<{ readonly bytes: number }>;
  get(name: string): AsyncIterable<Buffer>;
  /** Newest first; only what has the name of a backup. */
  list(): Promise<readonly StoredBackup[]>;
  /** Everything that lies there, whatever its name. */
  files(): Promise<readonly StoredFile[]>;
  remove(name: string): Promise<void>;
}

const namePattern = /^openclaw-([\da-f]{8}|new)-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z\.tar\.zst(\.age)?$/;
const stateDigits = 8;

export function backupName(options: {
  readonly stateId?: string | undefined;
  readonly createdAtMs: number;
  readonly encrypted: boolean;
}): string {
  const stamp = new Date(options.createdAtMs).toISOString().replace(/[-:.]/g, '');
  return `openclaw-${options.stateId?.slice(0, stateDigits) ?? 'new'}-${stamp}.tar.zst${options.encrypted ? '.age' : ''}`;
}

/** What the name says; undefined for other files, which nothing here ever touches. */
export function readName(name: string, bytes: number): StoredBackup | undefined {
  const [, state, year, month, day, hour, minute, second, ms, age] = namePattern.exec(name) ?? [];
  if (state === undefined) return undefined;
  const createdAtMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  if (Number.isNaN(createdAtMs)) return undefined;
  return { name, bytes, createdAtMs, encrypted: age !== undefined, ...(state === 'new' ? {} : { state }) };
}

export function isOfState(backup: StoredBackup, stateId: string | undefined): boolean {
  return stateId === undefined || backup.state === undefined || stateId.startsWith(backup.state);
}

export function backupsAmong(files: readonly StoredFile[]): readonly StoredBackup[] {
  return newestFirst(
    files.flatMap(({ name, bytes }) => {
      const backup = readName(name, bytes);
      return backup ? [backup] : [];
    }),
  );
}

function newestFirst(backups: readonly StoredBackup[]): readonly StoredBackup[] {
  return backups.toSorted((a, b) => b.createdAtMs - a.createdAtMs);
}
