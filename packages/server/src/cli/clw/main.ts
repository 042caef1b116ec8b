/**
 * `clw`, the command line for workloads: finds the command and runs it. Only the module of the command that was asked for is loaded, because
 * loading all of them is most of what a short command costs.
 */
import { setTimeout as timer } from 'node:timers/promises';
import { Command, CommanderError } from 'commander';
import { systemClock, type Clock } from '../../core/clock.ts';
import { processVariables } from '../../core/env.ts';
import { OpenClawError } from '../../core/errors.ts';
import { version } from '../../version.ts';
import { exitUsage, formatError, type Terminal } from '../terminal.ts';
import { commands, groupOf, helpExamples, isCommandName, type CommandName } from './commands.ts';
import { valuedPlaceFlags } from './flags.ts';
import type { ClwContext } from './session.ts';

/** sysexits.h EX_UNAVAILABLE: commands of a later release. */
const exitUnavailable = 69;

export interface MainOptions {
  readonly terminal?: Terminal;
  readonly stdin?: AsyncIterable<Uint8Array>;
  readonly clock?: Clock;
  readonly wait?: ClwContext['wait'];
}

/** @returns the exit code */
export async function main(
  argv: readonly string[],
  { terminal = processTerminal(), stdin = process.stdin, clock = systemClock, wait = waitAwake }: MainOptions = {},
): Promise<number> {
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    terminal.stdout.write(`${version}\n`);
    return 0;
  }
  const exit = { code: 0 };
  try {
    const words = argv.length === 0 ? ['--help'] : commandFirst(argv);
    const program = await buildProgram(words, { terminal, stdin, clock, wait, setExitCode: (code) => (exit.code = code) });
    await program.parseAsync(words, { from: 'user' });
    return exit.code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : exitUsage;
    terminal.stderr.write(formatError('clw', thrown));
    if (!(thrown instanceof OpenClawError)) return 1;
    if (thrown.code === 'usage_error') return exitUsage;
    return thrown.code === 'workloads_unavailable' ? exitUnavailable : exit.code || 1;
  }
}

/** Flags of every command may stand before it too, as kubectl allows: they are put behind it. */
function commandFirst(argv: readonly string[]): readonly string[] {
  let at = 0;
  while (at < argv.length && argv[at]!.startsWith('-')) at += valuedPlaceFlags.has(argv[at]!) ? 2 : 1;
  const command = argv[at];
  return command === undefined ? argv : [command, ...argv.slice(at + 1), ...argv.slice(0, at)];
}

async function buildProgram(words: readonly string[], context: ClwContext): Promise<Command> {
  const { stdout, stderr } = context.terminal;
  const program = new Command('clw')
    .description('runs and watches workloads')
    .version(version, '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({ writeOut: (text) => void stdout.write(text), writeErr: (text) => void stderr.write(text) })
    .showSuggestionAfterError()
    .addHelpText('after', helpExamples);
  const [wanted = ''] = words;
  const names = Object.keys(commands) as CommandName[];
  for (const name of isCommandName(wanted) ? [wanted] : names) await commands[name](program, context);
  program.commandsGroup('Begin:').helpCommand(true);
  for (const command of program.commands) {
    const name = command.name();
    if (isCommandName(name)) command.helpGroup(groupOf(name));
  }
  pointToHelp(program, 'clw');
  return program;
}

/** After wrong words each command points to its own help. */
function pointToHelp(command: Command, name: string): void {
  command.showHelpAfterError(`(${name} --help shows ${command.commands.length > 0 ? 'the commands' : 'what it takes'})`);
  for (const child of command.commands) pointToHelp(child, `${name} ${child.name()}`);
}

function waitAwake(ms: number, signal?: AbortSignal): Promise<unknown> {
  return timer(ms, undefined, signal === undefined ? {} : { signal });
}

function processTerminal(): Terminal {
  // Whoever read it has gone (`| head`): no reason to crash.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return { stdout: process.stdout, stderr: process.stderr, env: processVariables() };
}
