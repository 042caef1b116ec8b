/**
 * `openclaw keys create|list|show|update|revoke`: the credentials that programs get instead of the gateway's token.
 *
 * It checks little itself: the gateway names what is wrong with a wish. A key is printed once and kept nowhere.
 */
import { type Command, Option } from 'commander';
import type { CreateKeyRequest, KeyRecord, UpdateKeyRequest } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import { type Column, formatTable, widthOf } from '../table.ts';
import type { AdminCommandContext } from './admin-client.ts';
import { addLimitChangeFlags, addLimitFlags, type LimitFlags, limitRows, limitsOf, limitSummary } from './key-limits.ts';
import { parseMoment } from './moments.ts';

interface OutputFlags {
  readonly output: 'table' | 'json';
}

interface CreateFlags extends OutputFlags, LimitFlags {
  readonly name: string;
  readonly scopes?: readonly string[];
  readonly models?: readonly string[];
  readonly expires?: string;
}

interface UpdateFlags extends OutputFlags, LimitFlags {
  readonly name?: string;
  readonly models?: readonly string[] | false;
  readonly expires?: string | false;
}

export interface KeysCommandContext extends AdminCommandContext {
  /** Routes and `provider/model`, as far as they are known. */
  readonly modelNames: () => Promise<readonly string[]>;
}

export function registerKeysCommands(program: Command, context: KeysCommandContext): void {
  const group = program.command('keys').description('create, list, change and revoke the keys that programs use');
  const createCommand = addOutput(group.command('create'))
    .description('create a key and print it, once')
    .requiredOption('--name <name>', 'what the key is for')
    .option('--scopes <scopes>', 'what it may do, separated by commas: models, runs, admin (default: models)', commaSeparated)
    .option('--models <models>', 'models and routes that it may use, separated by commas (default: all)', commaSeparated)
    .option('--expires <when>', 'when it ends: 30d, or a date (default: never)')
    .addHelpText(
      'after',
      '\nExamples:\n  openclaw keys create --name ci\n  KEY=$(openclaw keys create --name ci --models fast,local/small --expires 30d)\n' +
        '  openclaw keys create --name ci --rpm 60 --tpm 100000 --usd-per-day 5 --models fast,local/small\n',
    )
    .action((flags: CreateFlags) => create(flags, context));
  addLimitFlags(createCommand);
  addOutput(group.command('list'))
    .description('list all keys with their limits and what they use now; the keys themselves are kept nowhere')
    .addHelpText('after', '\nExamples:\n  openclaw keys list\n  openclaw keys list -o json\n')
    .action((flags: OutputFlags) => list(flags, context));
  addOutput(group.command('show'))
    .description('show a key, and what it uses now of its limits')
    .argument('<key>', 'its id, or its name where that is not ambiguous')
    .addHelpText('after', '\nExamples:\n  openclaw keys show ci\n  openclaw keys show ci -o json\n')
    .action((wanted: string, flags: OutputFlags) => show(wanted, flags, context));
  const updateCommand = addOutput(group.command('update'))
    .description('change the limits of a key, its name, its models or its end; what is not named stays')
    .argument('<key>', 'its id, or its name where that is not ambiguous')
    .option('--name <name>', 'what the key is for')
    .option('--models <models>', 'models and routes that it may use, separated by commas', commaSeparated)
    .option('--no-models', 'all models and routes')
    .option('--expires <when>', 'when it ends: 30d, or a date')
    .option('--no-expires', 'it never ends')
    .addHelpText(
      'after',
      '\nExamples:\n  openclaw keys update ci --rpm 120 --usd-per-day 10\n  openclaw keys update ci --no-rpm --no-expires\n',
    )
    .action((wanted: string, flags: UpdateFlags) => update(wanted, flags, context));
  addLimitChangeFlags(updateCommand);
  addOutput(group.command('revoke'))
    .description('refuse a key from now on')
    .argument('<key>', 'its id, or its name where that is not ambiguous')
    .addHelpText('after', '\nExamples:\n  openclaw keys revoke ci\n  openclaw keys revoke key_01KAJ8W3Q2M5T7X9Z1B3D5F7H9\n')
    .action((wanted: string, flags: OutputFlags) => revoke(wanted, flags, context));
}

function addOutput(command: Command): Command {
  return command.addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'));
}

async function create(flags: CreateFlags, { io, admin, clock, modelNames }: KeysCommandContext): Promise<void> {
  const wanted: CreateKeyRequest = {
    name: flags.name,
    ...(flags.scopes === undefined ? {} : { scopes: flags.scopes }),
    ...(flags.models === undefined ? {} : { models: flags.models }),
    ...(flags.expires === undefined ? {} : { expiresAt: readExpiry(flags.expires, clock) }),
    ...limitsOf(flags),
  };
  const strange = flags.models ? strangeTo(await modelNames(), flags.models) : [];
  const created = await admin.createKey(wanted);
  io.stdout.write(flags.output === 'json' ? `${JSON.stringify(created, null, 2)}\n` : `${created.key}\n`);
  io.stderr.write(`${created.id} (${created.name}) was created. This is the only time that the key is shown: keep it now.\n`);
  noteStrange(strange, io);
}

