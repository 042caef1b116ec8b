/** `openclaw volumes migrate`: the state is copied to another place and proven there; the old one stays as it is. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseUnit } from '@openclaw/protocol';
import type { Terminal } from '../terminal.ts';

interface Flags {
  readonly to: string;
  readonly stateDir?: string;
  readonly live?: boolean;
  readonly wait: number;
  readonly output: 'text' | 'json';
}

const examples = `
The gateway must have ended; with --live most is copied beside it, and the rest once you have stopped it.

Examples:
  openclaw volumes migrate --to /mnt/new/openclaw
  openclaw volumes migrate --to /mnt/new/openclaw --live --wait 10m
`;

export function registerMigrate(group: Command, terminal: Terminal): void {
  group
    .command('migrate')
    .description('copy the state to another place and prove the copy; the old one stays as it is')
    .requiredOption('--to <directory>', 'an empty directory, or one that is not there yet')
    .option('--live', 'begin while the gateway runs, and wait for its end for the rest')
    .addOption(
      new Option('--wait <time>', 'with --live: how long to wait for the end of the gateway').argParser(parseWait).default(600_000, '10m'),
    )
    .addHelpText('after', examples)
    // Flags that the group has as well come from there.
    .action((_flags: object, command: Command) => migrate(command.optsWithGlobals<Flags>(), terminal));
}

async function migrate(flags: Flags, terminal: Terminal): Promise<void> {
  const [{ openVolumesAccess }, { migrateState }, { sizeInWords }, { systemClock }] = await Promise.all([
    import('./volumes-access.ts'),
    import('../../operations/volumes/index.ts'),
    import('../../operations/backup/index.ts'),
    import('../../core/clock.ts'),
  ]);
  const { stateDirectory, from } = await openVolumesAccess(flags, terminal);
  const stopping = new AbortController();
  const stop = (): void => stopping.abort(new Error('it was interrupted'));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const onWait = (): void => void terminal.stderr.write('Most is copied. Stop the gateway now; the rest follows when it has ended.\n');
  try {
    const done = await migrateState({
      ...{ from: stateDirectory, to: flags.to, clock: systemClock, signal: stopping.signal },
      ...(flags.live === true && { live: { waitMs: flags.wait, onWait } }),
    });
    const setting = { OPENCLAW_STATE_DIR: done.to };
    if (flags.output === 'json') {
      terminal.stdout.write(`${JSON.stringify({ ...done, setting }, null, 2)}\n`);
    } else {
      const rows = [
        `The state is in ${done.to}: ${done.files} files, ${sizeInWords(done.bytes)}, each as its sum says; its database opens (${done.recovery.reason}).`,
        `The old one in ${done.from} is as it was, and in force until you change what names it (now ${from}):`,
        '',
        `  OPENCLAW_STATE_DIR=${done.to}`,
        '',
        'In a container, mount the new place where the old one was mounted instead. Never start a gateway on both: they are the same state.',
      ];
      terminal.stdout.write(rows.map((row) => `${row}\n`).join(''));
    }
    for (const path of done.leftOut) terminal.stderr.write(`${path} is not in it: it is neither file, directory nor link.\n`);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

function parseWait(text: string): number {
  const ms = parseUnit(text, 'ms');
  if (ms === undefined) throw new InvalidArgumentError('Write a time such as 10m.');
  return ms;
}
