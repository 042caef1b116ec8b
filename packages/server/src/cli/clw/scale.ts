/** `clw scale`: how many instances there are to be. */
import { displayName } from '@openclaw/client/workloads';
import type { Command } from 'commander';
import { addPlaceFlags, parseCount, type PlaceFlags } from './flags.ts';
import { readWorkloadName } from './names.ts';
import { withSession, type ClwContext } from './session.ts';
import { placeOfWorkload } from './workload-place.ts';

interface Flags extends PlaceFlags {
  readonly replicas: number;
}

export function registerScaleCommand(program: Command, context: ClwContext): void {
  addPlaceFlags(program.command('scale'))
    .description('set how many instances a workload has')
    .argument('<workload...>', 'workload NAME')
    .requiredOption('--replicas <count>', 'so many', parseCount)
    .addHelpText('after', '\nExamples:\n  clw scale workload payment-processor --replicas 3\n  clw scale payment-processor --replicas 0\n')
    .action((words: string[], flags: Flags) =>
      withSession(context, flags, async (session) => {
        const place = await placeOfWorkload(await readWorkloadName(words, session), session, context.terminal);
        await session.api.patch(place, { spec: { replicas: flags.replicas } }, { subresource: 'scale' });
        context.terminal.stdout.write(`${displayName(place.kind, place.name)} scaled\n`);
      }),
    );
}
