/** Tables for people: columns aligned, and on a terminal never wider than it. For programs every command has `-o json`. */

export interface Column {
  readonly heading: string;
  /** @default 'left' */
  readonly align?: 'left' | 'right';
}

export interface TableOptions {
  /** Characters of one line; undefined for a pipe, which takes any length. */
  readonly width?: number | undefined;
}

const gap = '  ';
/** Narrower columns say nothing; a terminal that is narrower still gets lines that wrap. */
const narrowest = 6;

export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[], { width }: TableOptions = {}): string {
  const lines = [columns.map(({ heading }) => heading), ...rows.map((row) => row.map(visible))];
  const widths = fittingWidths(
    columns.map((_, index) => Math.max(...lines.map((line) => lengthOf(line[index] ?? '')))),
    width,
  );
  return lines
    .map(
      (line) =>
        `${line
          .map((text, index) => cell(text, widths[index]!, columns[index]?.align))
          .join(gap)
          .trimEnd()}\n`,
    )
    .join('');
}

/** The width that tables have to fit: of a terminal its own, of a pipe none. */
export function widthOf(output: { readonly isTTY?: boolean; readonly columns?: number }): number | undefined {
  return output.isTTY === true ? output.columns : undefined;
}

/** Takes from the widest columns first, character by character. */
function fittingWidths(natural: readonly number[], width: number | undefined): readonly number[] {
  const widths = [...natural];
  if (width === undefined) return widths;
  let excess = widths.reduce((sum, one) => sum + one, 0) + gap.length * (widths.length - 1) - width;
  for (; excess > 0; excess -= 1) {
    const widest = Math.max(...widths);
    if (widest <= narrowest) break;
    widths[widths.lastIndexOf(widest)] = widest - 1;
  }
  return widths;
}

function cell(text: string, width: number, align: Column['align']): string {
  const characters = Array.from(text);
  const shown = characters.length <= width ? text : `${characters.slice(0, width - 1).join('')}…`;
  const padding = ' '.repeat(width - lengthOf(shown));
  return align === 'right' ? padding + shown : shown + padding;
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** Names come from outside; none may move the cursor. */
function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}
