/** `clw get`: objects as the server has them, in any of the forms of `print.ts`; with `-w` as they change. */
import { ApiRefusal, type ApiTable, type ResourceKind } from '@openclaw/client/workloads';
import type { ApiObject } from '@openclaw/protocol';
import { Option, type Command } from 'commander';
import { OpenClawError } from '../../core/errors.ts';
import { wantsColours } from './colours.ts';
import { addPlaceFlags, type PlaceFlags } from './flags.ts';
import { listAgainWhenExpired, Told } from './following.ts';
import { readNames, type NamedKind } from './names.ts';
import { formatApiTable, printObjects, readOutputWish, type OutputWish } from './print.ts';
import { defaultNamespace, placeOf, withSession, type ClwContext, type Session } from './session.ts';

interface Flags extends PlaceFlags {
  readonly output: string;
  readonly format?: string;
  readonly allNamespaces?: boolean;
  readonly watch?: boolean;
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly headers: boolean;
  readonly ignoreNotFound?: boolean;
}

export function registerGetCommand(program: Command, context: ClwContext): void {
  addPlaceFlags(program.command('get'))
    .description('show workloads and other resources')
    .argument('<resource...>', 'TYPE, TYPE NAME…, or TYPE/NAME…')
    .option('-o, --output <format>', "table, wide, yaml, json, name, jsonpath='{…}', custom-columns=HEADING:.path,…", 'table')
    .addOption(new Option('--format <format>', 'the same as --output'))
    .option('-A, --all-namespaces', 'of all namespaces')
    .option('-w, --watch', 'go on with what changes')
    .option('-l, --selector <labels>', 'only those with these labels: app=shop,tier!=cache')
    .option('--field-selector <fields>', 'only those with these fields: metadata.name=shop')
    .option('--no-headers', 'a table without its headings')
    .option('--ignore-not-found', 'end well where a name is not there')
    .addHelpText(
      'after',
      '\nExamples:\n  clw get workloads\n  clw get workloads -A -o wide\n  clw get workload payment-processor -o yaml\n' +
        "  clw get workload payment-processor -o jsonpath='{.spec.containers[0].resources.limits.memory}'\n" +
        '  clw get pods -l openclaw.io/workload=payment-processor -w\n  clw get workloads -n production --format table\n',
    )
    .action((words: string[], flags: Flags) => withSession(context, flags, (session) => get(words, { flags, session, context })));
}

interface Asked {
  readonly flags: Flags;
  readonly session: Session;
  readonly context: ClwContext;
}

async function get(words: readonly string[], asked: Asked): Promise<void> {
  const { flags, session } = asked;
  const wish = readOutputWish(flags.format ?? flags.output);
  const named = await readNames(words, session);
  if (flags.allNamespaces === true && named.some(({ name }) => name !== undefined)) {
    throw new OpenClawError('usage_error', {
      details: {
        reason: 'A name cannot be looked for in all namespaces',
        suggestion: 'Leave -A out: a name that only one namespace has is found by itself.',
      },
    });
  }
  if (flags.watch === true) return watch(named, wish, asked);
  if (wish.format === 'table' || wish.format === 'wide') return printTables(named, wish, asked);
  return print(named, wish, asked);
}

async function print(named: readonly NamedKind[], wish: OutputWish, { flags, session, context }: Asked): Promise<void> {
  const found: { readonly kind: ResourceKind; readonly object: ApiObject }[] = [];
  for (const { kind, name } of named) {
    if (name === undefined) {
      const { items } = await session.api.list(listOf(kind, flags, session));
      found.push(...items.map((object) => ({ kind, object })));
    } else {
      const object = await orAbsent(flags, async () =>
        session.api.get({ kind, name, namespace: await placeOf({ kind, name }, session, context.terminal) }),
      );
      if (object) found.push({ kind, object });
    }
  }
  const isList = named.some(({ name }) => name === undefined);
  if (found.length === 0 && !isList) return;
  await printObjects(found, wish, { stdout: context.terminal.stdout, isList });
}

async function printTables(named: readonly NamedKind[], wish: OutputWish, { flags, session, context }: Asked): Promise<void> {
  const { stdout, stderr } = context.terminal;
  const colours = wantsColours(flags, context.terminal);
  const tables = new Map<ResourceKind, ApiTable>();
  for (const { kind, name } of named) {
    const table =
      name === undefined
        ? await session.api.listTable(listOf(kind, flags, session))
        : await orAbsent(flags, async () =>
            session.api.getTable({ kind, name, namespace: await placeOf({ kind, name }, session, context.terminal) }),
          );
    const before = tables.get(kind);
    if (table) tables.set(kind, before ? { ...before, rows: [...before.rows, ...table.rows] } : table);
  }
  let printed = 0;
  for (const [kind, table] of tables) {
    if (table.rows.length === 0) stderr.write(nothingOf(kind, flags, session));
    else {
      const options = {
        wide: wish.format === 'wide',
        withNamespace: flags.allNamespaces === true,
        stdout,
        withHeadings: flags.headers,
        colours,
      };
      stdout.write(`${printed > 0 ? '\n' : ''}${formatApiTable(table, options)}`);
      printed += 1;
    }
  }
}

