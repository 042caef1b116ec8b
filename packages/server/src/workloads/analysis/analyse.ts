/**
 * The analysis of a memory trace as a whole: verdict, slope, where it grows, how long until the limit, which of the known causes, and why.
 *
 * Pure: the same trace gives the same analysis, at any time and on any machine.
 */
import type { Estimate, MemoryAnalysis, MemoryTrace } from '@openclaw/protocol';

import { evidenceOf, signalWords } from './evidence.ts';
import { lastingSlope } from './growth.ts';
import { growthPlaces } from './places.ts';
import { scenariosOf } from './scenarios.ts';
import type { Trend } from './statistics/trend.ts';
import { judge } from './verdict.ts';
import { summaryOf } from './wording.ts';

/** More allocation sites than these nobody reads. */
const mostSites = 5;

export function analyseMemory(trace: MemoryTrace): MemoryAnalysis {
  const judgement = judge(trace);
  const { verdict, confidence, decisive, lives, window, forecast } = judgement;
  const grows = decisive ? growthPlaces(lives, window.originAt) : [];
  const hoursToLimit = verdict === 'leak' && trace.limitBytes !== undefined ? forecast : undefined;
  const perRequest =
    decisive?.growth.clock === 'work' && window.work ? lastingSlope(decisive.growth).slope / window.work.meanRate : undefined;
  return {
    verdict,
    summary: summaryOf(verdict, hoursToLimit),
    confidence,
    window: { from: trace.samples[0]?.at ?? 0, to: trace.samples.at(-1)?.at ?? 0, samples: trace.samples.length },
    signal: decisive ? signalWords[decisive.signal.name] : 'nothing',
    ...(decisive ? { bytesPerHour: intervalOf(lastingSlope(decisive.growth)) } : {}),
    ...(perRequest === undefined ? {} : { bytesPerThousandRequests: 1000 * perRequest }),
    grows,
    sites: (trace.allocations?.sites ?? [])
      .filter(({ growthBytes }) => growthBytes > 0)
      .toSorted((left, right) => right.growthBytes - left.growthBytes)
      .slice(0, mostSites),
    ...(hoursToLimit ? { hoursToLimit } : {}),
    scenarios: decisive ? scenariosOf(judgement, grows) : [],
    evidence: evidenceOf(judgement, trace),
  };
}

function intervalOf({ low, slope, high }: Trend): Estimate {
  return { low, value: slope, high };
}
