/** `clw restart`: new instances, one after the other, without a change of what they are. */
import { displayName } from '@openclaw/client/workloads';
import type { Command } from 'commander';
import { addPlaceFlags, type PlaceFlags } from './flags.ts';
import { readWorkloadName } from './names.ts';
import { withSession, type ClwContext, type Session } from './session.ts';
import { placeOfWorkload } from './workload-place.ts';

export function registerRestartCommand(program: Command, context: ClwContext): void {
  addPlaceFlags(program.command('restart'))
    .description('replace the instances of a workload one by one')
    .argument('<workload...>', 'workload NAME')
    .addHelpText('after', '\nExamples:\n  clw restart workload payment-processor\n  clw restart payment-processor -n production\n')
    .action((words: string[], flags: PlaceFlags) => withSession(context, flags, (session) => restart(words, session, context)));
}

export async function restart(words: readonly string[], session: Session, { terminal, clock }: ClwContext): Promise<void> {
  const place = await placeOfWorkload(await readWorkloadName(words, session), session, terminal);
  const annotations = { 'openclaw.io/restartedAt': new Date(clock.now()).toISOString() };
  await session.api.patch(place, { spec: { template: { metadata: { annotations } } } });
  terminal.stdout.write(`${displayName(place.kind, place.name)} restarted\n`);
}
