/** `openclaw runs`: agents at work, now and before. What is printed of one as it goes: `watch-run.ts`. */
import type { OpenClaw, OutcomeDecision, RunStatus, RunView } from '@openclaw/client';
import { runStatuses } from '@openclaw/protocol';
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { OpenClawError } from '../../core/errors.ts';
import { type Column, formatTable, widthOf } from '../table.ts';
import { onInterruptOption, type RunCommandContext } from './agent.ts';
import { formatUsd } from './money.ts';
import { describeWait } from './run-printer.ts';
import { sessionKeyOf } from './session-key.ts';
import { addOutput, type OutputFlags, visible } from './target-flags.ts';
import { type OnInterrupt, watchRun } from './watch-run.ts';

interface ListFlags extends OutputFlags {
  readonly session?: string;
  readonly status?: RunStatus;
  readonly agent?: string;
  readonly parent?: string;
  readonly after?: string;
  readonly limit: number;
}

export function registerRunsCommands(program: Command, context: RunCommandContext): void {
  const group = program.command('runs').description('agents at work: list, show, watch, steer');
  registerLooking(group, context);
  registerSteering(group, context);
}

function registerLooking(group: Command, context: RunCommandContext): void {
  addOutput(group.command('list'), 'table')
    .description('list runs, the latest first')
    .option('--session <key>', 'of one session')
    .addOption(new Option('--status <status>', 'as they stand').choices(runStatuses))
    .option('--agent <id>', 'of one agent')
    .option('--parent <run>', 'begun by this run')
    .option('--after <run>', 'the page after this run')
    .option('-n, --limit <count>', 'how many', parseLimit, 20)
    .addHelpText(
      'after',
      '\nExamples:\n  openclaw runs list\n  openclaw runs list --status parked\n  openclaw runs list --session main -o json\n',
    )
    .action((flags: ListFlags) => list(flags, context));
  addOutput(group.command('show'))
    .description('show how a run stands, and what it waits for')
    .argument('<run>', 'id of the run')
    .addHelpText('after', '\nExample:\n  openclaw runs show run_01J…\n')
    .action((id: string, flags: OutputFlags) => act(context, flags, (openclaw) => openclaw.runs.get(id)));
  addOutput(group.command('watch'))
    .description('show what a run has done and does, to its end; json: its events, a line each')
    .argument('<run>', 'id of the run')
    .option('--after <seq>', 'only what comes after this event', parseSeq, 0)
    .addOption(onInterruptOption())
    .addHelpText('after', '\nExamples:\n  openclaw runs watch run_01J…\n  openclaw runs watch run_01J… --after 120 -o json\n')
    .action((id: string, flags: OutputFlags & { readonly after: number; readonly onInterrupt: OnInterrupt }) => watch(id, flags, context));
}

function registerSteering(group: Command, context: RunCommandContext): void {
  const command = (name: string, description: string): Command =>
    addOutput(group.command(name)).description(description).argument('<run>', 'id of the run');
  command('cancel', 'end a run, with what it has so far')
    .option('--reason <text>', 'for those who look at it later')
    .action((id: string, flags: OutputFlags & { readonly reason?: string }) =>
      act(context, flags, ({ runs }) => runs.cancel(id, flags.reason)),
    );
  command('retry', 'let a run that failed go on at the step that failed').action((id: string, flags: OutputFlags) =>
    act(context, flags, ({ runs }) => runs.retry(id)),
  );
  command('fork', 'begin another run with the same history up to an event')
    .requiredOption('--from <seq>', 'the last event that both have', parseSeq)
    .action((id: string, flags: OutputFlags & { readonly from: number }) => act(context, flags, ({ runs }) => runs.fork(id, flags.from)));
  for (const verdict of ['approve', 'reject'] as const) {
    command(verdict, verdict === 'approve' ? 'let the call be made that a run asks for' : 'refuse that call; the model is told')
      .option('--approval <id>', 'which one, where it asks for several')
      .option('--note <text>', 'for the model, and for those who look later')
      .action((id: string, flags: OutputFlags & { readonly approval?: string; readonly note?: string }) => {
        const answer = {
          ...(flags.approval === undefined ? {} : { approvalId: flags.approval }),
          ...(flags.note === undefined ? {} : { note: flags.note }),
        };
        return act(context, flags, ({ runs }) => runs[verdict](id, answer));
      });
  }
  command('outcome', 'say what came of a call that was under way in a crash')
    .argument('<step>', 'the step whose outcome is unknown', parseSeq)
    .addArgument(new Argument('<decision>', 'it was done, has to be done, or failed').choices(['done', 'repeat', 'failed']))
    .option('--result <json>', 'with done: what came of it')
    .option('--message <text>', 'with failed: why')
    .action((...given: readonly unknown[]) => {
      const [id, step, word, flags] = given as [string, number, OutcomeDecision['kind'], OutputFlags & OutcomeFlags];
      const decision = decisionOf(word, flags);
      return act(context, flags, ({ runs }) => runs.resolveOutcome(id, { step, decision }));
    });
}

interface OutcomeFlags {
  readonly result?: string;
  readonly message?: string;
}

