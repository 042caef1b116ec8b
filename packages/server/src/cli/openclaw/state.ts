/**
 * `openclaw state restore-before-migration N`: the way back after an upgrade, which the refusal of a newer schema names.
 *
 * It works beside no gateway: the state directory must be free.
 */
import { InvalidArgumentError, type Command } from 'commander';
import { locate } from '../../config/index.ts';
import { readEnvironment } from '../../core/env.ts';
import { restoreBeforeMigration } from '../../storage/index.ts';
import type { Terminal } from '../terminal.ts';

export function registerStateCommands(program: Command, io: Terminal): void {
  const group = program.command('state').description('the state directory');
  group
    .command('restore-before-migration')
    .description('go back to the snapshot from before a migration; what was written since is set aside')
    .argument('<version>', 'the number that the refusal names', parseVersion)
    .option('--state-dir <directory>', 'the state directory')
    .addHelpText('after', '\nExample:\n  openclaw state restore-before-migration 2\n')
    .action((version: number, flags: { readonly stateDir?: string }) => restore(version, flags, io));
}

async function restore(version: number, flags: { readonly stateDir?: string }, io: Terminal): Promise<void> {
  // Not the whole configuration: the one of the newer program may be beyond this one.
  const { stateDirectory } = locate(readEnvironment({ env: io.env }), flags);
  const { schema, keptIn } = await restoreBeforeMigration(stateDirectory, version);
  io.stdout.write(`The state in ${stateDirectory} is back at schema ${schema}, as before migration ${version}.\n`);
  io.stderr.write(`What was written since lies in ${keptIn}; delete it when you no longer want it.\n`);
}

function parseVersion(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('it is a whole number, such as 2.');
  return Number(text);
}
