/** `openclaw trace`: what happened to one request, as a timeline; without an id the last requests. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { RequestTrail, TrailAttempt } from '@openclaw/protocol';
import { type Column, formatTable, widthOf } from '../table.ts';
import { formatMs } from '../durations.ts';
import { formatUsd } from './money.ts';
import type { SightCommandContext } from './sight-client.ts';

interface TraceFlags {
  readonly output: 'table' | 'json';
  readonly limit: number;
}

export function registerTraceCommand(program: Command, context: SightCommandContext): void {
  program
    .command('trace')
    .description('show what happened to a request: every try and decision')
    .argument('[request]', 'the x-request-id of its answer; without it, the last requests')
    .option('--limit <count>', 'how many of the last requests', parseLimit, 20)
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'))
    .addHelpText('after', '\nExamples:\n  openclaw trace\n  openclaw trace req_01KAJ8W3Q2M5T7X9Z1B3D5F7H9\n')
    .action((id: string | undefined, flags: TraceFlags) => (id === undefined ? list(flags, context) : show(id, flags, context)));
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1000) return limit;
  throw new InvalidArgumentError('It must be a whole number from 1 to 1000.');
}

async function list({ output, limit }: TraceFlags, { io, sight }: SightCommandContext): Promise<void> {
  const trails = await sight.requests(limit);
  if (output === 'json') io.stdout.write(`${JSON.stringify(trails, null, 2)}\n`);
  else if (trails.requests.length === 0) io.stderr.write('No request has been recorded yet.\n');
  else io.stdout.write(formatTable(columns, trails.requests.map(cells), { width: widthOf(io.stdout) }));
}

const columns: readonly Column[] = [
  { heading: 'TIME', cut: 'start' },
  { heading: 'REQUEST', cut: 'never' },
  ...['CALLER', 'TARGET', 'OUTCOME'].map((heading) => ({ heading })),
  ...['TRIES', 'TOTAL', 'COST'].map((heading) => ({ heading, align: 'right' as const })),
];

function cells(trail: RequestTrail): string[] {
  return [
    ...[trail.at.replace('T', ' ').slice(0, 19), trail.id, trail.caller, trail.target ?? (trail.cached ? 'the cache' : '-'), trail.outcome],
    ...[String(trail.attemptCount), formatMs(trail.totalMs), formatCost(trail)],
  ];
}

async function show(id: string, { output }: TraceFlags, { io, sight }: SightCommandContext): Promise<void> {
  const trail = await sight.request(id);
  io.stdout.write(output === 'json' ? `${JSON.stringify(trail, null, 2)}\n` : timeline(trail));
}

interface Moment {
  readonly atMs: number;
  readonly words: string;
}

function timeline(trail: RequestTrail): string {
  const moments = trail.attempts.flatMap((attempt, index) => momentsOf(attempt, index + 1));
  const lines = moments
    .toSorted((one, other) => one.atMs - other.atMs)
    .map(({ atMs, words }) => `${formatMs(atMs).padStart(12)}  ${words}`);
  const model = trail.requestedModel === '' ? 'no model' : trail.requestedModel;
  return [
    `${trail.id}  over at ${trail.at}`,
    `  ${trail.caller} asked for ${model} by ${trail.dialect}${trail.stream ? ', streamed' : ''}`,
    ...lines,
    ...untold(trail).map((words) => `              ${words}`),
    ...trail.decisions.map((note) => `  decided     ${note}`),
    `  outcome     ${trail.outcome} (${trail.status}) after ${formatMs(trail.totalMs)}${timesOf(trail)}`,
    `  used        ${trail.inputTokens} tokens in, ${trail.outputTokens} out, cost ${formatCost(trail)}`,
    '',
  ]
    .map(visible)
    .join('\n');
}

function untold(trail: RequestTrail): string[] {
  if (trail.cached) return ['answered from the cache, without asking anybody'];
  if (trail.attemptCount === 0) return ['nobody was asked'];
  return trail.attemptCount > trail.attempts.length ? [missingWords(trail)] : [];
}

function missingWords({ attemptCount, target }: RequestTrail): string {
  return attemptCount === 1
    ? `asked ${target ?? 'a target'} once; that is all that was kept`
    : `${attemptCount} tries, which were not kept`;
}

function momentsOf(attempt: TrailAttempt, number: number): Moment[] {
  const { target, key, startedMs, waitedMs, durationMs, firstOutputMs, outcome, reason, retryAfterMs, hedge } = attempt;
  const waited = waitedMs > 0 ? ` after it waited ${formatMs(waitedMs)} for a place` : '';
  const asked = { atMs: startedMs, words: `#${number} asks ${target} (key ${key})${waited}${hedge ? ', beside the other' : ''}` };
  const first = firstOutputMs === null ? [] : [{ atMs: startedMs + firstOutputMs, words: `#${number} first output` }];
  const wish = retryAfterMs === null ? '' : `; to be left alone for ${formatMs(retryAfterMs)}`;
  const ended = { atMs: startedMs + durationMs, words: `#${number} ${outcome}${reason === null ? '' : `: ${reason}`}${wish}` };
  return [asked, ...first, ended];
}

function timesOf({ firstOutputMs, queueMs }: RequestTrail): string {
  const first = firstOutputMs === null ? '' : `, first output after ${formatMs(firstOutputMs)}`;
  return queueMs > 0 ? `${first}, waited ${formatMs(queueMs)} for a place` : first;
}

/** What used nothing cost nothing, whatever the price. */
function formatCost({ costNanoUsd, inputTokens, outputTokens, cached }: RequestTrail): string {
  if (cached || inputTokens + outputTokens === 0) return formatUsd(costNanoUsd === null ? 0 : costNanoUsd / 1e9);
  return costNanoUsd === null ? 'unknown' : formatUsd(costNanoUsd / 1e9);
}

/** Names and words come from outside; none may move the cursor. */
function visible(line: string): string {
  return line.replace(/\p{Cc}/gu, '?');
}
