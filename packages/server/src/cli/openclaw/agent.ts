/** `openclaw agent`: says something to an agent and shows what it does, to the end. */
import { type Command, Option } from 'commander';
import type { UseOpenClaw } from './runs-access.ts';
import { sessionKeyOf } from './session-key.ts';
import type { Terminal } from '../terminal.ts';
import { type Interrupts, type OnInterrupt, watchRun } from './watch-run.ts';

export interface RunCommandContext {
  readonly io: Pick<Terminal, 'stdout' | 'stderr'>;
  readonly useOpenClaw: UseOpenClaw;
  readonly interrupts: Interrupts;
  readonly setExitCode: (code: number) => void;
}

interface Flags {
  readonly message: string;
  readonly session?: string;
  readonly agent?: string;
  readonly model?: string;
  readonly onInterrupt: OnInterrupt;
  readonly output: 'text' | 'json';
}

export function onInterruptOption(): Option {
  return new Option('--on-interrupt <what>', 'what Ctrl-C does: leave the run alone, or end it')
    .choices(['detach', 'cancel'])
    .default('detach');
}

export function registerAgentCommand(program: Command, context: RunCommandContext): void {
  program
    .command('agent')
    .description('say something to an agent, and watch it work')
    .requiredOption('-m, --message <text>', 'what to say')
    .option('--session <key>', 'the conversation that it belongs to (default: one of its own)')
    .option('--agent <id>', 'who is spoken to (default: main)')
    .option('--model <name>', "a route or model (default: the agent's)")
    .addOption(onInterruptOption())
    .addOption(
      new Option('-o, --output <format>', 'how to print; json: the run once it has ended').choices(['text', 'json']).default('text'),
    )
    .addHelpText(
      'after',
      '\nThe answer goes to standard output, tool calls go to standard error. The run goes on without this command: it survives Ctrl-C and restarts.\n' +
        '\nExamples:\n  openclaw agent --message "What is new?"\n  openclaw agent -m "Go on." --session main\n  openclaw agent -m "Sum it up." -o json\n',
    )
    .action((flags: Flags) => speak(flags, context));
}

async function speak(flags: Flags, { io, useOpenClaw, interrupts, setExitCode }: RunCommandContext): Promise<void> {
  const { message, session, agent, model, onInterrupt, output } = flags;
  await useOpenClaw(async (openclaw) => {
    const { id } = await openclaw.runs.create({
      input: message,
      ...(session === undefined ? {} : { session: sessionKeyOf(session, agent) }),
      ...(agent === undefined ? {} : { agent }),
      ...(model === undefined ? {} : { model }),
    });
    const { run, text, isDetached } = await watchRun(openclaw, id, { io, interrupts, onInterrupt, isSilent: output === 'json' });
    if (output === 'json') io.stdout.write(`${JSON.stringify({ run, text }, null, 2)}\n`);
    if (!isDetached && run.status !== 'finished') setExitCode(1);
  });
}
