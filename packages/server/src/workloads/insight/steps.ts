/** The published flow for a workload that ran out of memory: the limit first, then a leak, then the traffic, to the first that needs somebody. Pure. */
import { formatMemory, type AnalysisStep, type MemoryAnalysis, type MemoryTrace } from '@openclaw/protocol';

/** Of the limit: beyond it a workload is short of memory. As `clw-memory-pressure`. */
const tightShare = 0.85;

export function stepsOf(trace: MemoryTrace, found: Pick<MemoryAnalysis, 'verdict' | 'summary'>): readonly AnalysisStep[] {
  const { isTight, step } = limitStep(trace);
  const leak = leakStep(found);
  return found.verdict === 'leak' ? [step, leak] : [step, leak, trafficStep(trace, { isTight, isLeakKnown: leak.outcome !== 'unknown' })];
}

function limitStep({ limitBytes, samples, marks = [] }: MemoryTrace): { readonly isTight: boolean; readonly step: AnalysisStep } {
  if (limitBytes === undefined) return { isTight: false, step: { name: 'limit', outcome: 'unknown', says: 'It has no memory limit.' } };
  const peak = samples.reduce((most, { workingSetBytes }) => Math.max(most, workingSetBytes), 0);
  const ooms = marks.filter(({ kind }) => kind === 'oom').length;
  const isTight = ooms > 0 || peak >= limitBytes * tightShare;
  const says = `The working set came to ${formatMemory(peak)} of ${formatMemory(limitBytes)}; it ran out of memory ${ooms === 1 ? 'once' : `${ooms} times`}.`;
  return { isTight, step: { name: 'limit', outcome: isTight ? 'attention' : 'fine', says } };
}

/** What is too short to judge is not called fine: a leak is not seen in minutes. */
function leakStep({ verdict, summary }: Pick<MemoryAnalysis, 'verdict' | 'summary'>): AnalysisStep {
  const says = `Verdict: ${summary}.`;
  if (verdict === 'leak' || verdict === 'growing') return { name: 'leak', outcome: 'attention', says };
  return { name: 'leak', outcome: verdict === 'too-short' || verdict === 'warming-up' ? 'unknown' : 'fine', says };
}

function trafficStep(
  { samples }: MemoryTrace,
  { isTight, isLeakKnown }: { readonly isTight: boolean; readonly isLeakKnown: boolean },
): AnalysisStep {
  if (isTight && !isLeakKnown)
    return {
      name: 'traffic',
      outcome: 'unknown',
      says: 'It comes near its limit; whether for more work or for a leak shows once a verdict is there.',
    };
  if (isTight)
    return {
      name: 'traffic',
      outcome: 'attention',
      says: 'It comes near its limit without a leak: more work than the limit allows. Raise the limit, or scale.',
    };
  const isCounted = samples.some(({ requests }) => requests !== undefined);
  return { name: 'traffic', outcome: isCounted ? 'fine' : 'unknown', says: 'Nothing points to a spike of work.' };
}
