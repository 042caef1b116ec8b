/** `openclaw logs level LEVEL`: what the running gateway writes down from now on. Following the log comes with the control plane. */
import { Argument, type Command } from 'commander';
import { OpenClawError } from '../../core/errors.ts';
import { logLevels } from '../../core/log-level.ts';
import { callGateway } from './admin.ts';
import { findPlace } from './place.ts';
import type { Terminal } from './terminal.ts';

export function registerLogsCommands(program: Command, terminal: Terminal): void {
  const group = program.command('logs').description('the log of the running gateway');
  group
    .command('level')
    .description('change the least important lines that are written, until the gateway stops')
    .addArgument(new Argument('<level>', 'the level').choices([...logLevels]))
    .addHelpText('after', '\nExample:\n  openclaw logs level debug\n')
    .action((level: string) => setLevel(level, terminal));
}

async function setLevel(level: string, terminal: Terminal): Promise<void> {
  const { configuration, gateway } = await findPlace(terminal);
  if (!gateway) {
    const details = { url: configuration.stateDirectory, reason: 'no gateway runs on this state directory' };
    throw new OpenClawError('gateway_unreachable', { details });
  }
  await callGateway({ ...gateway, method: 'PUT', path: '/admin/v1/logging', body: { level } });
  terminal.stdout.write(`${level}\n`);
}
