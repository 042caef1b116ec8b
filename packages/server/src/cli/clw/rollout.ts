/** `clw rollout status|history|undo|restart`: how far a change has come, what was before, and back to it. */
import { displayName, type ObjectName, type WorkloadPlace } from '@openclaw/client/workloads';
import type { Workload } from '@openclaw/protocol';
import type { Command } from 'commander';
import { OpenClawError } from '../../core/errors.ts';
import { formatMs } from '../durations.ts';
import { formatTable, widthOf } from '../table.ts';
import { addPlaceFlags, parseCount, parseTime, type PlaceFlags } from './flags.ts';
import { readWorkloadName } from './names.ts';
import { formatYaml } from './print.ts';
import { restart } from './restart.ts';
import { withSession, type ClwContext, type Session } from './session.ts';
import { placeOfWorkload } from './workload-place.ts';

interface StatusFlags extends PlaceFlags {
  readonly timeout: number;
  readonly watch: boolean;
}

interface RevisionFlags extends PlaceFlags {
  readonly revision?: number;
  readonly toRevision?: number;
  readonly output: 'table' | 'json';
}

type AtPlace = WorkloadPlace & ObjectName;

export function registerRolloutCommands(program: Command, context: ClwContext): void {
  const group = program.command('rollout').description('how far a change has come, what was before, and back to it');
  const at =
    <Flags extends PlaceFlags>(act: (place: AtPlace, flags: Flags, asked: Asked) => Promise<void>) =>
    (words: string[], flags: Flags): Promise<void> =>
      withSession(context, flags, async (session) =>
        act(await placeOfWorkload(await readWorkloadName(words, session), session, context.terminal), flags, { session, context }),
      );
  addPlaceFlags(group.command('status'))
    .description('wait until all instances are of the present revision and ready')
    .argument('<workload...>', 'workload NAME')
    .option('--timeout <time>', 'how long to wait', parseTime, 600_000)
    .option('--no-watch', 'say how it is, and wait for nothing')
    .addHelpText(
      'after',
      '\nExamples:\n  clw rollout status workload payment-processor\n  clw rollout status payment-processor --timeout 2m\n',
    )
    .action(at<StatusFlags>(status));
  addPlaceFlags(group.command('history'))
    .description('the revisions that are kept')
    .argument('<workload...>', 'workload NAME')
    .option('--revision <number>', 'what one of them was', parseCount)
    .option('-o, --output <format>', 'how to print: table, json', 'table')
    .addHelpText(
      'after',
      '\nExamples:\n  clw rollout history workload payment-processor\n  clw rollout history payment-processor --revision 3\n',
    )
    .action(at<RevisionFlags>(history));
  addPlaceFlags(group.command('undo'))
    .description('go back to the revision before, or to one that is named')
    .argument('<workload...>', 'workload NAME')
    .option('--to-revision <number>', 'to this one', parseCount)
    .addHelpText(
      'after',
      '\nExamples:\n  clw rollout undo workload payment-processor\n  clw rollout undo payment-processor --to-revision 3\n',
    )
    .action(at<RevisionFlags>(undo));
  addPlaceFlags(group.command('restart'))
    .description('the same as `clw restart`')
    .argument('<workload...>', 'workload NAME')
    .addHelpText('after', '\nExamples:\n  clw rollout restart workload payment-processor\n')
    .action((words: string[], flags: PlaceFlags) => withSession(context, flags, (session) => restart(words, session, context)));
}

interface Asked {
  readonly session: Session;
  readonly context: ClwContext;
}

const lookEveryMs = 500;

async function status(place: AtPlace, { timeout, watch }: StatusFlags, { session, context }: Asked): Promise<void> {
  const { terminal, clock, wait, setExitCode } = context;
  const untilMs = clock.monotonicMs() + timeout;
  let said = '';
  for (;;) {
    const { isDone, hasFailed, says } = progressOf((await session.api.get(place)) as Workload);
    if (says !== said) terminal.stdout.write(`${says}\n`);
    said = says;
    if (isDone) return;
    if (hasFailed || !watch) {
      setExitCode(1);
      return;
    }
    if (clock.monotonicMs() >= untilMs) {
      throw new OpenClawError('workload_wait_expired', {
        details: {
          what: `The rollout of ${place.name}`,
          timeout: formatMs(timeout),
          state: says,
          suggestion: `\`clw describe workload ${place.name}\` shows why; \`clw rollout undo workload ${place.name}\` goes back.`,
        },
      });
    }
    await wait(lookEveryMs);
  }
}

