/**
 * The output of a unit as lines of both streams in the order of their times. Whoever reads slowly misses what was thrown away meanwhile; nothing is piled up.
 *
 * It reads what is on the disk; when there may be more, and that there will be none, it is told.
 */
import type { OutputLine, OutputOptions } from '../driver.ts';
import { SegmentFiles } from './segment-files.ts';
import { positionOfEnd, positionOfStart, positionOfTail, StreamLines } from './stream-lines.ts';

export interface OutputSource {
  readonly directory: string;
  /** Resolves when there may be more than at the moment of the call. */
  nextChange(): Promise<void>;
  /** No more will come. */
  isOver(): boolean;
}

export async function* readOutput(source: OutputSource, options: OutputOptions): AsyncGenerator<OutputLine, void, undefined> {
  const { follow, signal, sinceMs = 0 } = options;
  await using out = await SegmentFiles.open(source.directory, 'stdout');
  await using errors = await SegmentFiles.open(source.directory, 'stderr');
  const isWanted = (line: OutputLine): boolean => line.atMs >= sinceMs;
  const { lines, skipped } = await findStart([out, errors], options, isWanted);
  let toSkip = skipped;
  for (;;) {
    // Asked before it is read: what comes in between is not missed.
    const isOver = !follow || source.isOver();
    const changed = source.nextChange();
    for await (const line of allOf(lines, isOver)) {
      if (signal.aborted) return;
      if (isWanted(line) && --toSkip < 0) yield line;
    }
    if (isOver || signal.aborted) return;
    await settledOrAborted(changed, signal);
  }
}

function settledOrAborted(changed: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const onEither = (): void => {
      signal.removeEventListener('abort', onEither);
      resolve();
    };
    signal.addEventListener('abort', onEither, { once: true });
    void changed.then(onEither);
  });
}

interface Start {
  readonly lines: readonly StreamLines[];
  /** Of the lines that follow, how many come before those that are asked for. */
  readonly skipped: number;
}

/** The last lines of both together are among the last so many of each: those are counted first, and then read again. */
async function findStart(
  all: readonly SegmentFiles[],
  { follow, tailLines }: OutputOptions,
  isWanted: (line: OutputLine) => boolean,
): Promise<Start> {
  const starts =
    tailLines === undefined ? all.map(positionOfStart) : await Promise.all(all.map((files) => positionOfTail(files, tailLines)));
  const linesOf = (isLast: boolean): readonly StreamLines[] =>
    all.map((files, index) => {
      const until = follow && isLast ? undefined : positionOfEnd(files);
      return new StreamLines({ files, from: starts[index]!, until, isLast });
    });
  if (tailLines === undefined) return { lines: linesOf(true), skipped: 0 };
  let found = 0;
  for await (const line of allOf(linesOf(false), true)) if (isWanted(line)) found += 1;
  return { lines: linesOf(true), skipped: found - tailLines };
}

/** Whole lines that are there now, in their order. */
async function* allOf(lines: readonly StreamLines[], isOver: boolean): AsyncGenerator<OutputLine, void, undefined> {
  for (let line = await takeEarliest(lines, isOver); line !== undefined; line = await takeEarliest(lines, isOver)) yield line;
}

/** Of two of the same time, standard output goes first. */
async function takeEarliest(lines: readonly StreamLines[], isOver: boolean): Promise<OutputLine | undefined> {
  let earliest: { readonly line: OutputLine; readonly from: StreamLines } | undefined;
  for (const from of lines) {
    const line = await from.peek(isOver);
    if (line !== undefined && (earliest === undefined || line.atMs < earliest.line.atMs)) earliest = { line, from };
  }
  earliest?.from.take();
  return earliest?.line;
}
