/** Why the verdict is what it is, in plain sentences. It decides nothing. */
import { formatMemory, type MemoryTrace } from '@openclaw/protocol';

import { type Growth, growthOf, growthRules } from './growth.ts';
import type { SignalName } from './signals.ts';
import { hourMs } from './units.ts';
import { type Judgement, type Reserve, type Seen, verdictRules } from './verdict.ts';
import { amount, duration, moment, perHour, rounded } from './wording.ts';

export const signalWords: Readonly<Record<SignalName, string>> = {
  heap: 'the heap after full collections',
  native: 'memory outside of the heap',
  anonymous: 'anonymous memory',
  workingSet: 'the working set',
  resident: 'resident memory',
  sockets: 'open connections',
  threads: 'threads',
};

export function evidenceOf(judgement: Judgement, trace: MemoryTrace): string[] {
  const { decisive, window } = judgement;
  const spanMs = (window.to - window.from) * hourMs;
  if (!decisive) return [tooShort(trace.samples.length, spanMs)];
  const others = judgement.seen.filter((one) => one !== decisive);
  return [
    `${capital(signalWords[decisive.signal.name])} was looked at over ${duration(spanMs)}, with ${pointsOf(decisive)}.`,
    ...saysOf(decisive, window.originAt),
    ...others.map(({ signal, growth }) => `${capital(signalWords[signal.name])} ${inShort(growth)}.`),
    ...deploymentsOf(judgement, decisive),
    ...(judgement.piling
      ? [
          `${capital(signalWords[judgement.piling.signal.name])} pile up evenly, by ${rounded(judgement.piling.growth.trend.slope)} an hour.`,
        ]
      : []),
    ...(judgement.reserve === undefined ? [] : [reserveWords(judgement.reserve)]),
    ...(decisive.agrees ? ['The same window without its end says the same.'] : []),
  ];
}

function tooShort(samples: number, spanMs: number): string {
  const { leastSamples, leastHours } = verdictRules;
  return `There are ${samples} samples over ${duration(spanMs)}; a verdict takes ${leastSamples} samples and ${duration(leastHours * hourMs)} at the least.`;
}

function pointsOf({ signal, growth }: Seen): string {
  if (signal.name === 'heap' || signal.name === 'native') {
    const collections = signal.lives.reduce((sum, { points }) => sum + points.length, 0);
    return `${collections} full collections`;
  }
  return `the lowest values of ${growth.points} stretches`;
}

function saysOf({ growth }: Seen, originAt: number): string[] {
  const { kind, trend, firstHalf, lastHalf, clock, loadBytes } = growth;
  const halves = `${perHour(firstHalf.slope)} in its first half, ${perHour(lastHalf.slope)} in its last`;
  const load = loadBytes > 0 ? [`${formatMemory(loadBytes)} of it come and go with the load and were taken out.`] : [];
  const slope = `It grows by ${perHour(trend.slope)} (95 %: ${amount(trend.low)} to ${amount(trend.high)}); ${chance(trend.chance)}.`;
  switch (kind) {
    case 'lasting':
      return [
        ...load,
        slope,
        `${halves}: ${courseOf(growth)}.`,
        ...(clock === 'work' ? ['The growth follows the work, not the clock.'] : []),
      ];
    case 'unsure':
      return [...load, slope, `${halves}: the halves do not agree well enough.`];
    case 'flattening':
      return [...load, `It grew by ${halves}: it flattens.`];
    case 'load':
      return [...load, 'What is left does not surely grow with time or with the work done.'];
    case 'jump':
      return [...load, jumpWords(growth, originAt)];
    case 'ended':
      return [...load, 'It grew in earlier lives of the process, and no longer does in the last.'];
    case 'none':
      return [...load, 'It does not surely grow.'];
  }
}

/** On the clock of work a moment is not known. */
function jumpWords({ jump, clock }: Growth, originAt: number): string {
  const when = clock === 'time' ? ` at ${moment(originAt + (jump?.at ?? 0) * hourMs)}` : '';
  return `It jumped once, by ${formatMemory(jump?.bytes ?? 0)}${when}, and is level besides.`;
}

function courseOf({ firstHalf, lastHalf }: Growth): string {
  return lastHalf.slope < growthRules.flattensSurely * firstHalf.slope ? 'slower than at first, and it goes on' : 'it does not flatten';
}

function inShort({ kind, trend }: Growth): string {
  if (kind === 'none' || kind === 'ended') return 'does not surely grow';
  return `grows by ${perHour(trend.slope)}${kind === 'flattening' ? ' and flattens' : ''}`;
}

/** Before and after the last deployment, each by itself. */
function deploymentsOf({ lives, window }: Judgement, { signal }: Seen): string[] {
  const last = lives.findLast(({ began }) => began === 'deployment');
  if (!last) return [];
  const at = (last.beganAt - window.originAt) / hourMs;
  const before = growthOf(signal, { ...window, to: at });
  const after = growthOf(signal, { ...window, from: at });
  if (before.points === 0 || after.points === 0) return [];
  return [
    `Before the deployment at ${moment(last.beganAt)} it changed by ${perHour(before.trend.slope)}, since then by ${perHour(after.trend.slope)}.`,
  ];
}

function reserveWords(reserve: Reserve): string {
  switch (reserve) {
    case 'few samples':
      return 'There are too few values of it.';
    case 'few collections':
      return `There were fewer than ${verdictRules.leastCollections} full collections: what grew may be garbage.`;
    case 'short window':
      return `So short a time proves no leak: ${duration(verdictRules.leakHoursUnaided * hourMs)} do, or ${duration(verdictRules.leakHours * hourMs)} where the heap after collections is known or an allocation site confirms it.`;
    case 'far away':
      return `At this rate the limit is more than ${duration(verdictRules.horizonHours * hourMs)} away.`;
    case 'windows differ':
      return 'The same window without its end does not say the same yet.';
  }
}

function chance(probability: number): string {
  const once = 1 / Math.max(probability, 1e-6);
  if (once >= 1e6) return 'by chance alone that comes about less than once in a million times';
  return `by chance alone that comes about once in ${Math.round(once)} times`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
