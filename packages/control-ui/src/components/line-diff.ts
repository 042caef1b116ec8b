/** What differs between two texts, line by line. Pure. */
export interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
  /** From 1, in the older and in the newer text. */
  readonly oldNumber: number | undefined;
  readonly newNumber: number | undefined;
}

/** Beyond this many comparisons the middle is shown as replaced whole: it would take longer than anybody waits. */
const comparisonsLimit = 4_000_000;

export function diffLines(before: string, after: string): readonly DiffLine[] {
  const [old, next] = [before.split('\n'), after.split('\n')];
  let start = 0;
  while (start < old.length && start < next.length && old[start] === next[start]) start += 1;
  let end = 0;
  while (end < old.length - start && end < next.length - start && old[old.length - 1 - end] === next[next.length - 1 - end]) end += 1;
  const middle = diffMiddle(old.slice(start, old.length - end), next.slice(start, next.length - end));
  const kinds = [...Array<'same'>(start).fill('same'), ...middle, ...Array<'same'>(end).fill('same')];
  let [oldIndex, newIndex] = [0, 0];
  return kinds.map((kind) => {
    const text = (kind === 'added' ? next[newIndex] : old[oldIndex]) ?? '';
    if (kind !== 'added') oldIndex += 1;
    if (kind !== 'removed') newIndex += 1;
    return { kind, text, oldNumber: kind === 'added' ? undefined : oldIndex, newNumber: kind === 'removed' ? undefined : newIndex };
  });
}

/** By the longest common subsequence; what is removed stands before what takes its place. */
function diffMiddle(old: readonly string[], next: readonly string[]): DiffLine['kind'][] {
  if (old.length * next.length > comparisonsLimit) return [...old.map(() => 'removed' as const), ...next.map(() => 'added' as const)];
  const width = next.length + 1;
  const lengths = new Uint32Array((old.length + 1) * width);
  const at = (row: number, column: number): number => lengths[row * width + column] ?? 0;
  for (let row = old.length - 1; row >= 0; row -= 1) {
    for (let column = next.length - 1; column >= 0; column -= 1) {
      lengths[row * width + column] =
        old[row] === next[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const kinds: DiffLine['kind'][] = [];
  for (let row = 0, column = 0; row < old.length || column < next.length;) {
    if (row < old.length && column < next.length && old[row] === next[column]) {
      kinds.push('same');
      row += 1;
      column += 1;
    } else if (row < old.length && (column >= next.length || at(row + 1, column) >= at(row, column + 1))) {
      kinds.push('removed');
      row += 1;
    } else {
      kinds.push('added');
      column += 1;
    }
  }
  return kinds;
}

/** Lines around what differs; a gap stands for those left out. */
export function aroundChanges(lines: readonly DiffLine[], context = 3): readonly (DiffLine | 'gap')[] {
  const isNear = lines.map((_, index) =>
    lines.slice(Math.max(0, index - context), index + context + 1).some(({ kind }) => kind !== 'same'),
  );
  const shown: (DiffLine | 'gap')[] = [];
  for (const [index, line] of lines.entries()) {
    if (isNear[index]) shown.push(line);
    else if (shown.at(-1) !== 'gap') shown.push('gap');
  }
  return shown;
}
