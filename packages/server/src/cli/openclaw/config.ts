/**
 * `openclaw config get|set|unset|validate|schema|file`; the others are in `config-history.ts` and `config-import.ts`.
 *
 * They read and write the file beside a running gateway as well as without one. Mistakes are thrown: `main.ts` prints them
 * and sets the exit code.
 */
import { type Command, Option } from 'commander';

import {
  type Configuration,
  formatPath,
  loadConfiguration,
  locate,
  openHistory,
  parsePath,
  type Path,
  publishSchema,
  schemaAt,
  setSetting,
  settingsSchema,
  unsetSetting,
} from '../../config/index.ts';
import { OpenClawError } from '../../core/errors.ts';
import { nearestName } from '../../core/nearest-name.ts';
import { registerHistoryCommands } from './config-history.ts';
import { registerImportCommand } from './config-import.ts';
import { changed, commandOptions, type ConfigCommandIo, type FileFlags, noteEffect, noteOverride } from './config-io.ts';

interface GetFlags extends FileFlags {
  readonly showSecrets?: true;
  readonly output: 'text' | 'json';
}

const settingARoute = `openclaw config set models.routes.fast '{ targets: ["openai/gpt-5-mini", "local/small"] }'`;

export function registerConfigCommands(program: Command, io: ConfigCommandIo): void {
  const group = program.command('config').description('read and change the configuration');
  const add = (usage: string, description: string): Command =>
    group
      .command(usage)
      .description(description)
      .option('--config <file>', 'the configuration file')
      .option('--state-dir <directory>', 'the state directory');

  add('get [path]', 'print settings and where each comes from; secrets are redacted')
    .option('--show-secrets', 'print secrets too')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nExamples:\n  openclaw config get\n  openclaw config get models.retry\n  openclaw config get gateway.port -o json\n',
    )
    .action((path: string | undefined, _: unknown, command: Command) => get(path ?? '', command.optsWithGlobals<GetFlags>(), io));
  add('set <path> <value>', 'change one setting in the file; VALUE is JSON5, or else text')
    .addHelpText(
      'after',
      `\nExamples:\n  openclaw config set gateway.port 8080\n  openclaw config set models.queue.maxWaitMs 10s\n  ${settingARoute}\n`,
    )
    .action(function (this: Command, path: string, value: string) {
      return set(path, value, { flags: this.optsWithGlobals<FileFlags>(), io });
    });
  add('unset <path>', 'take one setting out of the file')
    .addHelpText('after', '\nExample:\n  openclaw config unset models.queue.maxWaitMs\n')
    .action((path: string, _: unknown, command: Command) => unset(path, command.optsWithGlobals<FileFlags>(), io));
  add('validate', 'check the configuration and name every mistake in it').action((_: unknown, command: Command) =>
    validate(command.optsWithGlobals<FileFlags>(), io),
  );
  registerHistoryCommands(add, io);
  registerImportCommand(add, io);
  add('schema', 'print the JSON Schema of the file').action(
    () => void io.stdout.write(`${JSON.stringify(publishSchema(settingsSchema), null, 2)}\n`),
  );
  add('file', 'print where the configuration file is').action((_: unknown, command: Command) => {
    const { environment, flags } = commandOptions(command.optsWithGlobals<FileFlags>(), io);
    io.stdout.write(`${locate(environment, flags).file}\n`);
  });
}

async function get(text: string, flags: GetFlags, io: ConfigCommandIo): Promise<void> {
  const path = parsePath(text);
  const configuration = await loadConfiguration(commandOptions(flags, io));
  const value = valueAt(configuration.settings, path);
  if (value === undefined) throw absent(path, configuration);
  const shown = flags.showSecrets ? value : redact(value, path, configuration);
  const leaves = leavesOf(shown, path);
  const sourceOf = (leaf: Path): string => configuration.origins.get(formatPath(leaf))?.where ?? 'default';
  if (flags.output === 'json') {
    const sources = Object.fromEntries(leaves.map((leaf) => [formatPath(leaf.path), sourceOf(leaf.path)]));
    io.stdout.write(`${JSON.stringify({ path: formatPath(path), value: shown, sources }, null, 2)}\n`);
  } else if (typeof shown === 'object') {
    io.stdout.write(table(leaves.map((leaf) => [formatPath(leaf.path), display(leaf.value), sourceOf(leaf.path)])));
  } else {
    // The value alone goes to stdout, for scripts.
    io.stdout.write(`${display(shown)}\n`);
    io.stderr.write(`from ${sourceOf(path)}\n`);
  }
}

