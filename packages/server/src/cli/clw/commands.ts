/** Every command of `clw`, each loaded only when it is needed. A new command is a file beside this one and a line here. */
import { Command } from 'commander';
import { version } from '../../version.ts';
import type { ClwContext } from './session.ts';

type Register = (program: Command, context: ClwContext) => Promise<void>;

export const commands = {
  apply: async (program, context) => (await import('./apply.ts')).registerApplyCommand(program, context),
  get: async (program, context) => (await import('./get.ts')).registerGetCommand(program, context),
  describe: async (program, context) => (await import('./describe.ts')).registerDescribeCommand(program, context),
  delete: async (program, context) => (await import('./delete.ts')).registerDeleteCommand(program, context),
  restart: async (program, context) => (await import('./restart.ts')).registerRestartCommand(program, context),
  scale: async (program, context) => (await import('./scale.ts')).registerScaleCommand(program, context),
  rollout: async (program, context) => (await import('./rollout.ts')).registerRolloutCommands(program, context),
  logs: async (program, context) => (await import('./logs.ts')).registerLogsCommand(program, context),
  events: async (program, context) => (await import('./events.ts')).registerEventsCommand(program, context),
  metrics: async (program, context) => (await import('./metrics.ts')).registerMetricsCommand(program, context),
  top: async (program, context) => (await import('./top.ts')).registerTopCommand(program, context),
  debug: async (program, context) => (await import('./debug.ts')).registerDebugCommands(program, context),
  analyze: async (program, context) => (await import('./analyze.ts')).registerAnalyzeCommands(program, context),
  explain: async (program, context) => (await import('./explain.ts')).registerExplainCommand(program, context),
  config: async (program, context) => (await import('./config.ts')).registerConfigCommands(program, context),
  completion: async (program, context) =>
    (await import('../completion.ts')).registerCompletionCommand(program, { io: context.terminal, everything: () => everything(context) }),
  version: async (program, context) => (await import('./version.ts')).registerVersionCommand(program, context),
  test: async (program) => (await import('./later.ts')).registerLater(program, 'test', 'put load on a workload'),
  alert: async (program) => (await import('./later.ts')).registerLater(program, 'alert', 'rules on metrics'),
  monitor: async (program) => (await import('./later.ts')).registerLater(program, 'monitor', 'series for Prometheus'),
  dashboard: async (program) => (await import('./later.ts')).registerLater(program, 'dashboard', 'pages of charts'),
} as const satisfies Readonly<Record<string, Register>>;

export type CommandName = keyof typeof commands;

export function isCommandName(word: string): word is CommandName {
  return Object.hasOwn(commands, word);
}

/** How `clw --help` puts them in order: by what somebody wants. */
const groups: Readonly<Record<string, readonly CommandName[]>> = {
  'Objects:': ['apply', 'get', 'describe', 'delete', 'explain'],
  'Running:': ['restart', 'scale', 'rollout'],
  'What happens:': ['logs', 'events', 'metrics', 'top'],
  'Memory:': ['debug', 'analyze'],
  'Settings:': ['config', 'completion', 'version'],
  'Not part of this release:': ['test', 'alert', 'monitor', 'dashboard'],
};

export function groupOf(name: CommandName): string {
  return Object.entries(groups).find(([, names]) => names.includes(name))?.[0] ?? 'Objects:';
}

/** The program with all its commands. */
export async function everything(context: ClwContext): Promise<Command> {
  const program = new Command('clw').version(version, '-V, --version', 'print the version');
  for (const register of Object.values(commands)) await register(program, context);
  return program;
}

/** A line that can be pasted, for each thing that somebody comes with. */
export const helpExamples = `
Examples:
  clw apply -f workload-config.yaml                       make what a file describes
  clw get workloads -A                                    what there is
  clw logs workload payment-processor --follow
  clw metrics workload payment-processor --window 1h
  clw analyze workload payment-processor                  limit, leak or traffic
  clw explain clw-memory-oom                              what a message means

clw COMMAND --help shows the flags of a command and examples of it.
`;
