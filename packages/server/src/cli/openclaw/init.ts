/**
 * `openclaw init`: writes a configuration with every layer on, each line explained. Never over one that is there without being told to, and then the
 * old one stays in the history. It starts nothing and asks no provider.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, copyFileSync, existsSync, fchmodSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Command, Option } from 'commander';

import {
  type CommandOptions,
  type Configuration,
  loadConfiguration,
  locate,
  openHistory,
  replaceConfiguration,
} from '../../config/index.ts';
import type { Environment } from '../../core/env.ts';
import { OpenClawError } from '../../core/errors.ts';
import { changed, commandOptions, type ConfigCommandIo, type FileFlags, noteEffect } from './config-io.ts';
import { type PresetName, presetNames, renderPreset } from './init-preset.ts';
import { type FoundProvider, providersToWrite } from './init-providers.ts';

export interface InitContext extends ConfigCommandIo {
  /** The providers whose key is at hand. */
  readonly findProviders: (environment: Environment) => readonly FoundProvider[];
}

interface InitFlags extends FileFlags {
  readonly preset: PresetName;
  readonly print?: true;
  readonly force?: true;
}

const tokenVariable = 'OPENCLAW_GATEWAY_TOKEN';

export function registerInitCommand(program: Command, context: InitContext): void {
  program
    .command('init')
    .description('write a configuration with every layer on, each line explained')
    .addOption(new Option('--preset <name>', 'starter: one machine; production: a small server').choices(presetNames).default('starter'))
    .option('--print', 'show it and write nothing')
    .option('--force', 'write it over the one that is there, which stays in `openclaw config history`')
    .option('--config <file>', 'where to (default: OPENCLAW_CONFIG_PATH, else openclaw.json in the state directory)')
    .option('--state-dir <directory>', 'state directory (default: OPENCLAW_STATE_DIR, else ~/.openclaw)')
    .addHelpText(
      'after',
      '\nExamples:\n  openclaw init\n  openclaw init --preset production --print\n  openclaw init --preset production --force\n',
    )
    .action((flags: InitFlags) => init(flags, context));
}

async function init({ preset, print, force, ...flags }: InitFlags, context: InitContext): Promise<void> {
  const options = commandOptions(flags, context);
  const { file } = locate(options.environment, options.flags);
  // Of the file itself nothing is read here: it may be broken, which is a reason to begin anew.
  const { environment } = await loadConfiguration({ ...options, text: '{}' });
  const found = context.findProviders(environment);
  const providers = providersToWrite(found);
  const text = renderPreset(preset, providers);
  if (print) {
    context.stdout.write(text);
    return;
  }
  const isThere = existsSync(file);
  if (isThere && !force) throw new OpenClawError('config_exists', { details: { file } });
  await changed(context, write({ options, file, text, preset, isThere, environment, context }));
  tellOfProviders(found, providers, context);
  context.stdout.write(nextCommands(preset, flags));
}

interface Writing {
  readonly options: CommandOptions;
  readonly file: string;
  readonly text: string;
  readonly preset: PresetName;
  readonly isThere: boolean;
  /** With `.env`. */
  readonly environment: Environment;
  readonly context: InitContext;
}

async function write({ options, file, text, preset, isThere, environment, context }: Writing): Promise<void> {
  const envFile = environment.lookup(tokenVariable) === undefined ? join(dirname(file), '.env') : undefined;
  const kept = isThere ? await keepOld(options, file) : undefined;
  const replaced = await replaceConfiguration(options, `init ${preset} by cli`, async () => {
    // The file needs it to hold, so it is there before the file is.
    if (envFile !== undefined) addToken(envFile);
    return new Map([[file, text]]);
  });
  context.stdout.write(`${file} is written: preset ${preset}.\n`);
  if (kept !== undefined) context.stdout.write(`What stood there is ${kept}.\n`);
  if (envFile !== undefined) context.stdout.write(`${tokenVariable} was not set: a new token is in ${envFile}, for its owner alone.\n`);
  if (isThere) noteEffect(replaced, context);
}

