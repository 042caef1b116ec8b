/** `openclaw logs level LEVEL`: what the running gateway writes down from now on. Following the log comes with the control plane. */
import { Argument, type Command } from 'commander';
import { loadConfiguration } from '../../config/index.ts';
import { readEnvironment } from '../../core/env.ts';
import { OpenClawError } from '../../core/errors.ts';
import { logLevels } from '../../core/log-level.ts';
import { knownProviders } from '../../models/index.ts';
import { readStateOwner } from '../../storage/index.ts';
import { callGateway, secretOf } from './admin.ts';
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
  const configuration = await loadConfiguration({ environment: readEnvironment({ env: terminal.env }), vendors: knownProviders });
  const named = configuration.environment.lookup('OPENCLAW_GATEWAY_URL')?.value;
  const address = named ?? (await readStateOwner(configuration.stateDirectory))?.address;
  if (address === undefined) {
    const details = { url: configuration.stateDirectory, reason: 'no gateway runs on this state directory' };
    throw new OpenClawError('gateway_unreachable', { details });
  }
  await callGateway({ address, secret: secretOf(configuration), method: 'PUT', path: '/admin/v1/logging', body: { level } });
  terminal.stdout.write(`${level}\n`);
}
