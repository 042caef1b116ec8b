/** `openclaw audit`: who changed what of keys, devices, secrets, configuration and approvals. It shows what was recorded and changes nothing. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { AuditEntry } from '@openclaw/protocol';
import { type Column, formatTable, widthOf } from '../table.ts';
import type { Terminal } from '../terminal.ts';

export interface AuditQuestion {
  readonly limit: number;
  readonly before?: number;
  readonly actionPrefix?: string;
}

/** Whether a gateway is asked or the state is opened is the business of whoever passes it in. */
export interface AuditClient {
  /** The newest first. */
  list(question: AuditQuestion): Promise<readonly AuditEntry[]>;
}

export interface AuditCommandContext {
  readonly io: Pick<Terminal, 'stdout' | 'stderr'>;
  readonly audit: AuditClient;
}

interface AuditFlags {
  readonly limit: number;
  readonly before?: number;
  readonly action?: string;
  readonly output: 'table' | 'json';
}

export function registerAuditCommand(program: Command, context: AuditCommandContext): void {
  program
    .command('audit')
    .description('show who changed what: keys, devices, secrets, configuration')
    .option('--limit <count>', 'how many of the last changes', parseLimit, 50)
    .option('--before <position>', 'only changes before this one, for the next page', parsePosition)
    .option('--action <prefix>', 'only actions that begin so: key., device., config.')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'))
    .addHelpText('after', '\nExamples:\n  openclaw audit\n  openclaw audit --action device. --limit 10\n  openclaw audit -o json\n')
    .action((flags: AuditFlags) => show(flags, context));
}

async function show({ limit, before, action, output }: AuditFlags, { io, audit }: AuditCommandContext): Promise<void> {
  const entries = await audit.list({
    limit,
    ...(before === undefined ? {} : { before }),
    ...(action === undefined ? {} : { actionPrefix: action }),
  });
  if (output === 'json') io.stdout.write(`${JSON.stringify({ entries }, null, 2)}\n`);
  else if (entries.length === 0)
    io.stderr.write(action === undefined ? 'Nothing has been changed yet.\n' : `No action begins with "${action}".\n`);
  else io.stdout.write(formatTable(columns, entries.map(cells), { width: widthOf(io.stdout) }));
}

const columns: readonly Column[] = [
  { heading: 'POSITION', align: 'right', cut: 'never' },
  { heading: 'TIME', cut: 'start' },
  ...['ACTOR', 'ACTION', 'SUBJECT', 'DETAIL'].map((heading) => ({ heading })),
];

function cells({ position, at, actor, action, subject, detail }: AuditEntry): string[] {
  const details = Object.entries(detail).map(([name, value]) => `${name}=${String(value)}`);
  return [String(position), at.replace('T', ' ').slice(0, 19), actor, action, subject, details.join(', ')];
}

function parseLimit(text: string): number {
  const limit = /^\d+$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= 1000) return limit;
  throw new InvalidArgumentError('It must be a whole number from 1 to 1000.');
}

function parsePosition(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a position, as the first column shows it.');
}
