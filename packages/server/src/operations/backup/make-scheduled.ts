/** One backup as the configuration wants it, and what it makes superfluous taken away. */
import type { BackupSettings } from '../../config/index.ts';
import type { Log } from '../../core/log.ts';
import { createBackup, type BackupMade } from './create.ts';
import { createRestic } from './restic.ts';
import { openPlace, type PlaceContext } from './open-place.ts';
import { pruneBackups } from './prune.ts';

export interface ScheduledOptions {
  readonly stateDirectory: string;
  readonly stateId: string;
  readonly version: string;
  readonly place: string;
  readonly context: PlaceContext;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export async function makeScheduled(
  { engine, passwordFile, recipients, keep }: BackupSettings,
  options: ScheduledOptions,
): Promise<Pick<BackupMade, 'address' | 'bytes' | 'tookMs'>> {
  const { stateDirectory, stateId, version, context, log, signal } = options;
  const wanted = { stateDirectory, version, signal, clock: context.clock };
  const retention = { rules: keep, stateId, dryRun: false };
  const restic = engine === 'restic' ? createRestic({ repository: options.place, passwordFile: passwordFile ?? '', context }) : undefined;
  const place = openPlace(options.place, context);
  const made = restic ? await restic.create(wanted) : await createBackup({ ...wanted, place, encryptFor: { recipients } });
  try {
    const { removed, damaged } = restic ? await restic.prune(retention) : await pruneBackups({ ...retention, place });
    if (removed.length > 0) log.info('old backups were deleted', { count: removed.length });
    for (const { name } of damaged) log.warn('a backup is damaged, so an older one stays', { name });
  } catch (error) {
    // The new one is there, which is what was asked for; what takes room is looked at again with the next.
    log.warn('old backups could not be deleted', { error });
  }
  return made;
}
