/** The errors of an archive that cannot be believed. The archive's name is put in by whoever knows it. */
import { OpenClawError } from '../../core/errors.ts';

export function backupDamaged(reason: string, cause?: unknown): OpenClawError {
  return new OpenClawError('backup_damaged', { details: { archive: 'archive', reason }, ...(cause === undefined ? {} : { cause }) });
}

/** Runs what reads an archive; what it throws about the archive says which one. */
export async function naming<Result>(archive: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (thrown) {
    if (!(thrown instanceof OpenClawError) || !('archive' in thrown.details)) throw thrown;
    throw new OpenClawError(thrown.code, { details: { ...thrown.details, archive }, cause: thrown });
  }
}
