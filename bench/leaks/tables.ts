/** Adds up what `examine.ts` found, and writes it as tables. It examines nothing. */
import type { MemoryTrace, MemoryVerdict } from '@openclaw/protocol';
import { analyseMemory } from '../../packages/server/src/workloads/analysis/index.ts';
import { median, percentile } from '../percentile.ts';
import { renderTable } from '../report.ts';
import type { Class, Part } from './classes/class.ts';
import { classes } from './classes/index.ts';
import { type Examined, lengthsHours, views } from './examine.ts';
import { programs } from './recorded.ts';
import { rivals } from './rivals.ts';

/** Of workloads that run somewhere: one in twenty leaks. The share here is a half, which flatters everybody's precision. */
export const assumedPrevalence = 0.05;

interface Counted {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly leaks: number;
  readonly clean: number;
}

const shown: readonly MemoryVerdict[] = ['leak', 'growing', 'load-driven', 'cache-like', 'warming-up', 'steady', 'too-short'];

const classOf = new Map(classes.map((one) => [one.name, one]));

function ofPart(all: readonly Examined[], part: Part): Examined[] {
  return all.filter(({ name }) => classOf.get(name)?.part === part);
}

function count(all: readonly Examined[], saysLeak: (one: Examined) => boolean): Counted {
  const leaks = all.filter(({ name }) => classOf.get(name)?.leaks);
  const clean = all.filter(({ name }) => !classOf.get(name)?.leaks);
  return {
    truePositives: leaks.filter(saysLeak).length,
    falsePositives: clean.filter(saysLeak).length,
    leaks: leaks.length,
    clean: clean.length,
  };
}

const asShare = (value: number): string => (Number.isFinite(value) ? value.toFixed(2) : '–');

function rowOf(name: string, { truePositives, falsePositives, leaks, clean }: Counted): string[] {
  const recall = truePositives / leaks;
  const falseRate = falsePositives / clean;
  const atPrevalence = (recall * assumedPrevalence) / (recall * assumedPrevalence + falseRate * (1 - assumedPrevalence));
  return [name, asShare(truePositives / (truePositives + falsePositives)), asShare(recall), asShare(falseRate), asShare(atPrevalence)];
}

/** Precision and recall of everybody, on one part of the classes. */
export function renderComparison(all: readonly Examined[], part: Part): string {
  const found = ofPart(all, part);
  const parts = lengthsHours.map((hours) => {
    const rows = [
      rowOf(
        'OpenClaw, heap and work told',
        count(found, ({ verdicts }) => verdicts[`${hours} all`] === 'leak'),
      ),
      rowOf(
        'OpenClaw, memory alone',
        count(found, ({ verdicts }) => verdicts[`${hours} memory`] === 'leak'),
      ),
      ...Object.keys(rivals).map((name) =>
        rowOf(
          name,
          count(found, (one) => one.rivals[`${hours} ${name}`] === true),
        ),
      ),
    ];
    const columns = ['', 'precision', 'recall', 'clean ones called leaks', 'precision where 1 in 20 leaks'];
    return `After ${hours} hours:\n\n${renderTable({ columns, rows })}`;
  });
  return parts.join('\n');
}

/** What each class was called. */
export function renderConfusion(all: readonly Examined[], part: Part): string {
  const parts = views.map((view) => {
    const rows = classes
      .filter((one) => one.part === part)
      .flatMap((one) => lengthsHours.map((hours) => [nameOf(one), `${hours} h`, ...verdictCounts(all, one, `${hours} ${view}`)]));
    const title = view === 'all' ? 'With the heap and the work that the program tells' : 'With memory as the kernel sees it, alone';
    return `${title}:\n\n${renderTable({ columns: ['', 'after', ...shown], rows })}`;
  });
  return parts.join('\n');
}

function nameOf({ leaks, name }: Class): string {
  return `${leaks ? 'leak' : 'clean'}: ${name}`;
}

