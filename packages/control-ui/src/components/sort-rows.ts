/** The order of rows by one of their columns. */

export interface RowOrder<Row> {
  readonly sortBy: (row: Row) => number | string | null;
  readonly descending: boolean;
}

/** Numbers by size, words as people sort them, and what is not known last either way. Equal rows stay as they were. */
export function sortRows<Row>(rows: readonly Row[], { sortBy, descending }: RowOrder<Row>): readonly Row[] {
  return rows.toSorted((one, other) => {
    const [a, b] = [sortBy(one), sortBy(other)];
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    const compared = typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), 'en', { numeric: true });
    return descending ? -compared : compared;
  });
}
