/** The difference between two texts, line by line, in the form that `diff -u` and git show. */

export interface DiffOptions {
  readonly from: string;
  readonly to: string;
  /** Lines around a change. @default 3 */
  readonly context?: number;
}

interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** A table larger than this is not worth its time: the part that differs is shown as replaced whole. */
const tableLimit = 4_000_000;

/** Empty where the texts are equal. */
export function unifiedDiff(before: string, after: string, { from, to, context = 3 }: DiffOptions): string {
  if (before === after) return '';
  const lines = compare(linesOf(before), linesOf(after));
  return `--- ${from}\n+++ ${to}\n${hunksOf(lines, context)
    .map((hunk) => printHunk(lines, hunk))
    .join('')}`;
}

function linesOf(text: string): string[] {
  if (text === '') return [];
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
}

function compare(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const same = (text: string): Line => ({ mark: ' ', text });
  return [
    ...before.slice(0, start).map(same),
    ...compareMiddle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...before.slice(before.length - end).map(same),
  ];
}

/** By the longest common subsequence. */
function compareMiddle(before: readonly string[], after: readonly string[]): Line[] {
  const width = after.length + 1;
  if ((before.length + 1) * width > tableLimit) {
    return [...before.map((text): Line => ({ mark: '-', text })), ...after.map((text): Line => ({ mark: '+', text }))];
  }
  const lengths = new Uint32Array((before.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      lengths[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: Line[] = [];
  for (let [i, j] = [0, 0]; i < before.length || j < after.length;) {
    const [old, fresh] = [before[i], after[j]];
    if (old !== undefined && old === fresh) [lines[lines.length], i, j] = [{ mark: ' ', text: old }, i + 1, j + 1];
    else if (old !== undefined && (fresh === undefined || at(i + 1, j) >= at(i, j + 1)))
      [lines[lines.length], i] = [{ mark: '-', text: old }, i + 1];
    else [lines[lines.length], j] = [{ mark: '+', text: fresh ?? '' }, j + 1];
  }
  return lines;
}

interface Hunk {
  readonly start: number;
  readonly end: number;
}

function hunksOf(lines: readonly Line[], context: number): Hunk[] {
  const hunks: Hunk[] = [];
  lines.forEach(({ mark }, index) => {
    if (mark === ' ') return;
    const [start, end] = [Math.max(0, index - context), Math.min(lines.length, index + context + 1)];
    const last = hunks.at(-1);
    if (last && start <= last.end) hunks[hunks.length - 1] = { start: last.start, end };
    else hunks.push({ start, end });
  });
  return hunks;
}

function printHunk(lines: readonly Line[], { start, end }: Hunk): string {
  const shown = lines.slice(start, end);
  const range = (mark: '-' | '+'): string => {
    const count = shown.filter((line) => line.mark !== (mark === '-' ? '+' : '-')).length;
    const before = lines.slice(0, start).filter((line) => line.mark !== (mark === '-' ? '+' : '-')).length;
    return `${mark}${count === 0 ? before : before + 1}${count === 1 ? '' : `,${count}`}`;
  };
  return `@@ ${range('-')} ${range('+')} @@\n${shown.map(({ mark, text }) => `${mark}${text}\n`).join('')}`;
}
