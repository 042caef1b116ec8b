/** Tables for people: columns aligned, and on a terminal never wider than it. For programs every command has `-o json`. */

export interface Column {
  readonly heading: string;
  /** @default 'left' */
  readonly align?: 'left' | 'right';
  /** What gives way where there is too little room: the end, the start, or nothing, for what is there to be copied. @default 'end' */
  readonly cut?: 'end' | 'start' | 'never';
  /** Puts colours around what is shown of a cell. The heading has none. */
  readonly paint?: (text: string) => string;
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
  const plain = columns.map(({ paint: _none, ...column }) => column);
  const natural = columns.map((_, index) => Math.max(...lines.map((line) => lengthOf(line[index] ?? ''))));
  const widths = fittingWidths(columns, natural, width);
  return lines
    .map(
      (line, row) =>
        `${line
          .map((text, index) => cell(text, widths[index]!, (row === 0 ? plain : columns)[index]))
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
function fittingWidths(columns: readonly Column[], natural: readonly number[], width: number | undefined): readonly number[] {
  const widths = [...natural];
  if (width === undefined) return widths;
  let excess = widths.reduce((sum, one) => sum + one, 0) + gap.length * (widths.length - 1) - width;
  for (; excess > 0; excess -= 1) {
    const mayGive = widths.map((one, index) => (columns[index]?.cut === 'never' ? 0 : one));
    const widest = Math.max(...mayGive);
    if (widest <= narrowest) break;
    widths[mayGive.lastIndexOf(widest)] = widest - 1;
  }
  return widths;
}

function cell(text: string, width: number, { align, cut, paint = (plain) => plain }: Partial<Column> = {}): string {
  const characters = Array.from(text);
  const kept = cut === 'start' ? `…${characters.slice(1 - width).join('')}` : `${characters.slice(0, width - 1).join('')}…`;
  const shown = characters.length <= width ? text : kept;
  const padding = ' '.repeat(width - lengthOf(shown));
  return align === 'right' ? padding + paint(shown) : paint(shown) + padding;
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** Names come from outside; none may move the cursor. */
function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}
