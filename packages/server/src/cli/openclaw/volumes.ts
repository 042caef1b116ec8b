/** `openclaw volumes`: where the state lies, how much room it takes, how quick its disk is; what is printed of it. */
import { Option } from 'commander';
import { sizeInWords } from '../../operations/backup/index.ts';
import type { BenchReport, Growth, ReportedArea, ReportedVolume, VolumesReport } from '../../operations/volumes/index.ts';
import { formatTable, widthOf } from '../table.ts';
import type { CommandContext, Terminal } from '../terminal.ts';
import { registerMigrate } from './volumes-migrate.ts';
import { registerOrphans } from './volumes-orphans.ts';

interface Flags {
  readonly stateDir?: string;
  readonly output: 'text' | 'json';
  readonly bench?: boolean;
}

export function registerVolumesCommands(context: Pick<CommandContext, 'program' | 'terminal' | 'setExitCode'>): void {
  const { program, terminal } = context;
  const group = program
    .command('volumes')
    .description('where the state lies, how much room it takes, and for how long there is room')
    .option('--state-dir <directory>', 'the state directory')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .option('--bench', 'measure how quick its disk is: 64 MiB and ten seconds at most, removed again')
    .addHelpText('after', '\nExamples:\n  openclaw volumes\n  openclaw volumes -o json\n  openclaw volumes --bench\n')
    .action((flags: Flags) => show(flags, terminal));
  registerMigrate(group, terminal);
  registerOrphans(group, context);
}

async function show(flags: Flags, terminal: Terminal): Promise<void> {
  const [{ openVolumesAccess }, { reportVolumes }] = await Promise.all([
    import('./volumes-access.ts'),
    import('../../operations/volumes/index.ts'),
  ]);
  const access = await openVolumesAccess(flags, terminal);
  const report = await reportVolumes(access);
  const bench = flags.bench === true ? await measureSpeed(access.stateDirectory) : undefined;
  if (flags.output === 'json') {
    terminal.stdout.write(`${JSON.stringify({ ...report, ...(bench && { bench }) }, null, 2)}\n`);
    return;
  }
  terminal.stdout.write(describeVolumes(report, terminal) + (bench ? describeBench(bench) : ''));
  if (!report.isWhole) terminal.stderr.write('There are more files than were looked at: the sizes are too small.\n');
}

async function measureSpeed(directory: string): Promise<BenchReport> {
  const [{ benchVolume }, { systemClock }] = await Promise.all([
    import('../../operations/volumes/index.ts'),
    import('../../core/clock.ts'),
  ]);
  const stopping = new AbortController();
  const stop = (): void => stopping.abort(new Error('it was interrupted'));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await benchVolume({ directory, clock: systemClock, random: Math.random, signal: stopping.signal });
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

function describeVolumes({ stateDirectory, areas, volumes }: VolumesReport, { stdout }: Terminal): string {
  const options = { width: widthOf(stdout) };
  const [own] = volumes;
  const lead = own ? `${stateDirectory}: does it survive? ${own.survivesWords}.\n${own.remedy === '' ? '' : `  ${own.remedy}\n`}\n` : '';
  const areaColumns = [
    { heading: 'WHAT' },
    { heading: 'SIZE', align: 'right' as const },
    { heading: 'FILES', align: 'right' as const },
    { heading: 'A DAY', align: 'right' as const },
    { heading: 'OWNER', align: 'right' as const },
    { heading: 'MODE' },
    { heading: 'ON' },
    { heading: 'WHERE', cut: 'start' as const },
  ];
  const volumeColumns = [
    { heading: 'ON' },
    { heading: 'WHAT IT IS' },
    { heading: 'SURVIVES' },
    { heading: 'USED', align: 'right' as const },
    { heading: 'FREE', align: 'right' as const },
    { heading: 'A DAY', align: 'right' as const },
    { heading: 'FULL IN' },
  ];
  const sparse = own ? sparseWords(own.growth) : '';
  return [
    lead,
    formatTable(areaColumns, areas.map(areaCells), options),
    '\n',
    formatTable(volumeColumns, volumes.map(volumeCells), options),
    sparse === '' ? '' : `\n${sparse}\n`,
  ].join('');
}

function areaCells({ name, bytes, files, growth, uid, mode, mountPoint, path }: ReportedArea): readonly string[] {
  return [name, sizeInWords(bytes), String(files), perDay(growth), String(uid), mode, mountPoint ?? '-', path];
}

function volumeCells(volume: ReportedVolume): readonly string[] {
  const { mountPoint, kind, filesystem, survives, usedBytes, freeBytes, growth, daysUntilFull } = volume;
  const full = !growth.known ? '?' : daysUntilFull === undefined ? 'not soon' : `${daysInWords(daysUntilFull)}`;
  const lasts = { ok: 'yes', warn: 'perhaps', bad: 'no' }[survives];
  return [
    mountPoint ?? '-',
    filesystem === undefined ? kind : `${kind}, ${filesystem}`,
    lasts,
    sizeInWords(usedBytes),
    sizeInWords(freeBytes),
    perDay(growth),
    full,
  ];
}

function perDay(growth: Growth): string {
  if (!growth.known) return '?';
  const { bytesPerDay } = growth;
  if (Math.abs(bytesPerDay) < 1) return '0';
  return `${bytesPerDay < 0 ? '-' : '+'}${sizeInWords(Math.abs(Math.round(bytesPerDay)))}`;
}

function daysInWords(days: number): string {
  return days < 10 ? `${days.toFixed(1)} days` : `${Math.floor(days)} days`;
}

function sparseWords(growth: Growth): string {
  if (growth.known) return '';
  const have = growth.readings === 1 ? 'There is one reading' : `There are ${growth.readings} readings`;
  return `${have} of growth, too few to tell: the gateway takes one every four hours, and four over half a day are needed.`;
}

function describeBench({ directory, fileBytes, fsync, ...rates }: BenchReport): string {
  const lines = [
    ['fsync of 4 KiB', `p50 ${fsync.p50Ms.toFixed(2)} ms, p99 ${fsync.p99Ms.toFixed(2)} ms (${fsync.count} times)`],
    [
      'sequential',
      `write ${sizeInWords(rates.sequentialWriteBytesPerSecond)}/s, read ${sizeInWords(rates.sequentialReadBytesPerSecond)}/s`,
    ],
    ['random 4 KiB', `write ${rates.randomWritesPerSecond}/s, read ${rates.randomReadsPerSecond}/s`],
  ];
  const head = `\nSpeed of ${directory}, over ${sizeInWords(fileBytes)}; what is read may come from memory:\n`;
  return head + lines.map(([name = '', text = '']) => `  ${name.padEnd(15)} ${text}\n`).join('');
}
