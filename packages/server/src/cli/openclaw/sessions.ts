/** `openclaw sessions`: conversations that agents have had, through the running gateway. */
import type { SessionDetails, SessionView } from '@openclaw/client';
import { type Command, InvalidArgumentError } from 'commander';
import { type Column, formatTable, widthOf } from '../table.ts';
import type { RunCommandContext } from './agent.ts';
import { sessionKeyOf } from './session-key.ts';
import { addOutput, type OutputFlags, visible } from './target-flags.ts';

type Context = Pick<RunCommandContext, 'io' | 'useOpenClaw'>;

export function registerSessionsCommands(program: Command, context: Context): void {
  const group = program.command('sessions').description('conversations: list, show, delete, compact');
  addOutput(group.command('list'), 'table')
    .description('list sessions, the latest first')
    .option('-n, --limit <count>', 'how many', parseLimit, 20)
    .option('--after <place>', 'the next page, as the last one named it')
    .action((flags: OutputFlags & { readonly limit: number; readonly after?: string }) => list(flags, context));
  addOutput(group.command('show'))
    .description('show a session with its last messages')
    .argument('<session>', 'its key; main is agent:main:main')
    .option('-n, --limit <count>', 'how many messages', parseLimit, 20)
    .action((key: string, { limit, output }: OutputFlags & { readonly limit: number }) =>
      context.useOpenClaw(async ({ sessions }) => print(await sessions.get(sessionKeyOf(key), limit), output, context)),
    );
  addOutput(group.command('delete'))
    .description('forget a session; what runs in it is stopped first')
    .argument('<session>', 'its key')
    .action((key: string, { output }: OutputFlags) =>
      context.useOpenClaw(async ({ sessions }) => {
        const deleted = await sessions.delete(sessionKeyOf(key));
        context.io.stdout.write(output === 'json' ? `${JSON.stringify(deleted, null, 2)}\n` : `Deleted ${visible(deleted.key)}.\n`);
      }),
    );
  addOutput(group.command('compact'))
    .description('summarise the older part of a session; the original stays in the journal')
    .argument('<session>', 'its key')
    .action((key: string, { output }: OutputFlags) =>
      context.useOpenClaw(async ({ sessions }) => print(await sessions.compact(sessionKeyOf(key)), output, context)),
    );
  for (const command of group.commands)
    command.addHelpText('after', `\nExample:\n  openclaw sessions ${command.name()}${command.name() === 'list' ? '' : ' main'}\n`);
}

async function list(
  { limit, after, output }: OutputFlags & { readonly limit: number; readonly after?: string },
  { io, useOpenClaw }: Context,
): Promise<void> {
  const page = await useOpenClaw(({ sessions }) => sessions.list({ limit, ...(after === undefined ? {} : { after }) }));
  if (output === 'json') io.stdout.write(`${JSON.stringify({ sessions: page.data, nextAfter: page.next_after }, null, 2)}\n`);
  else if (page.data.length === 0) io.stderr.write('There are no sessions.\n');
  else {
    io.stdout.write(formatTable(columns, page.data.map(cells), { width: widthOf(io.stdout) }));
    if (page.next_after !== null) io.stderr.write(`There are more: --after ${page.next_after}\n`);
  }
}

const columns: readonly Column[] = [
  { heading: 'SESSION', cut: 'never' },
  ...['AGENT', 'LABEL', 'MODEL'].map((heading) => ({ heading })),
  { heading: 'MESSAGES', align: 'right' },
  { heading: 'LAST' },
];

function cells({ key, agentId, label, model, messageCount, updatedAtMs }: SessionView): string[] {
  return [key, agentId, label ?? '', model ?? '', String(messageCount), timeOf(updatedAtMs)];
}

function print(session: SessionDetails, output: OutputFlags['output'], { io }: Context): void {
  if (output === 'json') {
    io.stdout.write(`${JSON.stringify(session, null, 2)}\n`);
    return;
  }
  const head = `${session.key}: ${session.messageCount} messages, the last at ${timeOf(session.updatedAtMs)}`;
  const lines = session.messages.map(({ role, text, atMs }) => `${timeOf(atMs)} ${role}: ${text.split('\n').map(visible).join('\n  ')}`);
  io.stdout.write(`${[visible(head), ...lines].join('\n')}\n`);
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString().replace('T', ' ').slice(0, 19);
}

function parseLimit(text: string): number {
  const limit = /^\d+$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= 100) return limit;
  throw new InvalidArgumentError('It must be a whole number from 1 to 100.');
}