interface Progress {
  readonly isDone: boolean;
  readonly hasFailed: boolean;
  readonly says: string;
}

function progressOf({ metadata, spec, status: now }: Workload): Progress {
  const wanted = spec?.replicas ?? 1;
  const going = { isDone: false, hasFailed: false };
  if (!now || now.observedGeneration < (metadata.generation ?? 0)) return { ...going, says: 'Waiting until the change is taken up …' };
  const because = now.message === undefined ? '' : `: ${now.message}`;
  if (now.phase === 'Failed') return { isDone: false, hasFailed: true, says: `"${metadata.name}" has failed${because}` };
  if (now.phase === 'Succeeded') return { isDone: true, hasFailed: false, says: `"${metadata.name}" has run to its end` };
  if (now.updatedReplicas < wanted)
    return { ...going, says: `Waiting: ${now.updatedReplicas} of ${wanted} instances are of the new revision …` };
  if (now.replicas > wanted) return { ...going, says: `Waiting: ${now.replicas - wanted} old instances end …` };
  if (now.readyReplicas < wanted) {
    const phase = now.phase === 'Running' || now.phase === 'Starting' ? '' : ` (${now.phase}${because})`;
    return { ...going, says: `Waiting: ${now.readyReplicas} of ${wanted} instances are ready${phase} …` };
  }
  return { isDone: true, hasFailed: false, says: `"${metadata.name}" is rolled out` };
}

async function history(place: AtPlace, { revision, output }: RevisionFlags, { session, context }: Asked): Promise<void> {
  const { stdout } = context.terminal;
  const { items } = await session.api.revisions(place);
  if (revision !== undefined) {
    const found = items.find((item) => item.revision === revision) ?? noRevision(place, revision, items);
    stdout.write(output === 'json' ? `${JSON.stringify(found, null, 2)}\n` : await formatYaml(found));
  } else if (output === 'json') stdout.write(`${JSON.stringify({ items }, null, 2)}\n`);
  else {
    const rows = items.toReversed().map((item) => [String(item.revision), item.createdAt, item.cause ?? '<none>']);
    stdout.write(
      formatTable([{ heading: 'REVISION' }, { heading: 'CREATED' }, { heading: 'CHANGE-CAUSE' }], rows, { width: widthOf(stdout) }),
    );
  }
}

async function undo(place: AtPlace, { toRevision }: RevisionFlags, { session, context }: Asked): Promise<void> {
  const { items } = await session.api.revisions(place);
  const target = toRevision === undefined ? items[1] : items.find((item) => item.revision === toRevision);
  if (!target) return noRevision(place, toRevision, items);
  const name = displayName(place.kind, place.name);
  if (target.revision === items[0]?.revision) {
    context.terminal.stdout.write(`${name} is at revision ${target.revision} already\n`);
    return;
  }
  // The whole spec: what the present one has beside it must go.
  await session.api.patch(place, [{ op: 'replace', path: '/spec', value: target.spec }], { form: 'json' });
  context.terminal.stdout.write(`${name} rolled back to revision ${target.revision}\n`);
}

function noRevision(place: AtPlace, revision: number | undefined, items: readonly { readonly revision: number }[]): never {
  const kept = items.map((item) => item.revision).toSorted((one, other) => one - other);
  throw new OpenClawError('command_refused', {
    details: {
      reason:
        revision === undefined
          ? `There is no revision of "${place.name}" before the present one`
          : `No revision ${revision} of "${place.name}" is kept`,
      suggestion:
        kept.length === 0
          ? 'None is kept yet.'
          : `There ${kept.length === 1 ? 'is' : 'are'} ${kept.join(', ')}; spec.revisionHistoryLimit says how many are kept.`,
    },
  });
}