/**
 * Where the old configuration is kept, in words. Versions hold no secrets, and one that does not hold is no version: both are kept as a file, so
 * that nothing is lost.
 */
async function keepOld(options: CommandOptions, file: string): Promise<string> {
  const old = await loadConfiguration(options).catch((thrown: unknown) => {
    if (thrown instanceof OpenClawError) return undefined;
    throw thrown;
  });
  if (old === undefined) return copyAside(file);
  const { version } = await versionOf(old, options);
  const isWhole = openHistory(options).text(version) === old.texts.get(old.file);
  if (isWhole) return `version ${version}: \`openclaw config rollback ${version}\` brings it back`;
  return `version ${version}, and with its secrets ${copyAside(file)}`;
}

async function versionOf(old: Configuration, options: CommandOptions): Promise<{ readonly version: number }> {
  const history = openHistory(options);
  return history.versionOf(old) ?? (await history.record({ configuration: old, by: 'file', changed: [] }));
}

function copyAside(file: string, number = 1): string {
  const name = `${file}.before-init${number === 1 ? '' : `-${number}`}`;
  if (existsSync(name)) return copyAside(file, number + 1);
  copyFileSync(file, name, constants.COPYFILE_EXCL);
  return name;
}

/** Adds a token to the variables that may stand there already. */
function addToken(envFile: string): void {
  const before = existsSync(envFile) ? readFileSync(envFile, 'utf8') : '';
  mkdirSync(dirname(envFile), { recursive: true, mode: 0o700 });
  const separator = before === '' || before.endsWith('\n') ? '' : '\n';
  const descriptor = openSync(envFile, 'a', 0o600);
  try {
    fchmodSync(descriptor, 0o600);
    writeFileSync(descriptor, `${separator}${tokenVariable}=${randomBytes(32).toString('base64url')}\n`, { flush: true });
  } finally {
    closeSync(descriptor);
  }
}

function tellOfProviders(found: readonly FoundProvider[], written: readonly FoundProvider[], { stdout, stderr }: InitContext): void {
  if (written.length > 0) {
    const names = written.map(({ id, keyVariable }) => `${id} (${keyVariable})`).join(', ');
    stdout.write(`Providers: ${names}. The variables have to be there where the gateway runs, too.\n`);
  } else stderr.write('No key of a provider was found: the built-in rehearsal answers until models.providers names one.\n');
  const others = found.filter((one) => !written.includes(one)).map(({ id }) => id);
  if (others.length > 0) stderr.write(`Also usable as provider/model, by the keys in the environment: ${others.join(', ')}.\n`);
}

const nextSteps: Readonly<Record<PresetName, readonly (readonly [command: string, purpose: string])[]>> = {
  starter: [
    ['openclaw gateway run', 'the gateway, in the foreground'],
    ["openclaw agent --message 'say Hello from OpenClaw.'", 'in another terminal: a run of the agent'],
    ['openclaw dashboard', 'the same in a browser'],
  ],
  production: [
    ['openclaw gateway install', 'a service that systemd keeps running'],
    ['openclaw doctor', 'what is wrong here, from the bottom up'],
    ['openclaw keys create --name my-program --rpm 60 --usd-per-day 5', 'a key with limits for a program'],
  ],
};

function nextCommands(preset: PresetName, { config, stateDir }: FileFlags): string {
  const where = [
    ...(stateDir === undefined ? [] : [`OPENCLAW_STATE_DIR=${quoted(stateDir)} `]),
    ...(config === undefined ? [] : [`OPENCLAW_CONFIG_PATH=${quoted(config)} `]),
  ].join('');
  const steps = nextSteps[preset];
  const width = Math.max(...steps.map(([command]) => command.length));
  return `\nNext:\n${steps.map(([command, purpose]) => `  ${where}${command.padEnd(width)}  # ${purpose}\n`).join('')}`;
}

function quoted(path: string): string {
  return /^[\w./~-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
