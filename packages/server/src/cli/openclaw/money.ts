/** Amounts of US$ for people. */

/** Small sums keep their digits: a single request costs fractions of a cent. */
export function formatUsd(usd: number): string {
  if (usd === 0) return '$0';
  if (usd >= 1) return `$${usd.toFixed(2)}`;
  if (usd >= 0.01) return `$${usd.toFixed(4)}`;
  return usd < 0.000001 ? '< $0.000001' : `$${usd.toFixed(6)}`;
}
