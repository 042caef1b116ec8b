/** `openclaw retention`: how long things are kept, what would go now, and where it goes. The gateway itself gives it up. */
import { Option } from 'commander';
import { formatUnit } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import { sizeInWords } from '../../operations/backup/index.ts';
import type { RetentionReport, RetentionRow } from '../../operations/retention/index.ts';
import { formatTable, widthOf } from '../table.ts';
import type { CommandContext, Terminal } from '../terminal.ts';
import { callGateway } from './admin.ts';
import { findPlace } from './place.ts';

interface Flags {
  readonly dryRun?: boolean;
  readonly now?: boolean;
  readonly output: 'text' | 'json';
}

export function registerRetentionCommand({ program, terminal }: Pick<CommandContext, 'program' | 'terminal'>): void {
  program
    .command('retention')
    .description('how long things are kept, and what would go now')
    .option('--dry-run', 'only say what would go; so it is without --now, too')
    .addOption(new Option('--now', 'give up what is too old now, and not within the hour').conflicts('dryRun'))
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .addHelpText('after', '\nExamples:\n  openclaw retention --dry-run\n  openclaw retention -o json\n  openclaw retention --now\n')
    .action((flags: Flags) => retention(flags, terminal));
}

async function retention({ now, output }: Flags, terminal: Terminal): Promise<void> {
  const { gateway, configuration } = await findPlace(terminal);
  if (!gateway) {
    const details = { url: configuration.stateDirectory, reason: 'no gateway runs on this state directory' };
    throw new OpenClawError('gateway_unreachable', { details });
  }
  const path = '/admin/v1/retention';
  const report = (await callGateway({ ...gateway, method: 'GET', path })) as unknown as RetentionReport;
  terminal.stdout.write(output === 'json' ? `${JSON.stringify(report, null, 2)}\n` : describe(report, terminal));
  if (now !== true) return;
  await callGateway({ ...gateway, method: 'POST', path });
  terminal.stderr.write('It is under way; streamed text, runs and stored responses follow within the hour. `openclaw logs` tells of it.\n');
}

function describe({ rows, sweptAt }: RetentionReport, { stdout }: Terminal): string {
  const columns = [
    { heading: 'WHAT' },
    { heading: 'KEPT', align: 'right' as const },
    { heading: 'WOULD GO', align: 'right' as const },
    { heading: 'ROOM', align: 'right' as const },
    { heading: 'TO' },
    { heading: 'SETTING' },
  ];
  const last =
    sweptAt === null ? 'The gateway has not gone through them since its start; it does each hour.' : `Last gone through at ${sweptAt}.`;
  return `${formatTable(columns, rows.map(cells), { width: widthOf(stdout) })}\n${last}\n`;
}

function cells({ kind, keepMs, items, bytes, to, setting }: RetentionRow): readonly string[] {
  const room = items === 0 ? '0' : bytes === 0 ? '?' : sizeInWords(bytes);
  return [kind, keepMs === null ? 'for ever' : formatUnit(keepMs, 'ms'), String(items), room, to ?? '-', setting];
}
