/**
 * `openclaw`: finds the command and runs it. Only the module of the command that was asked for is loaded, because loading all
 * of them is most of what a short command costs.
 */
import { Command, CommanderError } from 'commander';
import { processVariables } from '../../core/env.ts';
import { OpenClawError } from '../../core/errors.ts';
import { version } from '../../version.ts';
import { commands } from './commands.ts';
import { commandsInOrder, groupCommands, helpExamples } from './help.ts';
import { exitUsage, formatError, type Terminal } from '../terminal.ts';

/** @returns the exit code */
export async function main(argv: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    terminal.stdout.write(`${version}\n`);
    return 0;
  }
  const exit = { code: 0 };
  try {
    const program = await buildProgram(argv, terminal, (code) => (exit.code = code));
    await program.parseAsync(argv, { from: 'user' });
    return exit.code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : exitUsage;
    terminal.stderr.write(formatError('openclaw', thrown));
    if (thrown instanceof OpenClawError && thrown.code === 'usage_error') return exitUsage;
    return exit.code || 1;
  }
}

async function buildProgram(argv: readonly string[], terminal: Terminal, setExitCode: (code: number) => void): Promise<Command> {
  const program = new Command('openclaw')
    .description('a self-hosted gateway and runtime for AI agents')
    .version(version, '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
    })
    .showSuggestionAfterError()
    .addHelpText('after', helpExamples);
  const wanted = argv.find((word) => !word.startsWith('-'));
  const needed = commandsInOrder.filter((name) => name === wanted);
  for (const name of needed.length > 0 ? needed : commandsInOrder) await commands[name]({ program, terminal, setExitCode });
  groupCommands(program);
  pointToHelp(program, 'openclaw');
  return program;
}

/** After wrong words each command points to its own help. */
function pointToHelp(command: Command, name: string): void {
  command.showHelpAfterError(`(${name} --help shows ${command.commands.length > 0 ? 'the commands' : 'what it takes'})`);
  for (const child of command.commands) pointToHelp(child, `${name} ${child.name()}`);
}

function processTerminal(): Terminal {
  // Whoever read it has gone (`| head`, a log collector that ended): no reason to crash, least of all for a gateway, whose log file goes on.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return { stdout: process.stdout, stderr: process.stderr, env: processVariables() };
}