/** What a key may use need not be there yet; more often it is a slip. */
function noteStrange(names: readonly string[], io: AdminCommandContext['io']): void {
  if (names.length > 0) io.stderr.write(`Note: nothing here is called ${names.join(', ')} now; \`openclaw models list\` shows what is.\n`);
}

/** Not a route, a model id, or a model of a provider that there is: providers may have more models than are listed. */
function strangeTo(known: readonly string[], wanted: readonly string[]): string[] {
  const provider = (name: string): string => name.slice(0, Math.max(0, name.indexOf('/')));
  const names = new Set(known.flatMap((name) => [name, name.slice(name.indexOf('/') + 1)]));
  const providers = new Set(known.map(provider));
  return wanted.filter((name) => !names.has(name) && !(name.includes('/') && providers.has(provider(name))));
}

async function list({ output }: OutputFlags, { io, admin }: AdminCommandContext): Promise<void> {
  const keys = await admin.listKeys();
  if (output === 'json') io.stdout.write(`${JSON.stringify({ keys }, null, 2)}\n`);
  else if (keys.length === 0) io.stderr.write('There are no keys; `openclaw keys create --name NAME` makes one.\n');
  else io.stdout.write(formatTable(keyColumns, keys.map(keyRow), { width: widthOf(io.stdout) }));
}

async function show(wanted: string, { output }: OutputFlags, { io, admin }: AdminCommandContext): Promise<void> {
  printKey(await admin.getKey(await resolveKey(wanted, admin)), output, io);
}

async function update(wanted: string, flags: UpdateFlags, { io, admin, clock, modelNames }: KeysCommandContext): Promise<void> {
  const { name, models, expires, output } = flags;
  const changes: UpdateKeyRequest = {
    ...(name === undefined ? {} : { name }),
    ...(models === undefined ? {} : { models: models === false ? null : models }),
    ...(expires === undefined ? {} : { expiresAt: expires === false ? null : readExpiry(expires, clock) }),
    ...limitsOf(flags),
  };
  if (Object.keys(changes).length === 0) {
    throw new OpenClawError('usage_error', {
      details: { reason: 'Nothing was named that should change', suggestion: '`openclaw keys update --help` lists what can.' },
    });
  }
  const strange = models ? strangeTo(await modelNames(), models) : [];
  printKey(await admin.updateKey(await resolveKey(wanted, admin), changes), output, io);
  noteStrange(strange, io);
}

function readExpiry(text: string, clock: AdminCommandContext['clock']): string {
  return new Date(parseMoment(text, { flag: '--expires', nowMs: clock.now(), direction: 'future' })).toISOString();
}

/** One field a line: a key has too many for the width of a terminal. */
function printKey(key: KeyRecord, output: OutputFlags['output'], io: AdminCommandContext['io']): void {
  if (output === 'json') {
    io.stdout.write(`${JSON.stringify(key, null, 2)}\n`);
    return;
  }
  const [id = '', ...cells] = keyRow(key);
  const fields = keyHeadings.slice(1).map((heading, index) => [heading, cells[index] ?? '']);
  const shown = fields.filter(([heading]) => heading !== 'LIMITS').concat(limitRows(key).map((row) => [...row]));
  io.stdout.write(formatTable([{ heading: 'ID' }, { heading: id }], shown, { width: widthOf(io.stdout) }));
}

async function revoke(wanted: string, { output }: OutputFlags, { io, admin }: AdminCommandContext): Promise<void> {
  const record = await admin.revokeKey(await resolveKey(wanted, admin));
  io.stdout.write(output === 'json' ? `${JSON.stringify(record, null, 2)}\n` : `${record.id} (${record.name}) is revoked.\n`);
}

/** The id of the key that was meant by its id, its name, or the key itself, which somebody may have found where it should not be. */
async function resolveKey(wanted: string, admin: AdminCommandContext['admin']): Promise<string> {
  if (wanted.startsWith('key_')) return wanted;
  const keys = await admin.listKeys();
  const isKeyItself = wanted.startsWith('ock_');
  const meant = keys.filter((key) => (isKeyItself ? wanted.startsWith(key.prefix) : key.name === wanted && key.state !== 'revoked'));
  if (meant.length > 1) {
    throw new OpenClawError('usage_error', {
      details: {
        reason: `${meant.length} keys are meant by that`,
        suggestion: `Name one by its id: ${meant.map(({ id }) => id).join(', ')}.`,
      },
    });
  }
  const [key] = meant;
  if (key === undefined) throw new OpenClawError('key_not_found', { details: { keyId: isKeyItself ? 'of that value' : wanted } });
  return key.id;
}

const keyHeadings = ['ID', 'NAME', 'KEY', 'STATE', 'SCOPES', 'MODELS', 'LIMITS', 'CREATED', 'EXPIRES'] as const;
const keyColumns: readonly Column[] = keyHeadings.map((heading) => ({ heading }));

function keyRow(key: KeyRecord): string[] {
  return [
    ...[key.id, key.name, `${key.prefix}…`, key.state, key.scopes.join(',')],
    ...[key.models?.join(',') ?? 'all', limitSummary(key), key.createdAt.slice(0, 10), key.expiresAt?.slice(0, 10) ?? 'never'],
  ];
}

function commaSeparated(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
