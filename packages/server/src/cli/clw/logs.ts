/** `clw logs`: what the instances of a workload say, and what the runtime says of them, as the server puts it in order. */
import { podKind, type LogQuestion } from '@openclaw/client/workloads';
import type { Command } from 'commander';
import type { Output } from '../terminal.ts';
import { addPlaceFlags, parseCount, parseTime, type PlaceFlags } from './flags.ts';
import { readNames, readWorkloadName } from './names.ts';
import { defaultNamespace, placeOf, withSession, type ClwContext, type Session } from './session.ts';
import { placeOfWorkload } from './workload-place.ts';

interface Flags extends PlaceFlags {
  readonly follow?: boolean;
  readonly duration?: number;
  readonly since?: number;
  readonly tail?: number;
  readonly previous?: boolean;
  readonly timestamps?: boolean;
  readonly instance?: string;
  readonly container?: string;
}

export function registerLogsCommand(program: Command, context: ClwContext): void {
  addPlaceFlags(program.command('logs'))
    .description('show the output of a workload, and what the runtime says of it')
    .argument('<workload...>', 'workload NAME; pod NAME for one instance')
    .option('-f, --follow', 'go on with what comes')
    .option('--duration <time>', 'follow for so long, and end well', parseTime)
    .option('--since <time>', 'only what is not older', parseTime)
    .option('--tail <lines>', 'only the last so many lines', parseCount)
    .option('-p, --previous', 'of the container before the present one')
    .option('--timestamps', 'each line with its time')
    .option('--instance <id>', 'of one instance')
    .option('-c, --container <name>', 'of one container')
    .addHelpText(
      'after',
      '\nExamples:\n  clw logs workload payment-processor --follow --duration 5m\n' +
        '  clw logs workload payment-processor --since 1h | grep -i "clw-memory-oom"\n  clw logs workload payment-processor --previous --tail 50\n',
    )
    .action((words: string[], flags: Flags) => withSession(context, flags, (session) => logs(words, { flags, session, context })));
}

interface Asked {
  readonly flags: Flags;
  readonly session: Session;
  readonly context: ClwContext;
}

async function logs(words: readonly string[], { flags, session, context }: Asked): Promise<void> {
  const { stdout } = context.terminal;
  const enough = flags.duration === undefined ? undefined : AbortSignal.timeout(flags.duration);
  const question = questionOf(flags);
  try {
    const pieces = await open(words, { session, context, question, enough });
    const decoder = new TextDecoder();
    for await (const piece of pieces) await written(stdout, decoder.decode(piece, { stream: true }));
  } catch (thrown) {
    if (enough?.aborted !== true) throw thrown;
  }
}

/** Whoever reads slowly is waited for, so that nothing piles up here. */
async function written(output: Output, text: string): Promise<void> {
  if (output.write(text) === false && output.once) await new Promise<void>((resolve) => output.once?.('drain', resolve));
}

interface Opening {
  readonly session: Session;
  readonly context: ClwContext;
  readonly question: LogQuestion;
  readonly enough: AbortSignal | undefined;
}

async function open(words: readonly string[], { session, context, question, enough }: Opening): Promise<AsyncIterable<Uint8Array>> {
  const [first = ''] = words;
  if (/^(pods?|po)(\/|$)/.test(first)) {
    const [{ name = '' } = {}] = await readNames(words, session);
    const namespace = (await placeOf({ kind: podKind, name }, session, context.terminal)) ?? defaultNamespace;
    return session.api.podLog({ kind: podKind, namespace, name }, question, enough);
  }
  const place = await placeOfWorkload(await readWorkloadName(words, session), session, context.terminal);
  return session.api.log(place, question, enough);
}

function questionOf({ follow, duration, since, tail, previous, timestamps, instance, container }: Flags): LogQuestion {
  return {
    follow: follow === true || duration !== undefined,
    ...(since === undefined ? {} : { sinceSeconds: Math.ceil(since / 1000) }),
    ...(tail === undefined ? {} : { tailLines: tail }),
    previous: previous === true,
    timestamps: timestamps === true,
    ...(instance === undefined ? {} : { instance }),
    ...(container === undefined ? {} : { container }),
  };
}
