/** `clw analyze workload NAME` and `clw analyze memory-trace FILE`: limit, leak or traffic. What each prints is in its file. */
import type { Command } from 'commander';
import type { TraceFlags } from './analyze-trace.ts';
import { addPlaceFlags, parseTime, type PlaceFlags } from './flags.ts';
import { readWorkloadName } from './names.ts';
import { withSession, type ClwContext } from './session.ts';
import { placeOfWorkload } from './workload-place.ts';

export interface AnalyzeFlags extends PlaceFlags {
  readonly recommendResources?: boolean;
  readonly apply?: boolean;
  readonly window: number;
  readonly output: 'text' | 'json';
}

export function registerAnalyzeCommands(program: Command, context: ClwContext): void {
  const group = program.command('analyze').description('whether a workload leaks, and which limits fit it');
  addPlaceFlags(group.command('workload'))
    .description('what its memory needs: a higher limit, a repair, or more instances')
    .argument('<name...>', 'its name')
    .option('--recommend-resources', 'which limit and request fit what was measured')
    .option('--apply', 'set what is recommended')
    .option('--window <time>', 'how far back', parseTime, 86_400_000)
    .option('-o, --output <format>', 'how to print: text, json', 'text')
    .addHelpText(
      'after',
      '\nFor a leak no higher limit is recommended: it would only be reached later.\n' +
        '\nExamples:\n  clw analyze workload payment-processor\n  clw analyze workload payment-processor --recommend-resources\n' +
        '  clw analyze workload payment-processor --recommend-resources --apply\n',
    )
    .action(async (words: string[], flags: AnalyzeFlags) => {
      const { analyzeWorkload } = await import('./analyze-workload.ts');
      await withSession(context, flags, async (session) =>
        analyzeWorkload(await placeOfWorkload(await readWorkloadName(words, session), session, context.terminal), flags, {
          session,
          context,
        }),
      );
    });
  group
    .command('memory-trace')
    .description('judge a file of `clw debug export`, without a gateway')
    .argument('<file>', 'the file, or - for the standard input')
    .option('--leak-detection', 'whether it leaks; this is what is always done')
    .option('-o, --output <format>', 'how to print: text, json', 'text')
    .addHelpText(
      'after',
      '\nExamples:\n  clw analyze memory-trace /tmp/memory-trace.json --leak-detection\n  clw analyze memory-trace trace.json -o json | jq .verdict\n',
    )
    .action(async (file: string, flags: TraceFlags) => (await import('./analyze-trace.ts')).analyzeTrace(file, flags, context));
}
