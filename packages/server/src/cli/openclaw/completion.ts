/** `openclaw completion SHELL`: prints what a shell needs to complete the commands. */
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
  program
    .command('completion')
    .description('print the completion of openclaw for a shell')
    .addArgument(new Argument('<shell>', 'for which shell').choices([...shells]))
    .addHelpText(
      'after',
      '\nExamples:\n  source <(openclaw completion bash)\n  source <(openclaw completion zsh)\n  openclaw completion fish | source\n',
    )
    .action(async (shell: Shell) => {
      io.stdout.write(completionScript(shell, readCommand(await everything())));
    });
}