function verdictCounts(all: readonly Examined[], { name }: Class, key: string): string[] {
  const found = all.filter((one) => one.name === name).map(({ verdicts }) => verdicts[key]);
  return shown.map((verdict) => String(found.filter((one) => one === verdict).length || ''));
}

/** How soon leaks are seen, and how often there is a false alarm. */
export function renderTimes(all: readonly Examined[], part: Part): string {
  const found = ofPart(all, part);
  const names = { all: 'OpenClaw, heap and work told', memory: 'OpenClaw, memory alone' } as const;
  const rows = ['all', 'memory', ...Object.keys(rivals)].map((key) => {
    const times = found.flatMap(({ detectedAfter }) => (key in detectedAfter ? [detectedAfter[key] ?? Infinity] : []));
    const weeks = found.flatMap(({ alarmsInWeek }) => (key in alarmsInWeek ? [alarmsInWeek[key] ?? 0] : []));
    const asHours = (value: number): string => (Number.isFinite(value) ? `${value} h` : 'later');
    const perWeek = weeks.reduce((sum, alarms) => sum + alarms, 0) / weeks.length;
    return [
      key in names ? names[key as keyof typeof names] : key,
      asHours(median(times)),
      asHours(percentile(times, 0.9)),
      perWeek.toFixed(2),
    ];
  });
  return renderTable({ columns: ['', 'half of the leaks seen after', 'nine in ten after', 'false alarms per workload and week'], rows });
}

/** How often the time of the kill lay in the interval that was given for it. */
export function renderForecasts(all: readonly Examined[], part: Part): string {
  const rows = lengthsHours.map((hours) => {
    const found = ofPart(all, part)
      .flatMap(({ forecasts }) => forecasts)
      .filter(({ afterHours }) => afterHours === hours);
    const share = (isSo: (one: (typeof found)[number]) => boolean): string =>
      `${Math.round((100 * found.filter(isSo).length) / found.length)} %`;
    const width = median(found.map(({ earliest, latest }) => (latest ?? Infinity) / Math.max(earliest, 0.1)));
    return [
      `after ${hours} hours`,
      String(found.length),
      share(({ truth, earliest, latest }) => truth >= earliest && truth <= (latest ?? Infinity)),
      share(({ truth, earliest }) => truth < earliest),
      share(({ truth, latest }) => truth > (latest ?? Infinity)),
      median(found.map(({ likely, truth }) => likely / truth)).toFixed(2),
      `${width.toFixed(1)} ×`,
    ];
  });
  return renderTable({
    columns: ['', 'forecasts', 'within', 'sooner', 'later', 'likely ÷ true (median)', 'latest ÷ earliest (median)'],
    rows,
  });
}

/** How often `leak` was right, by how sure the analysis said it was. */
export function renderConfidence(all: readonly Examined[]): string {
  const rows = (['high', 'medium', 'low'] as const).map((confidence) => {
    const said = all.flatMap(({ name, verdicts, confidences }) =>
      Object.keys(verdicts).flatMap((key) =>
        verdicts[key] === 'leak' && confidences[key] === confidence ? [classOf.get(name)?.leaks === true] : [],
      ),
    );
    return [confidence, String(said.length), asShare(said.filter(Boolean).length / said.length)];
  });
  return renderTable({ columns: ['', 'said leak', 'precision'], rows });
}

/** What the analysis says of the recorded programs. */
export function renderRecorded(recorded: ReadonlyMap<string, MemoryTrace>): string {
  const rows = Object.entries(programs).flatMap(([name, { leaks, about }]) => {
    const trace = recorded.get(name);
    if (!trace) return [];
    const { summary, confidence, sites, scenarios } = analyseMemory(trace);
    const site = sites[0] && sites[0].growthBytes > 2 ** 20 ? `\`${sites[0].file.split('/').at(-1)}:${sites[0].line}\`` : '';
    return [[`${name}: ${about}`, leaks ? 'yes' : 'no', summary, confidence, scenarios.map((scenario) => scenario.name).join(', '), site]];
  });
  return renderTable({ columns: ['', 'leaks', 'verdict', 'confidence', 'looks like', 'allocated at'], rows });
}
