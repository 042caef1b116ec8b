/** How `openclaw --help` puts the commands in order: by what somebody wants, with an example of each. What a command does is said by itself. */
import type { Command } from 'commander';
import type { CommandName } from './commands.ts';

/** Every command once, in the order in which they are shown; a test holds it against `commands.ts`. */
export const commandGroups = {
  'Begin:': ['init', 'gateway', 'dashboard', 'completion'],
  'See how it is:': ['status', 'health', 'doctor', 'logs', 'audit'],
  'Agents at work:': ['agent', 'runs', 'sessions', 'cron', 'channels'],
  'Models and who may use them:': ['models', 'keys', 'usage', 'trace'],
  'Configuration, devices and state:': [
    'config',
    'secrets',
    'devices',
    'deploy',
    'rollback',
    'kubeconfig',
    'state',
    'backup',
    'volumes',
    'retention',
  ],
} as const satisfies Readonly<Record<string, readonly CommandName[]>>;

const firstGroup: keyof typeof commandGroups = 'Begin:';

export const commandsInOrder: readonly CommandName[] = Object.values(commandGroups).flat();

/** A line that can be pasted, for each thing that somebody comes with. */
export const helpExamples = `
Examples:
  openclaw init                                     a configuration, each line explained
  openclaw gateway run                              the gateway, in the foreground
  openclaw agent --message "what is in your workspace?"
  openclaw status
  openclaw doctor                                   what is wrong, and what to do
  openclaw keys create --name ci --usd-per-day 5
  openclaw usage --since 24h

openclaw COMMAND --help shows the flags of a command and examples of it.
`;

/** Gives the commands that are registered their headings. */
export function groupCommands(program: Command): void {
  // `help` itself comes with commander.
  program.commandsGroup(firstGroup).helpCommand(true);
  const groups = Object.entries<readonly string[]>(commandGroups);
  for (const command of program.commands) {
    const heading = groups.find(([, names]) => names.includes(command.name()))?.[0];
    if (heading !== undefined) command.helpGroup(heading);
  }
}
