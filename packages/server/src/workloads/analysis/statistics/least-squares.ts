/** Ordinary least squares with a few columns: coefficients, their standard errors, and what is left over. */
import { independentCount } from './autocorrelation.ts';

export interface Fit {
  /** Of the columns, in their order; the mean is taken out before. */
  readonly coefficients: readonly number[];
  /** They count only as many values as would be independent. */
  readonly errors: readonly number[];
  readonly residuals: readonly number[];
  /** Of the residuals. */
  readonly squares: number;
}

/**
 * Fits `values` by a constant and the columns; undefined where the columns tell the same (or there is nothing to fit).
 */
export function fitColumns(values: readonly number[], columns: readonly (readonly number[])[]): Fit | undefined {
  const count = values.length;
  if (count < columns.length + 3) return undefined;
  const target = centred(values);
  const centredColumns = columns.map(centred);
  const inverse = invert(centredColumns.map((left) => centredColumns.map((right) => product(left, right))));
  if (!inverse) return undefined;
  const projections = centredColumns.map((column) => product(column, target));
  const coefficients = inverse.map((row) => product(row, projections));
  const residuals = target.map((value, index) =>
    coefficients.reduce((rest, coefficient, at) => rest - coefficient * (centredColumns[at]?.[index] ?? 0), value),
  );
  const squares = product(residuals, residuals);
  const freedom = Math.max(1, independentCount(residuals) - columns.length - 1);
  const errors = inverse.map((row, index) => Math.sqrt((squares / freedom) * Math.max(0, row[index] ?? 0)));
  return { coefficients, errors, residuals, squares };
}

function centred(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

function product(left: readonly number[], right: readonly number[]): number {
  let sum = 0;
  for (let index = 0; index < left.length; index += 1) sum += (left[index] ?? 0) * (right[index] ?? 0);
  return sum;
}

/** Gauss and Jordan with the largest pivot; undefined where a column is (nearly) made of the others. */
function invert(matrix: readonly (readonly number[])[]): number[][] | undefined {
  const size = matrix.length;
  const rows = matrix.map((row, index) => [...row, ...Array.from({ length: size }, (_, at) => (at === index ? 1 : 0))]);
  for (let column = 0; column < size; column += 1) {
    const rest = rows.slice(column);
    const best = column + rest.reduce((top, row, at) => (Math.abs(row[column] ?? 0) > Math.abs(rest[top]?.[column] ?? 0) ? at : top), 0);
    const pivotRow = rows[best];
    const displaced = rows[column];
    const pivot = pivotRow?.[column] ?? 0;
    if (!pivotRow || !displaced || Math.abs(pivot) <= 1e-10 * Math.abs(matrix[column]?.[column] ?? 0) || pivot === 0) return undefined;
    rows[best] = displaced;
    rows[column] = pivotRow.map((value) => value / pivot);
    for (const [index, row] of rows.entries()) {
      if (index === column) continue;
      const factor = row[column] ?? 0;
      rows[index] = row.map((value, at) => value - factor * (rows[column]?.[at] ?? 0));
    }
  }
  return rows.map((row) => row.slice(size));
}