function nothingOf(kind: ResourceKind, flags: Flags, { namespace = defaultNamespace }: Session): string {
  if (flags.allNamespaces === true || !kind.namespaced) return `There are no ${kind.plural}.\n`;
  return `There are no ${kind.plural} in the namespace ${namespace}; \`clw get ${kind.plural} -A\` shows those of all.\n`;
}

/** What is there, then each change, as rows or as objects, until somebody ends it. */
async function watch([named, more]: readonly NamedKind[], wish: OutputWish, { flags, session, context }: Asked): Promise<void> {
  if (!named || more) {
    throw new OpenClawError('usage_error', {
      details: {
        reason: 'Only one kind, or one object, can be watched at once',
        suggestion: 'Watch all of a kind, with -l where those are too many.',
      },
    });
  }
  const { kind, name } = named;
  const question: Question = {
    ...listOf(kind, flags, session),
    ...(name === undefined
      ? {}
      : { namespace: await placeOf({ kind, name }, session, context.terminal), fieldSelector: `metadata.name=${name}` }),
  };
  const told = new Told();
  const follow = wish.format === 'table' || wish.format === 'wide' ? followTable : followObjects;
  await listAgainWhenExpired((isFirst) => follow(question, wish, { flags, session, context, told, isFirst }), context);
}

interface Following extends Asked {
  readonly told: Told;
  /** Nothing was printed yet. */
  readonly isFirst: boolean;
}

interface Question {
  readonly kind: ResourceKind;
  readonly namespace?: string | undefined;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

async function followObjects(question: Question, wish: OutputWish, { session, context, told }: Following): Promise<void> {
  const { stdout } = context.terminal;
  const { items, metadata } = await session.api.list(question);
  const show = (object: ApiObject): Promise<void> => printObjects([{ kind: question.kind, object }], wish, { stdout, isList: false });
  for (const object of items) if (told.isNew(object.metadata)) await show(object);
  for await (const { type, object } of session.api.watch({ ...question, ...metadata })) {
    if (told.isNew((object as ApiObject).metadata) || type === 'DELETED') await show(object as ApiObject);
    if (type === 'DELETED') told.forget((object as ApiObject).metadata);
  }
}

async function followTable(
  question: Question,
  { format }: OutputWish,
  { flags, session, context, told, isFirst }: Following,
): Promise<void> {
  const { stdout } = context.terminal;
  const table = await session.api.listTable(question);
  const colours = wantsColours(flags, context.terminal);
  const options = { wide: format === 'wide', withNamespace: flags.allNamespaces === true, stdout, colours };
  const news = table.rows.filter(({ object }) => told.isNew(object.metadata));
  stdout.write(
    formatApiTable(
      { ...table, rows: news },
      isFirst ? { ...options, withHeadings: flags.headers } : { ...options, withHeadings: false, above: table.rows },
    ),
  );
  const changes = session.api.watch({ ...question, resourceVersion: table.metadata.resourceVersion, asTable: true });
  for await (const { type, object } of changes) {
    // Events need not repeat the columns.
    const rows = (object as unknown as ApiTable).rows.filter((row) => told.isNew(row.object.metadata) || type === 'DELETED');
    if (rows.length > 0) stdout.write(formatApiTable({ ...table, rows }, { ...options, withHeadings: false, above: table.rows }));
    if (type === 'DELETED') for (const { object: gone } of rows) told.forget(gone.metadata);
  }
}

function listOf(kind: ResourceKind, { allNamespaces, selector, fieldSelector }: Flags, { namespace }: Session): Question {
  return {
    kind,
    ...(allNamespaces === true || !kind.namespaced ? {} : { namespace: namespace ?? defaultNamespace }),
    ...(selector === undefined ? {} : { labelSelector: selector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}

async function orAbsent<Found>({ ignoreNotFound }: Flags, find: () => Promise<Found>): Promise<Found | undefined> {
  try {
    return await find();
  } catch (thrown) {
    const isAbsent =
      thrown instanceof ApiRefusal ? thrown.status === 404 : thrown instanceof OpenClawError && thrown.code === 'workload_nowhere';
    if (ignoreNotFound === true && isAbsent) return undefined;
    throw thrown;
  }
}
