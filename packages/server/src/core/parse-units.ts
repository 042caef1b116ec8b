/**
 * Sizes and durations as people write them: `32MiB`, `20s`, `24h`, `1h30m`.
 *
 * It does not guess: a number without a unit is refused here, because only the caller knows what its unit is.
 */

const millisecondsPer: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

const bytesPer: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
  tb: 1000 ** 4,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
};

/** Milliseconds of `250ms`, `20s`, `1h30m`, `1.5d`; undefined if it is not a duration. */
export function parseDurationMs(text: string): number | undefined {
  const compact = text.trim();
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhdw])\s*)+$/.test(compact)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of compact.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)) {
    totalMs += Number(amount) * millisecondsPer[unit!]!;
  }
  return wholeAndSafe(totalMs);
}

/** Bytes of `512B`, `64kB`, `32MiB`, `1.5GiB`; undefined if it is not a size. Letter case does not matter. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?i?b)$/i.exec(text.trim());
  const factor = bytesPer[match?.[2]?.toLowerCase() ?? ''];
  return match === null || factor === undefined ? undefined : wholeAndSafe(Number(match[1]) * factor);
}

function wholeAndSafe(value: number): number | undefined {
  const rounded = Math.round(value);
  return Number.isSafeInteger(rounded) ? rounded : undefined;
}
