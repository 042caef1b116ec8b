/** `clw debug workload NAME` and `clw debug export`: what looks into memory, and takes it away as a file. What each does is in its file. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { OpenClawError } from '../../core/errors.ts';
import { addPlaceFlags, parseTime, type PlaceFlags } from './flags.ts';
import { readWorkloadName } from './names.ts';
import { withSession, type ClwContext } from './session.ts';
import { placeOfWorkload } from './workload-place.ts';

export interface ProfileFlags extends PlaceFlags {
  readonly memoryProfile?: boolean;
  readonly showVmmap?: boolean;
  readonly duration: number;
  readonly interval: number;
  readonly output: 'table' | 'json';
}

export interface ExportFlags extends PlaceFlags {
  readonly type: 'memory';
  readonly output: string;
  readonly workload?: string;
  readonly trace?: string;
  readonly instance?: string;
  readonly window: number;
}

export function registerDebugCommands(program: Command, context: ClwContext): void {
  const group = program.command('debug').description('look into the memory of a workload');
  addPlaceFlags(group.command('workload'))
    .description('record the memory of a workload, or show what it consists of')
    .argument('<name...>', 'its name')
    .option('--memory-profile', 'record its memory, at least once a second, and say what grew')
    .option('--duration <time>', 'for how long', parseTime, 300_000)
    .option('--interval <time>', 'how often a reading is taken', parseTime, 1000)
    .option('--show-vmmap', "what its memory consists of now, from the kernel's own accounting")
    .option('-o, --output <format>', 'how to print: table, json', 'table')
    .addHelpText(
      'after',
      '\nExamples:\n  clw debug workload payment-processor --memory-profile --duration 5m\n  clw debug workload payment-processor --show-vmmap\n',
    )
    .action((words: string[], flags: ProfileFlags) => debugWorkload(words, flags, context));
  addPlaceFlags(group.command('export'))
    .description('write the readings of a workload into a file, for `clw analyze memory-trace`')
    .addOption(new Option('--type <type>', 'of what').choices(['memory']).makeOptionMandatory())
    .requiredOption('--output <file>', 'where to, - for the standard output')
    .option('--workload <name>', 'of this workload (default: that of the last memory profile)')
    .option('--trace <name>', 'of this recording (default: the last)')
    .option('--instance <id>', 'of this instance (default: the one with the most readings)')
    .option('--window <time>', 'how much of the stored history is added', parseTime, 86_400_000)
    .addHelpText(
      'after',
      '\nExamples:\n  clw debug export --type memory --output /tmp/memory-trace.json\n' +
        '  clw debug export --type memory --workload payment-processor --window 7d --output week.json\n',
    )
    .action(async (flags: ExportFlags) => {
      const { exportTrace } = await import('./export-trace.ts');
      await withSession(context, flags, (session) => exportTrace(flags, session, context));
    });
}

async function debugWorkload(words: readonly string[], flags: ProfileFlags, context: ClwContext): Promise<void> {
  if (flags.memoryProfile !== true && flags.showVmmap !== true) {
    throw new OpenClawError('usage_error', {
      details: { reason: 'It was not said what to look at', suggestion: 'Add --memory-profile, or --show-vmmap.' },
    });
  }
  await withSession(context, flags, async (session) => {
    const place = await placeOfWorkload(await readWorkloadName(words, session), session, context.terminal);
    if (flags.showVmmap === true) {
      const { showMemoryMap } = await import('./memory-map.ts');
      showMemoryMap(await session.api.memoryMap(place), flags, context.terminal);
    }
    if (flags.memoryProfile !== true) return;
    const { profileMemory } = await import('./memory-profile.ts');
    await profileMemory(place, flags, { session, context });
  });
}
