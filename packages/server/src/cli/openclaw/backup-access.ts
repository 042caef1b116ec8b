/** What the commands about backups work with: the configuration as far as it can be read, keys from files, and the place. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfiguration, locate, type BackupSettings } from '../../config/index.ts';
import { systemClock } from '../../core/clock.ts';
import { readEnvironment } from '../../core/env.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import type { ArchiveToRead, EncryptFor, OpenWith, PlaceContext, Restic } from '../../operations/backup/index.ts';
import type { Terminal } from '../terminal.ts';

export interface KeyFlags {
  /** Files of age identities. */
  readonly identity?: readonly string[];
  readonly passphraseFile?: string;
}

export interface BackupAccess {
  readonly locations: ReturnType<typeof locate>;
  readonly settings: BackupSettings | undefined;
  /** Where backups are, unless a flag says otherwise. */
  readonly place: string;
  readonly context: PlaceContext;
}

/** A state whose configuration is broken or that of a newer program is to be saved and restored, too: then flags and variables count alone. */
export async function openBackupAccess(flags: { readonly stateDir?: string }, { env, stderr }: Terminal): Promise<BackupAccess> {
  const environment = readEnvironment({ env });
  const locations = locate(environment, flags);
  const settings = await loadConfiguration({ environment, flags })
    .then((configuration) => configuration.settings.backup)
    .catch((thrown: unknown) => {
      stderr.write(`The settings of backups in ${locations.file} do not count: ${reasonOf(thrown)}.\n`);
      return undefined;
    });
  return {
    locations,
    settings,
    place: settings?.to ?? join(locations.stateDirectory, 'backups'),
    context: { clock: systemClock, s3: settings?.s3 ?? {}, lookUp: (name) => environment.lookup(name)?.value },
  };
}

export interface EngineFlags {
  readonly engine?: 'archive' | 'restic';
}

interface ResticFlags extends EngineFlags {
  /** Of `--to` or `--from`. */
  readonly place?: string | undefined;
  readonly passphraseFile?: string | undefined;
}

/** The repository of restic where that is the engine, by flag or by configuration; else undefined. */
export async function openRestic(
  { engine, place, passphraseFile }: ResticFlags,
  { settings, context }: BackupAccess,
): Promise<Restic | undefined> {
  if ((engine ?? settings?.engine ?? 'archive') !== 'restic') return undefined;
  const repository = place ?? settings?.to;
  const passwordFile = passphraseFile ?? settings?.passwordFile;
  if (repository === undefined) throw usage('restic needs a repository', 'Name it with --to or --from, or set backup.to.');
  if (passwordFile === undefined)
    throw usage('restic needs a password', 'Name its file with --passphrase-file, or set backup.passwordFile.');
  const { createRestic } = await import('../../operations/backup/index.ts');
  return createRestic({ repository, passwordFile, context });
}

export interface WantedFlags extends KeyFlags, EngineFlags {
  readonly from?: string;
}

/** The archive that a command is to read, in whatever it lies. */
export async function openWanted(wanted: string, flags: WantedFlags, access: BackupAccess): Promise<ArchiveToRead> {
  const restic = await openRestic({ ...flags, place: flags.from }, access);
  if (restic) return restic.find(wanted);
  const { findArchive } = await import('../../operations/backup/index.ts');
  return findArchive(wanted, flags.from ?? access.place, { ...access.context, openWith: readKeys(flags) });
}

/** What opens an archive: identities, one a line as `age-keygen` writes them, and a passphrase. */
function readKeys({ identity = [], passphraseFile }: KeyFlags): OpenWith {
  const identities = identity.flatMap((file) =>
    readSecret(file)
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#')),
  );
  return { identities, ...(passphraseFile !== undefined && { passphrase: readPassphrase(passphraseFile) }) };
}

export function readRecipients(recipients: readonly string[], passphraseFile: string | undefined): EncryptFor {
  return passphraseFile === undefined ? { recipients } : { recipients, passphrase: readPassphrase(passphraseFile) };
}

function readPassphrase(file: string): string {
  const passphrase = readSecret(file).replace(/\r?\n$/, '');
  if (passphrase !== '') return passphrase;
  throw usage(`${file} is empty`, 'Write the passphrase into it, in one line.');
}

function readSecret(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    throw usage(`${file} cannot be read: ${reasonOf(thrown)}`, 'Check its name, and who may read it.');
  }
}

function usage(reason: string, suggestion: string): OpenClawError {
  return new OpenClawError('command_refused', { details: { reason, suggestion } });
}
