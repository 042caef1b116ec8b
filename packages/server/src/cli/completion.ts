/** `openclaw completion SHELL`, `clw completion SHELL`: prints what a shell needs to complete the commands. */
import { Argument, type Command } from 'commander';
import { completionScript, type Shell, shells } from './completion-scripts.ts';
import { readCommand } from './completion-words.ts';
import type { Terminal } from './terminal.ts';

export interface CompletionContext {
  readonly io: Terminal;
  /** The program with all its commands. */
  readonly everything: () => Promise<Command>;
}

export function registerCompletionCommand(program: Command, { io, everything }: CompletionContext): void {
  const name = program.name();
  program
    .command('completion')
    .description(`print the completion of ${name} for a shell`)
    .addArgument(new Argument('<shell>', 'for which shell').choices([...shells]))
    .addHelpText(
      'after',
      `\nExamples:\n  source <(${name} completion bash)\n  source <(${name} completion zsh)\n  ${name} completion fish | source\n`,
    )
    .action(async (shell: Shell) => {
      io.stdout.write(completionScript(shell, readCommand(await everything())));
    });
}
