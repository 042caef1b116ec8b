/** What the measurements share: what runs, how long to measure, and the form of their results. */
import type { Contender, ContenderName } from './contenders.ts';
import type { Job } from './load.ts';
import type { OwnedProcess } from './processes.ts';

/** How much to measure; `--quick` asks for less and is noisier. */
export interface Scale {
  readonly rounds: number;
  readonly latencyRequests: number;
  readonly warmUpMs: number;
  readonly throughputMs: number;
  readonly firstTokens: number;
  readonly streamCounts: readonly number[];
  readonly streamRuns: number;
  readonly starts: number;
  readonly memoryRequests: number;
  readonly settleMs: number;
}

export interface Running {
  readonly contender: Contender;
  readonly process: OwnedProcess;
}

export interface Bench {
  readonly scale: Scale;
  readonly mock: OwnedProcess;
  readonly running: readonly Running[];
  /** Runs one job in the load generator. */
  load<Result>(job: Job): Promise<Result>;
  /** Brings everything that runs to its steady state; does so once, however often it is called. */
  warmUp(): Promise<void>;
}

export interface Verdict {
  /** The rule, with its number. */
  readonly bar: string;
  /** What was measured, in words. */
  readonly found: string;
  /** Undefined when there was nothing to judge. */
  readonly holds: boolean | undefined;
}

export interface Section {
  readonly title: string;
  /** How it was measured, in a sentence or two. */
  readonly method: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly verdicts: readonly Verdict[];
}

/** Calls `measure` for each contender in each round, the order reversed from round to round, and keeps all results. */
export async function interleave<Result>(
  bench: Bench,
  rounds: number,
  measure: (running: Running) => Promise<Result>,
): Promise<Map<ContenderName, Result[]>> {
  const results = new Map<ContenderName, Result[]>(bench.running.map(({ contender }) => [contender.name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const running of round % 2 === 0 ? bench.running : bench.running.toReversed()) {
      results.get(running.contender.name)?.push(await measure(running));
    }
  }
  return results;
}

/** Compares a measured number with its bar; a number that is missing is not judged. */
export function verdict(bar: string, value: number, judge: { limit: number; atLeast?: boolean; format(value: number): string }): Verdict {
  if (Number.isNaN(value)) return { bar, found: 'not measured', holds: undefined };
  return { bar, found: judge.format(value), holds: judge.atLeast === true ? value >= judge.limit : value <= judge.limit };
}

export const asMs = (value: number): string => (Number.isNaN(value) ? '–' : `${value.toFixed(value < 10 ? 2 : 1)} ms`);
export const asTimes = (value: number): string => (Number.isNaN(value) ? '–' : `${value.toFixed(2)} ×`);
export const asMegabytes = (bytes: number): string => (Number.isNaN(bytes) ? '–' : `${(bytes / 1e6).toFixed(0)} MB`);
export const asPercent = (fraction: number): string => (Number.isNaN(fraction) ? '–' : `${(fraction * 100).toFixed(0)} %`);
export const asCount = (value: number): string => (Number.isNaN(value) ? '–' : Math.round(value).toLocaleString('en'));
