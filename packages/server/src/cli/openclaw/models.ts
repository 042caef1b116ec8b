/** `openclaw models list|show|test`: which models there are, what a name stands for, and whether it answers. Their load: `models-status.ts`. */
import { type Command, Option } from 'commander';
import type { ModelDescription, ModelPrice, ModelRow, ModelTargetDescription } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import { nearestName } from '../../core/nearest-name.ts';
import { type Column, formatTable, widthOf } from '../table.ts';
import { formatMs } from '../durations.ts';
import type { ModelsCommandContext, Trial, TrialUsage } from './models-client.ts';
import { formatUsd } from './money.ts';

interface ListFlags {
  readonly provider?: string;
  readonly output: 'table' | 'wide' | 'json';
}
interface ShowFlags {
  readonly output: 'text' | 'json';
}
interface TestFlags {
  readonly all?: true;
  readonly output: 'table' | 'json';
}

const output = (...formats: readonly string[]): Option =>
  new Option('-o, --output <format>', 'how to print').choices(formats).default(formats[0]);

/** Adds to the group `models`, which is made if nobody has. */
export function registerModelsCommands(program: Command, context: ModelsCommandContext): void {
  const group =
    program.commands.find((command) => command.name() === 'models') ?? program.command('models').description('models and targets');
  group
    .command('list')
    .description('list what can be asked for: routes, and the known models of each provider that has a key')
    .option('--provider <name>', 'only the models of this provider')
    .addOption(output('table', 'wide', 'json'))
    .addHelpText('after', '\nExamples:\n  openclaw models list\n  openclaw models list --provider openai -o wide\n')
    .action((flags: ListFlags) => list(flags, context));
  group
    .command('show')
    .description('show what a name stands for: targets in order, keys, limits, abilities and prices, and where each comes from')
    .argument('<name>', 'a route, provider/model, or the bare id of a model')
    .addOption(output('text', 'json'))
    .addHelpText('after', '\nExamples:\n  openclaw models show fast\n  openclaw models show openai/gpt-5-mini -o json\n')
    .action((name: string, flags: ShowFlags) => show(name, flags, context));
  group
    .command('test')
    .description('send one small real request through the running gateway; it costs what the model costs')
    .argument('<name>', 'a route, provider/model, or the bare id of a model')
    .option('--all', 'ask each of its targets by itself, and not only the first that answers')
    .addOption(output('table', 'json'))
    .addHelpText('after', '\nExamples:\n  openclaw models test openai/gpt-5-mini\n  openclaw models test fast --all\n')
    .action((name: string, flags: TestFlags) => test(name, flags, context));
}

async function list(flags: ListFlags, { io, models }: ModelsCommandContext): Promise<void> {
  const all = await models.list();
  const rows = flags.provider === undefined ? all : ofProvider(flags.provider, all);
  if (flags.output === 'json') io.stdout.write(`${JSON.stringify({ models: rows }, null, 2)}\n`);
  else if (rows.length > 0) printList(rows, flags.output === 'wide', io);
  else io.stderr.write('There are no models.\n');
}

/** @throws OpenClawError `usage_error` where it has none: most often its name is another */
function ofProvider(name: string, all: readonly ModelRow[]): readonly ModelRow[] {
  const rows = all.filter(({ provider }) => provider === name);
  if (rows.length > 0) return rows;
  const providers = [...new Set(all.flatMap(({ provider }) => provider ?? []))];
  const nearest = nearestName(name, providers);
  const suggestion = `${nearest === undefined ? '' : `Did you mean ${nearest}? `}Models are known of: ${providers.join(', ')}.`;
  throw new OpenClawError('usage_error', { details: { reason: `There are no known models of a provider ${name}`, suggestion } });
}

function printList(rows: readonly ModelRow[], isWide: boolean, io: ModelsCommandContext['io']): void {
  const right = (heading: string): Column => ({ heading, align: 'right' });
  const columns: Column[] = [{ heading: 'NAME' }, right('CONTEXT'), right('OUTPUT'), right('$/M IN'), right('$/M OUT')];
  if (isWide) columns.push(right('$/M CACHED'), { heading: 'ABILITIES' });
  columns.push({ heading: 'TARGETS' });
  const cells = rows.map((row) => [
    ...[row.name, String(row.contextWindow ?? ''), String(row.maxOutputTokens ?? ''), amount(row.price?.input), amount(row.price?.output)],
    ...(isWide ? [amount(row.price?.cacheRead), (row.abilities ?? []).join(', ')] : []),
    (row.targets ?? []).join(', '),
  ]);
  io.stdout.write(formatTable(columns, cells, { width: widthOf(io.stdout) }));
}

function amount(usd: number | null | undefined): string {
  return typeof usd === 'number' ? String(usd) : '';
}

