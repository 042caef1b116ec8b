/** Every command of `openclaw`, each loaded only when it is needed. A new command is a file beside this one and a line here. */
import type { Command } from 'commander';
import type { Terminal } from './terminal.ts';

export interface CommandContext {
  readonly program: Command;
  readonly terminal: Terminal;
  readonly setExitCode: (code: number) => void;
}

export const commands = {
  async gateway(context: CommandContext): Promise<void> {
    const { registerGatewayCommands } = await import('./gateway.ts');
    registerGatewayCommands(context);
  },
  async config({ program, terminal }: CommandContext): Promise<void> {
    const [{ registerConfigCommands }, { knownProviders }] = await Promise.all([import('./config.ts'), import('../../models/index.ts')]);
    registerConfigCommands(program, { ...terminal, vendors: knownProviders });
  },
} as const;

export type CommandName = keyof typeof commands;
