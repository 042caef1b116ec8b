/** What the gateway's analysis of a workload says, for people: the flow limit → leak → traffic, and the resources that fit. */
import { displayName, type ObjectName, type WorkloadPlace } from '@openclaw/client/workloads';
import {
  formatMemory,
  type AnalysisStep,
  type LeakAnalysis,
  type SizingAnalysis,
  type Workload,
  type WorkloadAnalysis,
} from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import { formatSpan } from './ages.ts';
import type { AnalyzeFlags } from './analyze.ts';
import type { ClwContext, Session } from './session.ts';

interface Asked {
  readonly session: Session;
  readonly context: ClwContext;
}

export async function analyzeWorkload(place: WorkloadPlace & ObjectName, flags: AnalyzeFlags, { session, context }: Asked): Promise<void> {
  const { stdout } = context.terminal;
  const analysis = await session.api.analysis(place, Math.ceil(flags.window / 1000));
  if (flags.output === 'json') stdout.write(`${JSON.stringify(analysis, null, 2)}\n`);
  else if (flags.recommendResources === true || flags.apply === true) stdout.write(recommendations(analysis));
  else stdout.write(flow(analysis));
  if (flags.apply === true) await applySizing(place, analysis, { session, context });
}

const stepNames: Readonly<Record<AnalysisStep['name'], string>> = {
  limit: 'Check memory limits',
  leak: 'Check for leaks',
  traffic: 'Check traffic spikes',
};
const outcomes: Readonly<Record<AnalysisStep['outcome'], string>> = { fine: 'fine', attention: 'LOOK HERE', unknown: 'not known' };

const unmeasured = 'Nothing was measured yet: readings are taken while it runs.\n';

function flow({ steps, leak, name, namespace, samples, windowMs }: WorkloadAnalysis): string {
  const lines = steps.map(({ name: step, outcome, says }, index) => `${index + 1}. ${stepNames[step]}: ${outcomes[outcome]}\n   ${says}\n`);
  const basis = samples === 0 ? unmeasured : `Rests on ${samples} samples of the last ${formatSpan(windowMs)}.\n`;
  return `${namespace}/${name}\n\n${lines.join('')}\n${leakLines(leak)}${basis}`;
}

function leakLines({
  verdict,
  confidence,
  slopeBytesPerHour: slope,
  grows,
  limitReachedInMs: reached,
  looksLike = [],
  evidence,
}: LeakAnalysis): string {
  const lines = [`Verdict: ${verdict}${confidence === 0 ? '' : ` (confidence ${Math.round(confidence * 100)} %)`}`];
  if (slope) lines.push(`Slope: ${perHour(slope.estimate)} (${perHour(slope.low)} to ${perHour(slope.high)})`);
  if (grows !== undefined) lines.push(`Grows: ${grows}`);
  if (reached)
    lines.push(
      `Limit reached in: ${formatSpan(reached.low)}${reached.high === undefined ? ' or later' : ` to ${formatSpan(reached.high)}`}`,
    );
  lines.push(...looksLike.map(({ name, evidence: why }) => `Looks like: ${name}: ${why}`));
  return [...lines, ...evidence.map((sentence) => `- ${sentence}`)].map((line) => `${line}\n`).join('');
}

function perHour(bytes: number): string {
  return `${bytes < 0 ? '-' : ''}${formatMemory(Math.abs(bytes))}/h`;
}

/** In the words of the article; with several containers each below its name. */
function recommendations({ sizing }: WorkloadAnalysis): string {
  return sizing.map((one) => (sizing.length === 1 ? '' : `Container ${one.container}:\n`) + recommendation(one)).join('\n');
}

function recommendation({ p95Bytes, limit, request, nodeOptions, refused, samples, windowMs, notes = [] }: SizingAnalysis): string {
  const current = samples > 0 ? `Current P95 Memory: ${formatMemory(p95Bytes)}\n` : '';
  const rests = samples === 0 ? unmeasured : `Rests on ${samples} samples over ${formatSpan(windowMs)}.\n`;
  const basis = `${rests}${notes.map((note) => `- ${note}\n`).join('')}`;
  if (limit === undefined || request === undefined)
    return `${current}No recommendation: ${refused ?? 'there is not enough to go by.'}\n${basis}`;
  return (
    `${current}Recommended Limit: ${limit} (P95 * 1.5 safety factor)\nRecommended Request: ${request} (P95 * 1.1)\n` +
    `${nodeOptions === undefined ? '' : `Recommended Node Option: ${nodeOptions}\n`}${basis}`
  );
}

/** Sets the limits of each container that has a recommendation, if the containers are still those that were judged. */
async function applySizing(place: WorkloadPlace & ObjectName, { sizing }: WorkloadAnalysis, { session, context }: Asked): Promise<void> {
  const refused = sizing.filter(({ limit }) => limit === undefined);
  if (sizing.length === 0 || refused.length === sizing.length) {
    throw new OpenClawError('command_refused', {
      details: {
        reason: `There is nothing to apply: ${(refused[0]?.refused ?? 'nothing was measured').replace(/\.$/, '')}`,
        suggestion: `\`clw analyze workload ${place.name}\` shows why. Nothing was changed.`,
      },
    });
  }
  const workload = (await session.api.get(place)) as Workload;
  const operations = sizing.flatMap((one) => operationsFor(one, workload));
  const { warnings } = await session.api.patch(place, operations, { form: 'json' });
  for (const warning of warnings) context.terminal.stderr.write(`Warning: ${warning}\n`);
  for (const { container } of refused)
    context.terminal.stderr.write(`Note: nothing is recommended for the container ${container}; it stays as it is.\n`);
  context.terminal.stderr.write(`${displayName(place.kind, place.name)} configured\n`);
}

function operationsFor({ container, limit, request }: SizingAnalysis, { spec }: Workload): object[] {
  const index = spec?.containers.findIndex(({ name }) => name === container) ?? -1;
  if (index < 0 || limit === undefined || request === undefined) return [];
  const path = `/spec/containers/${index}`;
  const { resources = {} } = spec!.containers[index]!;
  const wanted = { ...resources, limits: { ...resources.limits, memory: limit }, requests: { ...resources.requests, memory: request } };
  return [
    { op: 'test', path: `${path}/name`, value: container },
    { op: 'add', path: `${path}/resources`, value: wanted },
  ];
}