async function show(name: string, flags: ShowFlags, { io, models }: ModelsCommandContext): Promise<void> {
  const found = await models.show(name);
  if (flags.output === 'json') {
    io.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
    return;
  }
  const kinds = { route: 'a route', model: 'a model', shared: 'a model id that these providers have' };
  const midway = found.afterFirstToken === 'continue' ? 'continued by another target' : 'an error';
  const order = found.kind === 'model' ? '' : `; order: ${found.strategy}; an answer that breaks off is ${midway}`;
  const blocks = found.targets.map((target, index) => describe(target, index + 1));
  io.stdout.write([`${name}: ${kinds[found.kind]}${order}\n`, ...blocks].join('\n'));
  if (isUnlisted(found)) io.stderr.write(await sayUnlisted(name, models));
}

/** A model that nobody has heard of may be there all the same, so it is shown; or it is a slip. */
function isUnlisted({ kind, targets: [target] }: ModelDescription): boolean {
  return kind === 'model' && target !== undefined && !target.contextWindow && !target.maxOutputTokens && !target.price && !target.abilities;
}

async function sayUnlisted(name: string, models: ModelsCommandContext['models']): Promise<string> {
  const names = (await models.list()).map((row) => row.name);
  // A provider's own model may be listed by its id alone, of which nothing more is known.
  if (names.includes(name)) return '';
  const nearest = nearestName(name, names);
  return `\nNo list has ${name}, and it may be there all the same.${nearest === undefined ? '' : ` Did you mean ${nearest}?`}\n`;
}

function describe(target: ModelTargetDescription, number: number): string {
  const from = <Value>(field: { value: Value; source: string } | null, print: (value: Value) => string): string =>
    field ? `${print(field.value)}  (${field.source})` : 'not known';
  const lines = [
    ['format', `${target.api}, ${target.address}`],
    ...target.keys.map((key) => {
      const state = key.state === 'unknown' ? '' : `: ${key.state}${key.reason === null ? '' : `, ${key.reason}`}`;
      return [`key ${key.id}`, `${key.source}${key.weight === 1 ? '' : `, weight ${key.weight}`}${state}`];
    }),
    ['context', from(target.contextWindow, (tokens) => `${tokens} tokens`)],
    ['output', from(target.maxOutputTokens, (tokens) => `at most ${tokens} tokens`)],
    ['abilities', from(target.abilities, (names) => names.join(', '))],
    ['price', from(target.price, printPrice)],
  ];
  const heading = `${number}. ${target.name}${target.weight === 1 ? '' : `, weight ${target.weight}`}\n`;
  return heading + lines.map(([label, text]) => `   ${label?.padEnd(10)} ${text}\n`).join('');
}

function printPrice({ input, output: out, cacheRead, cacheWrite }: ModelPrice): string {
  const cached = cacheRead === null ? '' : `, ${formatUsd(cacheRead)} cached`;
  const written = cacheWrite === null ? '' : `, ${formatUsd(cacheWrite)} into the cache`;
  return `${formatUsd(input)} in, ${formatUsd(out)} out${cached}${written} per million tokens`;
}

async function test(name: string, flags: TestFlags, { io, models, setExitCode }: ModelsCommandContext): Promise<void> {
  const { targets } = await models.show(name);
  const asked = flags.all ? targets.map((target) => target.name) : [name];
  const results: (Trial & { readonly asked: string; readonly usd: number | null })[] = [];
  for (const model of asked) {
    const trial = await models.ask(model);
    const price = targets.find((target) => target.name === (trial.target ?? model))?.price?.value;
    results.push({ asked: model, ...trial, usd: price && trial.usage ? costOf(trial.usage, price) : null });
  }
  if (flags.output === 'json') io.stdout.write(`${JSON.stringify({ results }, null, 2)}\n`);
  else {
    const headings = ['FIRST TOKEN', 'TOTAL', 'INPUT', 'OUTPUT', 'COST'];
    const columns: Column[] = [
      { heading: 'TARGET' },
      { heading: 'RESULT' },
      ...headings.map((heading): Column => ({ heading, align: 'right' })),
    ];
    const cells = results.map(({ asked: model, target, error, firstTokenMs, totalMs, usage, usd }) => [
      ...[target ?? model, error ? 'failed' : 'ok', firstTokenMs === null ? '' : formatMs(firstTokenMs), formatMs(totalMs)],
      ...[String(usage?.input ?? ''), String(usage?.output ?? ''), usd === null ? (usage ? 'unknown' : '') : formatUsd(usd)],
    ]);
    io.stdout.write(formatTable(columns, cells, { width: widthOf(io.stdout) }));
    for (const { asked: model, target, error } of results) {
      if (error) io.stderr.write(`${target ?? model}: ${error.message}\n${error.hint === '' ? '' : `  ${error.hint}\n`}`);
    }
  }
  if (results.some(({ error }) => error)) setExitCode(1);
}

function costOf({ input, cacheRead, output: out }: TrialUsage, price: ModelPrice): number {
  const cached = cacheRead * (price.cacheRead ?? price.input);
  return ((input - cacheRead) * price.input + cached + out * price.output) / 1e6;
}
