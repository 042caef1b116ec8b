/**
 * `openclaw config get|set|unset|validate|schema|file`.
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
  type LoadOptions,
  parsePath,
  type Path,
  publishSchema,
  schemaAt,
  setSetting,
  settingsSchema,
  unsetSetting,
} from '../../config/index.ts';
import { readEnvironment, type Variables } from '../../core/env.ts';
import { OpenClawError } from '../../core/errors.ts';
import { nearestName } from '../../core/nearest-name.ts';

export interface ConfigCommandIo {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  readonly env: Variables;
  /** Providers that need no `baseUrl`. Absent: names of providers are not checked. */
  readonly vendors?: readonly string[];
}

interface FileFlags {
  readonly config?: string;
  readonly stateDir?: string;
}
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
  add('schema', 'print the JSON Schema of the file').action(
    () => void io.stdout.write(`${JSON.stringify(publishSchema(settingsSchema), null, 2)}\n`),
  );
  add('file', 'print where the configuration file is').action((_: unknown, command: Command) => {
    const { environment, flags } = loadOptions(command.optsWithGlobals<FileFlags>(), io);
    io.stdout.write(`${locate(environment, flags).file}\n`);
  });
}

async function get(text: string, flags: GetFlags, io: ConfigCommandIo): Promise<void> {
  const path = parsePath(text);
  const configuration = await loadConfiguration(loadOptions(flags, io));
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
  const configuration = await changed(io, setSetting(loadOptions(flags, io), path, value));
  io.stdout.write(`${formatPath(path)} is set in ${configuration.file}.\n`);
  noteEffect(path, configuration, io);
}

async function unset(text: string, flags: FileFlags, io: ConfigCommandIo): Promise<void> {
  const path = parsePath(text);
  const configuration = await changed(io, unsetSetting(loadOptions(flags, io), path));
  io.stdout.write(`${formatPath(path)} is no longer in ${configuration.file}.\n`);
  noteEffect(path, configuration, io);
}

async function validate(flags: FileFlags, io: ConfigCommandIo): Promise<void> {
  const { file, exists } = await loadConfiguration(loadOptions(flags, io));
  io.stdout.write(exists ? `${file} is valid.\n` : `${file} does not exist; the defaults hold, and the environment is valid.\n`);
}

async function changed(io: ConfigCommandIo, change: Promise<Configuration>): Promise<Configuration> {
  try {
    return await change;
  } catch (error) {
    io.stderr.write('Nothing was changed.\n');
    throw error;
  }
}

function noteEffect(path: Path, { origins }: Configuration, io: ConfigCommandIo): void {
  const origin = origins.get(formatPath(path));
  if (origin?.kind === 'environment') io.stderr.write(`Note: ${origin.where} wins over the file.\n`);
  io.stderr.write('It takes effect when the gateway starts the next time.\n');
}

function loadOptions({ config, stateDir }: FileFlags, { env, vendors }: ConfigCommandIo): LoadOptions {
  const flags = { ...(config === undefined ? {} : { config }), ...(stateDir === undefined ? {} : { stateDir }) };
  return { environment: readEnvironment({ env }), flags, ...(vendors ? { vendors } : {}) };
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
