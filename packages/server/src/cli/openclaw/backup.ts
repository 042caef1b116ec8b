/** `openclaw backup`: copies of the state, made beside a running gateway, read back, restored. What is printed; the work is done by `operations/backup`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { BackupMade, LeftOut, Pruned, ReadBack, StoredBackup } from '../../operations/backup/index.ts';
import { formatMs } from '../durations.ts';
import { type Column, formatTable, widthOf } from '../table.ts';
import type { CommandContext, Terminal } from '../terminal.ts';
import { registerDrill } from './backup-drill.ts';
import type { ScheduleFlags } from './backup-schedule.ts';
import { openBackupAccess, openRestic, openWanted, readRecipients, type EngineFlags, type KeyFlags } from './backup-access.ts';

interface StateFlags {
  readonly stateDir?: string;
}

interface OutputFlags {
  readonly output: 'text' | 'json';
}

interface CreateFlags extends StateFlags, OutputFlags, EngineFlags {
  readonly to?: string;
  readonly encrypt: readonly string[];
  readonly passphraseFile?: string;
}

interface ReadFlags extends KeyFlags, StateFlags, OutputFlags, EngineFlags {
  readonly from?: string;
}

interface PruneFlags extends StateFlags, OutputFlags, EngineFlags {
  readonly passphraseFile?: string;
  readonly from?: string;
  readonly keepLast?: number;
  readonly keepDaily?: number;
  readonly keepWeekly?: number;
  readonly dryRun?: boolean;
}

const collect = (value: string, earlier: readonly string[]): readonly string[] => [...earlier, value];

export function registerBackupCommands({ program, terminal, setExitCode }: CommandContext): Command {
  const group = program.command('backup').description('copies of the state: make, check, restore');
  withOutput(group.command('create'))
    .description('make a backup; a gateway that runs goes on')
    .option('--to <place>', 'a directory, or s3://bucket/prefix')
    .option('--encrypt <recipient>', 'encrypt for a recipient of age, age1…; may be repeated', collect, [])
    .option('--passphrase-file <file>', 'encrypt with the passphrase in a file')
    .addHelpText(
      'after',
      examples('create', ['', '--to /mnt/backups', '--to s3://bucket/openclaw --encrypt age1…', '--state-dir /state --to /out']),
    )
    .action((flags: CreateFlags) => create(flags, terminal));
  withKeys(group.command('verify'))
    .description('read all of a backup back, compare every sum and open its database')
    .argument('<archive>', 'a file, an address of S3, a name of `list`, or `latest`')
    .addHelpText('after', examples('verify', ['latest', '/mnt/backups/openclaw-….tar.zst', 'latest --identity key.txt']))
    .action((archive: string, flags: ReadFlags) => verify(archive, flags, terminal));
  withKeys(group.command('restore'))
    .description('bring a backup back into an empty state directory')
    .argument('<archive>', 'a file, an address of S3, a name of `list`, or `latest`')
    .option('--force', 'replace what is there, and keep it beside')
    .addHelpText('after', examples('restore', ['latest', '/mnt/backups/openclaw-….tar.zst --state-dir /new', 'latest --force']))
    .action((archive: string, flags: ReadFlags & { readonly force?: boolean }) => restore(archive, flags, terminal));
  withOutput(group.command('list'))
    .description('show the backups of a place, the newest first')
    .option('--from <place>', 'a directory, or s3://bucket/prefix')
    .option('--passphrase-file <file>', 'the file with the password of the repository of restic')
    .addHelpText('after', examples('list', ['', '--from s3://bucket/openclaw', '-o json']))
    .action((flags: ReadFlags) => list(flags, terminal));
  registerPrune(group, terminal);
  registerDrill(withKeys(group.command('drill')), { terminal, setExitCode });
  withOutput(group.command('schedule'))
    .description('show when backups are made by the gateway, the last one and the next')
    .addHelpText('after', '\nThe exit code is 1 if the last one failed. The settings are in openclaw.json, under `backup`.\n')
    .action(async (flags: ScheduleFlags) => {
      const { showSchedule } = await import('./backup-schedule.ts');
      if (!(await showSchedule(flags, terminal))) setExitCode(1);
    });
  return group;
}

function registerPrune(group: Command, terminal: Terminal): void {
  withOutput(group.command('prune'))
    .description('delete backups of this state that the rules do not keep; never the last good one')
    .option('--from <place>', 'a directory, or s3://bucket/prefix')
    .option('--keep-last <count>', 'so many of the newest', parseCount)
    .option('--keep-daily <count>', 'the newest of each of so many days', parseCount)
    .option('--keep-weekly <count>', 'the newest of each of so many weeks', parseCount)
    .option('--passphrase-file <file>', 'the file with the password of the repository of restic')
    .option('--dry-run', 'only say what would be deleted')
    .addHelpText('after', examples('prune', ['--dry-run', '--keep-daily 7 --keep-weekly 4']))
    .action((flags: PruneFlags) => prune(flags, terminal));
}

function withOutput(command: Command): Command {
  return command
    .option('--state-dir <directory>', 'the state directory')
    .addOption(
      new Option('--engine <engine>', 'what makes or made it; places of restic are its repositories').choices(['archive', 'restic']),
    )
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'));
}

function withKeys(command: Command): Command {
  return withOutput(command)
    .option('--from <place>', 'where a name is looked for: a directory, or s3://bucket/prefix')
    .option('--identity <file>', 'a file with an identity of age; may be repeated', collect, [])
    .option('--passphrase-file <file>', 'the file with the passphrase');
}

function examples(name: string, lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  openclaw backup ${name}${line === '' ? '' : ` ${line}`}\n`).join('')}`;
}

async function create({ to, encrypt, passphraseFile, output, ...flags }: CreateFlags, terminal: Terminal): Promise<void> {
  const access = await openBackupAccess(flags, terminal);
  const { locations, settings, place } = access;
  const { createBackup, openPlace } = await import('../../operations/backup/index.ts');
  const { version } = await import('../../version.ts');
  const recipients = encrypt.length > 0 || passphraseFile !== undefined ? encrypt : (settings?.recipients ?? []);
  const progress = createProgress(terminal);
  const interrupt = interruptible();
  const context = { ...access.context, signal: interrupt.signal };
  const wanted = {
    stateDirectory: locations.stateDirectory,
    clock: context.clock,
    version,
    onProgress: progress.show,
    signal: interrupt.signal,
  };
  try {
    const restic = await openRestic({ ...flags, place: to, passphraseFile }, { ...access, context });
    const made = restic
      ? await restic.create(wanted)
      : await createBackup({ ...wanted, place: openPlace(to ?? place, context), encryptFor: readRecipients(recipients, passphraseFile) });
    progress.end();
    terminal.stdout.write(output === 'json' ? asJson(made) : await describeMade(made));
    tellLeftOut(made.leftOut, terminal);
    if (!locations.file.startsWith(`${locations.stateDirectory}/`)) {
      terminal.stderr.write(`The configuration ${locations.file} lies outside of the state directory and is not in it: copy it, too.\n`);
    }
  } finally {
    progress.end();
    interrupt.release();
  }
}

async function describeMade({ address, bytes, contentBytes, encrypted, tookMs }: BackupMade): Promise<string> {
  const { sizeInWords } = await import('../../operations/backup/index.ts');
  const size = `${sizeInWords(bytes)} of ${sizeInWords(contentBytes)}`;
  return `${address}\n  ${size}, ${encrypted ? 'encrypted, ' : ''}in ${formatMs(tookMs)}\n`;
}

async function verify(wanted: string, flags: ReadFlags, terminal: Terminal): Promise<void> {
  const access = await openBackupAccess(flags, terminal);
  const { verifyBackup } = await import('../../operations/backup/index.ts');
  const archive = await openWanted(wanted, flags, access);
  const readBack = await verifyBackup(archive, access.context);
  terminal.stdout.write(
    flags.output === 'json' ? asJson({ archive: archive.name, ...readBack }) : `${archive.name} is whole\n${await describeRead(readBack)}`,
  );
  tellLeftOut(readBack.leftOut, terminal);
}

async function restore(wanted: string, flags: ReadFlags & { readonly force?: boolean }, terminal: Terminal): Promise<void> {
  const access = await openBackupAccess(flags, terminal);
  const { locations, context } = access;
  const { restoreBackup } = await import('../../operations/backup/index.ts');
  const archive = await openWanted(wanted, flags, access);
  const interrupt = interruptible();
  try {
    const { stateDirectory } = locations;
    const restored = await restoreBackup(archive, {
      ...{ stateDirectory, force: flags.force ?? false, clock: context.clock, signal: interrupt.signal },
    });
    terminal.stdout.write(
      flags.output === 'json'
        ? asJson({ archive: archive.name, stateDirectory, ...restored })
        : `${archive.name} is restored in ${stateDirectory}\n${await describeRead(restored)}`,
    );
    tellLeftOut(restored.leftOut, terminal);
    if (restored.keptIn !== undefined)
      terminal.stderr.write(`What was there before lies in ${restored.keptIn}; delete it when you no longer want it.\n`);
  } finally {
    interrupt.release();
  }
}

async function describeRead({ header, files, bytes, recovery }: ReadBack): Promise<string> {
  const { sizeInWords } = await import('../../operations/backup/index.ts');
  const lines = [
    ['made', `${header.createdAt} by OpenClaw ${header.version}`],
    ['state', header.stateId ?? 'without an id'],
    ['files', `${files}, ${sizeInWords(bytes)}, each as its sum says`],
    ['database', `opens: ${recovery.reason}, ${recovery.replayedRecords} records replayed`],
  ];
  return lines.map(([name = '', text = '']) => `  ${name.padEnd(9)} ${text}\n`).join('');
}

async function list(flags: ReadFlags, terminal: Terminal): Promise<void> {
  const access = await openBackupAccess(flags, terminal);
  const { openPlace, sizeInWords } = await import('../../operations/backup/index.ts');
  const at = (await openRestic({ ...flags, place: flags.from }, access)) ?? openPlace(flags.from ?? access.place, access.context);
  const backups = await at.list();
  if (flags.output === 'json') terminal.stdout.write(asJson({ place: at.address, backups: backups.map(forPrograms) }));
  else if (backups.length === 0) terminal.stderr.write(`There is no backup in ${at.address}.\n`);
  else
    terminal.stdout.write(
      table(
        terminal,
        backups.map((backup) => [...cells(backup, sizeInWords)]),
        ['NAME', 'MADE', 'SIZE', 'STATE', 'ENCRYPTED'],
      ),
    );
}

async function prune(flags: PruneFlags, terminal: Terminal): Promise<void> {
  const access = await openBackupAccess(flags, terminal);
  const { locations, settings, place, context } = access;
  const { openPlace, pruneBackups, sizeInWords } = await import('../../operations/backup/index.ts');
  const { readStateIdentity } = await import('../../operations/state-identity/index.ts');
  const { keepLast, keepDaily, keepWeekly } = flags;
  const isGiven = [keepLast, keepDaily, keepWeekly].some((count) => count !== undefined);
  const rules = isGiven
    ? { last: keepLast ?? 0, daily: keepDaily ?? 0, weekly: keepWeekly ?? 0 }
    : (settings?.keep ?? { last: 3, daily: 7, weekly: 4 });
  const stateId = readStateIdentity(locations.stateDirectory)?.id;
  const options = { rules, dryRun: flags.dryRun ?? false, ...(stateId !== undefined && { stateId }) };
  const restic = await openRestic({ ...flags, place: flags.from }, access);
  const pruned = restic ? await restic.prune(options) : await pruneBackups({ ...options, place: openPlace(flags.from ?? place, context) });
  terminal.stdout.write(flags.output === 'json' ? asJson(pruneForPrograms(pruned)) : describePruned(pruned, { terminal, sizeInWords }));
  for (const { name } of pruned.damaged) terminal.stderr.write(`${name} is damaged, so an older one stays that no rule keeps.\n`);
  if (flags.dryRun === true) terminal.stderr.write('Nothing was deleted: that was --dry-run.\n');
}

interface Words {
  readonly terminal: Terminal;
  readonly sizeInWords: (bytes: number) => string;
}

function describePruned({ kept, removed }: Pruned, { terminal, sizeInWords }: Words): string {
  const rows = [
    ...kept.map(({ backup, reasons }) => ({ backup, fate: `stays: ${reasons.join(', ')}` })),
    ...removed.map((backup) => ({ backup, fate: 'goes' })),
  ].toSorted((a, b) => b.backup.createdAtMs - a.backup.createdAtMs);
  return table(
    terminal,
    rows.map(({ backup, fate }) => [...cells(backup, sizeInWords).slice(0, 3), fate]),
    ['NAME', 'MADE', 'SIZE', 'FATE'],
  );
}

function pruneForPrograms({ kept, removed, damaged }: Pruned): object {
  return {
    kept: kept.map(({ backup, reasons }) => ({ ...forPrograms(backup), reasons })),
    removed: removed.map(forPrograms),
    damaged: damaged.map(forPrograms),
  };
}

function forPrograms({ createdAtMs, ...backup }: StoredBackup): object {
  return { ...backup, createdAt: new Date(createdAtMs).toISOString() };
}

function cells({ name, createdAtMs, bytes, state, encrypted }: StoredBackup, sizeInWords: (bytes: number) => string): readonly string[] {
  return [
    name,
    new Date(createdAtMs).toISOString().slice(0, 19).replace('T', ' '),
    bytes === undefined ? '-' : sizeInWords(bytes),
    state ?? '-',
    encrypted ? 'yes' : 'no',
  ];
}

function table(terminal: Terminal, rows: readonly (readonly string[])[], headings: readonly string[]): string {
  const columns: Column[] = headings.map((heading) => ({
    heading,
    ...(heading === 'NAME' && { cut: 'never' as const }),
    ...(heading === 'SIZE' && { align: 'right' as const }),
  }));
  return formatTable(columns, rows, { width: widthOf(terminal.stdout) });
}

function tellLeftOut(leftOut: readonly LeftOut[], { stderr }: Terminal): void {
  const shown = 5;
  for (const { path, why } of leftOut.slice(0, shown)) stderr.write(`${path} is not in it: ${why}.\n`);
  if (leftOut.length > shown) stderr.write(`So are ${leftOut.length - shown} more not in it; -o json names them.\n`);
}

function asJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function parseCount(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}

/** One line that is written over, on a terminal alone. */
function createProgress({ stderr }: Terminal): { show(doneBytes: number, allBytes: number): void; end(): void } {
  let shown = -1;
  return {
    show(doneBytes, allBytes) {
      const percent = allBytes === 0 ? 100 : Math.floor((doneBytes / allBytes) * 100);
      if (stderr.isTTY !== true || percent === shown) return;
      shown = percent;
      stderr.write(`\r${String(percent).padStart(3)} %`);
    },
    end() {
      if (shown >= 0) stderr.write('\r\u001b[K');
      shown = -1;
    },
  };
}

/** Ctrl-C ends what is under way in order: nothing is left behind. */
function interruptible(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const stop = (): void => controller.abort(new Error('it was interrupted'));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  return { signal: controller.signal, release: () => void process.off('SIGINT', stop).off('SIGTERM', stop) };
}
