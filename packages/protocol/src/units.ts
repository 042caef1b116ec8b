/**
 * Sizes and times as people write them: `32MiB`, `20s`. Both directions, and the patterns that JSON Schema needs.
 *
 * A number stands for itself, in the unit that the name of its field says. It does not read numbers without a unit from text.
 */

export type Unit = 'bytes' | 'ms';

const factors: Readonly<Record<Unit, Readonly<Record<string, number>>>> = {
  bytes: { B: 1, kB: 1e3, KB: 1e3, KiB: 2 ** 10, MB: 1e6, MiB: 2 ** 20, GB: 1e9, GiB: 2 ** 30 },
  ms: { ms: 1, s: 1e3, m: 60e3, min: 60e3, h: 3600e3, d: 86_400e3 },
};

/** What a text with this unit looks like; for JSON Schema's `pattern`. */
export const unitPatterns: Readonly<Record<Unit, string>> = { bytes: patternOf('bytes'), ms: patternOf('ms') };

/** An example of each, for messages and documentation. */
export const unitExamples: Readonly<Record<Unit, string>> = { bytes: '32MiB', ms: '20s' };

/** Reads `1.5s` as 1500; undefined when the text is not a whole number of the unit. */
export function parseUnit(text: string, unit: Unit): number | undefined {
  const match = new RegExp(unitPatterns[unit]).exec(text);
  if (!match) return undefined;
  const value = Number(match[1]) * (factors[unit][match[2] ?? ''] ?? Number.NaN);
  // 0.1 + 0.2 is not 0.3: what is a whole number on paper may be off by a rounding error here.
  const whole = Math.round(value);
  return Math.abs(value - whole) < 1e-6 && Number.isSafeInteger(whole) ? whole : undefined;
}

/** Writes a number in the largest unit that leaves it whole: 33554432 as `32MiB`, 90000 as `90s`. */
export function formatUnit(value: number, unit: Unit): string {
  const names = unit === 'bytes' ? ['GiB', 'MiB', 'KiB', 'B'] : ['d', 'h', 'm', 's', 'ms'];
  const name = names.find((candidate) => value !== 0 && value % (factors[unit][candidate] ?? 1) === 0) ?? names.at(-1) ?? '';
  return `${value / (factors[unit][name] ?? 1)}${name}`;
}

function patternOf(unit: Unit): string {
  return `^(\\d+(?:\\.\\d+)?) ?(${Object.keys(factors[unit]).join('|')})$`;
}
