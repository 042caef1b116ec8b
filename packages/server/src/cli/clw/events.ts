/** `clw events`: what happened to workloads, the latest last, the memory events of the runtime among them. */
import { eventKind } from '@openclaw/client/workloads';
import type { ApiEvent } from '@openclaw/protocol';
import type { Command } from 'commander';
import { formatTable, widthOf } from '../table.ts';
import { byTime, formatAge } from './ages.ts';
import { painted, wantsColours } from './colours.ts';
import { listAgainWhenExpired, Told } from './following.ts';
import { addPlaceFlags, type PlaceFlags } from './flags.ts';
import { readNames } from './names.ts';
import { defaultNamespace, placeOf, withSession, type ClwContext, type Session } from './session.ts';

interface Flags extends PlaceFlags {
  readonly for?: string;
  readonly allNamespaces?: boolean;
  readonly watch?: boolean;
  readonly types?: string;
  readonly output: 'table' | 'json';
}

export function registerEventsCommand(program: Command, context: ClwContext): void {
  addPlaceFlags(program.command('events'))
    .description('what happened, the latest last')
    .argument('[resource...]', 'of one: workload NAME')
    .option('--for <resource>', 'the same as its name behind the command: workload/NAME')
    .option('--types <types>', 'only these, separated by commas: Normal, Warning')
    .option('-A, --all-namespaces', 'of all namespaces')
    .option('-w, --watch', 'go on with what comes')
    .option('-o, --output <format>', 'how to print: table, json', 'table')
    .addHelpText('after', '\nExamples:\n  clw events\n  clw events workload payment-processor --types Warning\n  clw events -A --watch\n')
    .action((words: string[], flags: Flags) => withSession(context, flags, (session) => events(words, { flags, session, context })));
}

interface Asked {
  readonly flags: Flags;
  readonly session: Session;
  readonly context: ClwContext;
}

async function events(words: readonly string[], asked: Asked): Promise<void> {
  const question = await questionFor(asked.flags.for === undefined ? words : [asked.flags.for], asked);
  const told = new Told();
  await listAgainWhenExpired(() => eventsOf(question, told, asked), asked.context);
}

async function eventsOf(question: Awaited<ReturnType<typeof questionFor>>, told: Told, asked: Asked): Promise<void> {
  const { flags, session, context } = asked;
  const { stdout, stderr } = context.terminal;
  const { items, metadata } = await session.api.list(question);
  const wanted = items.map((item) => item as ApiEvent).filter((event) => isWanted(event, flags) && told.isNew(event.metadata));
  const sorted = wanted.toSorted(byTime);
  if (flags.output === 'json') stdout.write(`${JSON.stringify({ apiVersion: 'v1', kind: 'EventList', items: sorted }, null, 2)}\n`);
  else if (sorted.length > 0) stdout.write(tableOf(sorted, asked));
  else if (flags.watch !== true) stderr.write('Nothing has happened, or it is forgotten: events are kept for a while only.\n');
  if (flags.watch !== true) return;
  for await (const { type, object } of session.api.watch({ ...question, resourceVersion: metadata.resourceVersion })) {
    const event = object as ApiEvent;
    if (type === 'DELETED' || !isWanted(event, flags) || !told.isNew(event.metadata)) continue;
    // The whole table again is what keeps the columns where they were.
    stdout.write(flags.output === 'json' ? `${JSON.stringify(event)}\n` : lastLine(tableOf([...sorted, event], asked)));
  }
}

async function questionFor(
  words: readonly string[],
  { flags, session, context }: Asked,
): Promise<{ kind: typeof eventKind; namespace?: string; fieldSelector?: string }> {
  const [named] = words.length === 0 ? [] : await readNames(words, session);
  if (named?.name === undefined) {
    const fieldSelector = named === undefined ? {} : { fieldSelector: `involvedObject.kind=${named.kind.kind}` };
    return {
      kind: eventKind,
      ...(flags.allNamespaces === true ? {} : { namespace: session.namespace ?? defaultNamespace }),
      ...fieldSelector,
    };
  }
  const { kind, name } = named;
  // What is gone has events for a while, and no place of its own any more.
  const namespace = await placeOf({ kind, name }, session, context.terminal).catch(() => session.namespace ?? defaultNamespace);
  return {
    kind: eventKind,
    ...(namespace === undefined ? {} : { namespace }),
    fieldSelector: `involvedObject.kind=${kind.kind},involvedObject.name=${name}`,
  };
}

function isWanted({ type }: ApiEvent, { types }: Flags): boolean {
  return types === undefined || types.toLowerCase().split(',').includes(type.toLowerCase());
}

function tableOf(shown: readonly ApiEvent[], { flags, context }: Asked): string {
  const { stdout } = context.terminal;
  const nowMs = context.clock.now();
  const columns = ['LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE'].map((heading) => ({
    heading,
    ...painted(heading, wantsColours(flags, context.terminal)),
  }));
  const rows = shown.map(({ lastTimestamp, type, reason, involvedObject, message, count }) => [
    ...(flags.allNamespaces === true ? [involvedObject.namespace] : []),
    `${formatAge(lastTimestamp, nowMs)}${count > 1 ? ` (×${count})` : ''}`,
    ...[type, reason, `${involvedObject.kind.toLowerCase()}/${involvedObject.name}`, message.replaceAll(/\s*\n\s*/g, ' ')],
  ]);
  return formatTable([...(flags.allNamespaces === true ? [{ heading: 'NAMESPACE' }] : []), ...columns], rows, { width: widthOf(stdout) });
}

function lastLine(text: string): string {
  return `${text.trimEnd().split('\n').at(-1) ?? ''}\n`;
}
