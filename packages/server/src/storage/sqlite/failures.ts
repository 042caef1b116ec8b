/** What went wrong below: the codes of SQLite and of the file system, as errors of the catalogue. */
import { OpenClawError, reasonOf } from '../../core/errors.ts';

/** SQLite's primary result codes that mean something to us. */
const sqliteReadOnly = 8;
const sqliteCorrupt = 11;
const sqliteFull = 13;
const sqliteNotADatabase = 26;

/** Somebody has to make room; sooner nothing will have changed. */
const storageFullRetryMs = 60_000;

export function isNoSpace(thrown: unknown): boolean {
  const code = codeOf(thrown);
  return code === 'ENOSPC' || code === 'EDQUOT' || primaryCode(thrown) === sqliteFull;
}

/** Whether a database file is not what SQLite left there. */
export function isCorrupt(thrown: unknown): boolean {
  const code = primaryCode(thrown);
  return code === sqliteCorrupt || code === sqliteNotADatabase;
}

/** What a check of ours finds counts like what SQLite finds itself. */
export function corruption(finding: string): Error {
  return Object.assign(new Error(finding), { errcode: sqliteCorrupt });
}

/** `storage_full` where there is no room, else `storage_failed`. */
export function toStorageError(thrown: unknown): OpenClawError {
  if (thrown instanceof OpenClawError) return thrown;
  const reason = primaryCode(thrown) === sqliteReadOnly ? 'it cannot be written any more' : reasonOf(thrown);
  if (isNoSpace(thrown)) return new OpenClawError('storage_full', { details: { reason }, cause: thrown, retryAfterMs: storageFullRetryMs });
  return new OpenClawError('storage_failed', { details: { reason }, cause: thrown });
}

export function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}

function primaryCode(thrown: unknown): number | undefined {
  return thrown instanceof Error && 'errcode' in thrown && typeof thrown.errcode === 'number' ? thrown.errcode & 0xff : undefined;
}