async function set(text: string, value: string, { flags, io }: { flags: FileFlags; io: ConfigCommandIo }): Promise<void> {
  const path = parsePath(text);
  const replaced = await changed(io, setSetting({ ...commandOptions(flags, io), by: 'cli' }, path, value));
  io.stdout.write(`${formatPath(path)} is set in ${replaced.configuration.file}.\n`);
  noteOverride(replaced.configuration.origins.get(formatPath(path)), io);
  noteEffect(replaced, io);
}

async function unset(text: string, flags: FileFlags, io: ConfigCommandIo): Promise<void> {
  const path = parsePath(text);
  const replaced = await changed(io, unsetSetting({ ...commandOptions(flags, io), by: 'cli' }, path));
  io.stdout.write(`${formatPath(path)} is no longer in ${replaced.configuration.file}.\n`);
  noteOverride(replaced.configuration.origins.get(formatPath(path)), io);
  noteEffect(replaced, io);
}

async function validate(flags: FileFlags, io: ConfigCommandIo): Promise<void> {
  const options = commandOptions(flags, io);
  const history = openHistory(options);
  try {
    const configuration = await loadConfiguration(options);
    const { file, exists } = configuration;
    if (!exists) io.stdout.write(`${file} does not exist; the defaults hold, and the environment is valid.\n`);
    else io.stdout.write(`${file} is valid${versionWords(history.versionOf(configuration)?.version, history.newest()?.version)}.\n`);
  } catch (error) {
    const version = history.lastGood()?.version;
    const words = `Version ${version} was the last good one: a gateway goes on with it, and \`openclaw config rollback ${version}\` writes it again.`;
    if (version !== undefined) io.stderr.write(`${words}\n`);
    throw error;
  }
}

function versionWords(own: number | undefined, newest: number | undefined): string {
  if (own !== undefined) return `, and is version ${own}`;
  return newest === undefined ? ', and no gateway has used it yet' : `, and newer than version ${newest}: no gateway has used it yet`;
}

function valueAt(settings: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, segment) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, segment)
        ? (value as Record<Path[number], unknown>)[segment]
        : undefined,
    settings,
  );
}

function redact(value: unknown, path: Path, configuration: Configuration): unknown {
  if (configuration.secrets.has(formatPath(path))) return '[redacted]';
  if (Array.isArray(value)) return value.map((item, index) => redact(item, [...path, index], configuration));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, redact(part, [...path, name], configuration)]));
}

function leavesOf(value: unknown, path: Path): { path: Path; value: unknown }[] {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return [{ path, value }];
  if (Array.isArray(value)) return value.flatMap((item, index) => leavesOf(item, [...path, index]));
  return Object.entries(value).flatMap(([name, part]) => leavesOf(part, [...path, name]));
}

function display(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function absent(path: Path, configuration: Configuration): OpenClawError {
  const name = formatPath(path);
  const parent = path.slice(0, -1);
  const isKnown = schemaAt(settingsSchema, path) !== undefined && schemaAt(settingsSchema, parent)?.properties !== undefined;
  if (isKnown && valueAt(configuration.settings, parent) !== undefined)
    return new OpenClawError('config_key_unset', { details: { path: name } });
  const known = [...configuration.origins.keys()].filter((candidate) => candidate !== '');
  const near = nearestName(name, known) ?? known.find((candidate) => candidate.endsWith(`.${name}`));
  const suggestion = near === undefined ? '`openclaw config get` lists all settings.' : `Did you mean ${near}?`;
  return new OpenClawError('config_key_unknown', { details: { path: name, suggestion } });
}
