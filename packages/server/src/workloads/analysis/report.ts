/** The analysis and the recommendation as text for a terminal. It decides nothing, writes nowhere, and uses no colours. */
import { formatMemory, type GrowthPlace, type Estimate, type MemoryAnalysis, type MemoryRecommendation } from '@openclaw/protocol';

import { hourMs } from './units.ts';
import { amount, duration, hoursBetween, perHour, rounded } from './wording.ts';

const labelWidth = 13;
/** Sentences are broken there, where a terminal is wide enough for it. */
const textWidth = 100;

export function renderAnalysis(analysis: MemoryAnalysis): string {
  const { window, confidence, signal, bytesPerHour, bytesPerThousandRequests, grows, sites, hoursToLimit, scenarios, evidence } = analysis;
  const seen = `${duration(window.to - window.from)}, ${window.samples} samples`;
  const perWork = bytesPerThousandRequests === undefined ? '' : `; ${amount(bytesPerThousandRequests)} for each 1000 requests`;
  const lines = [
    row('Verdict', analysis.summary),
    row('Confidence', confidence),
    row('Signal', signal === 'nothing' ? `none that could be judged; ${seen}` : `${signal}; ${seen}`),
    ...(bytesPerHour ? [row('Slope', `${perHour(bytesPerHour.value)} (95 %: ${between(bytesPerHour)})${perWork}`)] : []),
    ...(hoursToLimit
      ? [
          row(
            'Limit',
            `reached in ${hoursBetween(hoursToLimit.earliest, hoursToLimit.latest)}, likely in ${duration(hoursToLimit.likely * hourMs)}`,
          ),
        ]
      : []),
    ...rows('Grows', grows.map(placeWords)),
    ...rows(
      'Allocated at',
      sites.map(
        ({ file, line, function: name, growthBytes }) => `${file}:${line}${name === undefined ? '' : ` ${name}`} +${amount(growthBytes)}`,
      ),
    ),
    ...rows(
      'Looks like',
      scenarios.map(({ name, evidence: why }) => `${name}: ${why}`),
    ),
    ...rows('Why', evidence),
  ];
  return `${lines.join('\n')}\n`;
}

/** In the words of the published article on out-of-memory kills, and then what it rests on. */
export function renderRecommendation(recommendation: MemoryRecommendation): string {
  const { p95Bytes, limitBytes, requestBytes, refusal, samples, hours, confidenceDays, boundsBytes, maxOldSpaceMebibytes, notes } =
    recommendation;
  const lines = [
    `Current P95 Memory: ${formatMemory(p95Bytes.value)}`,
    ...(limitBytes === undefined ? [] : [`Recommended Limit: ${formatMemory(limitBytes)} (P95 * 1.5 safety factor)`]),
    ...(requestBytes === undefined ? [] : [`Recommended Request: ${formatMemory(requestBytes)} (P95 * 1.1)`]),
    ...(maxOldSpaceMebibytes === undefined ? [] : [`For Node: --max-old-space-size=${maxOldSpaceMebibytes}`]),
    ...(refusal === undefined ? [] : [`Nothing is recommended. ${refusal}`]),
    samples === 0
      ? 'Nothing was measured yet.'
      : `It rests on ${samples} samples over ${duration(hours * hourMs)}; the P95 lies between ${formatMemory(p95Bytes.low)} and ${formatMemory(p95Bytes.high)} (95 %).`,
    ...(samples === 0
      ? []
      : [
          `Confidence: ${rounded(confidenceDays)} days; bounds ${formatMemory(boundsBytes.low)} to ${formatMemory(boundsBytes.high)}, as VPA draws them.`,
        ]),
    ...notes,
  ];
  return `${lines.join('\n')}\n`;
}

function between({ low, high }: Estimate): string {
  return `${amount(low)} to ${amount(high)}`;
}

function placeWords({ name, unit, perHour: rate }: GrowthPlace): string {
  return unit === 'bytes' ? `${name} by ${perHour(rate.value)}` : `${name} by ${rounded(rate.value)} an hour`;
}

function row(label: string, text: string): string {
  const [first = '', ...rest] = broken(text);
  return [`${`${label}:`.padEnd(labelWidth)} ${first}`, ...rest.map((line) => `${' '.repeat(labelWidth)} ${line}`)].join('\n');
}

function rows(label: string, texts: readonly string[]): string[] {
  return texts.map((text, index) => (index === 0 ? row(label, text) : row('', text).replace(/^:/, ' ')));
}

function broken(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > textWidth - labelWidth) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
