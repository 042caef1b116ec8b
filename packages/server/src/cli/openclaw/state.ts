/**
 * The way back after an upgrade: `openclaw rollback`, and `openclaw state restore-before-migration N`, which the refusal of a newer schema names.
 *
 * It works beside no gateway: the state directory must be free.
 */
import { InvalidArgumentError, type Command } from 'commander';
import { locate } from '../../config/index.ts';
import { readEnvironment } from '../../core/env.ts';
import { restoreBeforeMigration, rollBackState, type RestoredMigration } from '../../storage/index.ts';
import { version } from '../../version.ts';
import type { Terminal } from '../terminal.ts';

export function registerStateCommands(program: Command, io: Terminal): void {
  const group = program.command('state').description('the state directory');
  group
    .command('restore-before-migration')
    .description('go back to the snapshot from before a migration; what was written since is set aside')
    .argument('<version>', 'the number that the refusal names', parseVersion)
    .option('--state-dir <directory>', 'the state directory')
    .addHelpText('after', '\nExample:\n  openclaw state restore-before-migration 2\n')
    .action((migration: number, flags: { readonly stateDir?: string }) => restore(migration, flags, io));
}

async function restore(migration: number, flags: { readonly stateDir?: string }, io: Terminal): Promise<void> {
  // Not the whole configuration: the one of the newer program may be beyond this one.
  const { stateDirectory } = locate(readEnvironment({ env: io.env }), flags);
  tell(
    await restoreBeforeMigration(stateDirectory, migration),
    `${stateDirectory} is back at schema %, as before migration ${migration}`,
    io,
  );
}

export function registerRollbackCommand(program: Command, io: Terminal): void {
  program
    .command('rollback')
    .description('after an upgrade that did not turn out well: make the state readable for this, earlier program')
    .option('--state-dir <directory>', 'the state directory')
    .addHelpText(
      'after',
      '\nStop the gateway and install the earlier version first; this runs on that. What was written since the upgrade is set aside.\n\nExamples:\n  openclaw rollback\n  docker compose run --rm openclaw-gateway rollback\n',
    )
    .action((flags: { readonly stateDir?: string }) => rollback(flags, io));
}

async function rollback(flags: { readonly stateDir?: string }, io: Terminal): Promise<void> {
  const { stateDirectory } = locate(readEnvironment({ env: io.env }), flags);
  const restored = await rollBackState(stateDirectory);
  if (restored) tell(restored, `${stateDirectory} is back at schema %, as before the upgrade`, io);
  else io.stdout.write(`OpenClaw ${version} can read the state in ${stateDirectory} as it is; nothing was changed.\n`);
}

function tell({ schema, keptIn }: RestoredMigration, words: string, io: Terminal): void {
  io.stdout.write(`The state in ${words.replace('%', String(schema))}.\n`);
  io.stderr.write(`What was written since lies in ${keptIn}; delete it when you no longer want it.\n`);
}

function parseVersion(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('it is a whole number, such as 2.');
  return Number(text);
}