function decisionOf(kind: OutcomeDecision['kind'], { result, message }: OutcomeFlags): OutcomeDecision {
  if (kind === 'repeat') return { kind };
  if (kind === 'failed') return { kind, message: message ?? 'a person looked, and it failed' };
  if (result === undefined) return { kind, result: null };
  try {
    return { kind, result: JSON.parse(result) as unknown };
  } catch (cause) {
    const details = { reason: '--result is no JSON', suggestion: 'A text is written with quotes in it: --result \'"paid"\'.' };
    throw new OpenClawError('usage_error', { details, cause });
  }
}

/** Does something with one run, and shows how it stands then. */
function act(
  { io, useOpenClaw }: RunCommandContext,
  { output }: OutputFlags,
  what: (openclaw: OpenClaw) => Promise<RunView>,
): Promise<void> {
  return useOpenClaw(async (openclaw) => {
    const run = await what(openclaw);
    io.stdout.write(output === 'json' ? `${JSON.stringify(run, null, 2)}\n` : describe(run));
  });
}

async function list(flags: ListFlags, { io, useOpenClaw }: RunCommandContext): Promise<void> {
  const { session, status, agent, parent, after, limit, output } = flags;
  const page = await useOpenClaw((openclaw) =>
    openclaw.runs.list({
      limit,
      ...(session === undefined ? {} : { session: sessionKeyOf(session, agent) }),
      ...(status === undefined ? {} : { status }),
      ...(agent === undefined ? {} : { agent }),
      ...(parent === undefined ? {} : { parent }),
      ...(after === undefined ? {} : { after }),
    }),
  );
  if (output === 'json') io.stdout.write(`${JSON.stringify({ runs: page.data, nextAfter: page.next_after }, null, 2)}\n`);
  else if (page.data.length === 0) io.stderr.write('There are no such runs.\n');
  else {
    io.stdout.write(formatTable(columns, page.data.map(cells), { width: widthOf(io.stdout) }));
    if (page.next_after !== null) io.stderr.write(`There are more: --after ${page.next_after}\n`);
  }
}

const columns: readonly Column[] = [
  { heading: 'RUN', cut: 'never' },
  ...['STATUS', 'CREATED', 'AGENT', 'SESSION'].map((heading) => ({ heading })),
  ...['STEPS', 'TOKENS', 'COST'].map((heading) => ({ heading, align: 'right' }) as const),
  { heading: 'INPUT' },
];

function cells({ id, status, waitsFor, createdAtMs, agentId, sessionKey, steps, use, input }: RunView): string[] {
  return [
    ...[id, waitsFor === null ? status : `${status}: ${waitsFor.kind}`, timeOf(createdAtMs), agentId, sessionKey, String(steps)],
    ...[String(use.inputTokens + use.outputTokens), costOf(use.costNanoUsd), input.replace(/\s+/g, ' ').slice(0, 60)],
  ];
}

function describe(run: RunView): string {
  const { use, waitsFor, error, forkedFrom, parentRunId } = run;
  const rows: (readonly [string, string | undefined])[] = [
    ['Run', run.id],
    ['Status', run.status],
    ['Waits', waitsFor === null ? undefined : describeWait(run.id, waitsFor).slice(1, -1)],
    ['Agent', run.agentId],
    ['Session', run.sessionKey],
    ['Begun by', `${run.origin.kind}, ${run.origin.by}`],
    ['From', parentRunId ?? (forkedFrom === null ? undefined : `${forkedFrom.runId}, event ${forkedFrom.seq}`)],
    ['Created', timeOf(run.createdAtMs)],
    ['Ended', run.endedAtMs === null ? undefined : timeOf(run.endedAtMs)],
    ['Steps', `${run.steps} of at most ${run.limits.steps}; ${run.lastSeq} events`],
    ['Tokens', `${use.inputTokens} in, ${use.outputTokens} out, ${costOf(use.costNanoUsd)}`],
    ['Input', run.input.replace(/\s+/g, ' ')],
    ['Output', run.output === null ? undefined : typeof run.output === 'string' ? run.output : JSON.stringify(run.output)],
    ['Failed', error === null ? undefined : `${error.code}: ${error.message} ${error.hint}`.trimEnd()],
  ];
  return rows.flatMap(([name, text]) => (text === undefined ? [] : [`${name.padEnd(9)} ${visible(text)}\n`])).join('');
}

function watch(
  id: string,
  { after, onInterrupt, output }: OutputFlags & { readonly after: number; readonly onInterrupt: OnInterrupt },
  { io, useOpenClaw, interrupts, setExitCode }: RunCommandContext,
): Promise<void> {
  return useOpenClaw(async (openclaw) => {
    const { run, isDetached } = await watchRun(openclaw, id, { io, interrupts, onInterrupt, after, asLines: output === 'json' });
    if (!isDetached && run.status !== 'finished') setExitCode(1);
  });
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString().replace('T', ' ').slice(0, 19);
}

function costOf(costNanoUsd: number | null): string {
  return costNanoUsd === null ? '-' : formatUsd(costNanoUsd / 1e9);
}

function parseLimit(text: string): number {
  const limit = /^\d+$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= 100) return limit;
  throw new InvalidArgumentError('It must be a whole number from 1 to 100.');
}

function parseSeq(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}
