/**
 * The output of a unit as lines of both streams in the order of their times. Whoever reads slowly misses what was thrown away meanwhile; nothing is piled up.
 *
 * It reads what is on the disk; when there may be more, and that there will be none, it is told.
 */
import type { OutputLine, OutputOptions } from '../driver.ts';
import { streams } from './spool.ts';
import { positionOfEnd, positionOfStart, positionOfTail, StreamLines } from './stream-lines.ts';

export interface OutputSource {
  readonly directory: string;
  /** Resolves when there may be more than at the moment of the call. */
  nextChange(): Promise<void>;
  /** No more will come. */
  isOver(): boolean;
}

export async function* readOutput(source: OutputSource, options: OutputOptions): AsyncGenerator<OutputLine, void, undefined> {
  const { follow, signal, sinceMs = 0, tailLines } = options;
  const { directory } = source;
  const isWanted = (line: OutputLine): boolean => line.atMs >= sinceMs;
  const ends = await Promise.all(streams.map((stream) => positionOfEnd(directory, stream)));
  const starts = await Promise.all(
    streams.map((stream) => (tailLines === undefined ? positionOfStart(directory, stream) : positionOfTail(directory, stream, tailLines))),
  );
  const linesUntil = (until: typeof ends | undefined): readonly StreamLines[] =>
    streams.map((stream, index) => new StreamLines({ directory, stream, from: starts[index]!, until: until?.[index] }));
  let skipped = tailLines === undefined ? 0 : (await count(linesUntil(ends), isWanted)) - tailLines;
  const lines = linesUntil(follow ? undefined : ends);
  let wake = (): void => {};
  signal.addEventListener('abort', () => wake(), { once: true });
  for (;;) {
    // Asked before it is read: what comes in between is not missed.
    const isOver = !follow || source.isOver();
    const changed = source.nextChange();
    for (let line = await takeEarliest(lines, isOver); line !== undefined; line = await takeEarliest(lines, isOver)) {
      if (signal.aborted) return;
      if (isWanted(line) && --skipped < 0) yield line;
    }
    if (isOver || signal.aborted) return;
    await new Promise<void>((resolve) => {
      wake = resolve;
      void changed.then(resolve);
    });
  }
}

async function count(lines: readonly StreamLines[], isWanted: (line: OutputLine) => boolean): Promise<number> {
  let found = 0;
  for (let line = await takeEarliest(lines, true); line !== undefined; line = await takeEarliest(lines, true))
    if (isWanted(line)) found += 1;
  return found;
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
