/**
 * Quantities as Kubernetes writes them: `256Mi`, `1G`, `0.5`, `500m`, `128974848`, `129e6`. Exact in both directions: a quantity is a
 * whole number of billionths, and only what somebody asks for is rounded.
 *
 * It follows `resource.Quantity` of apimachinery: what is finer than a billionth is rounded away from zero, what is beyond 2^63 - 1 is held
 * there, and the canonical text is the same. It differs where that one is careless: a text without a digit (`Mi`, `.`) is no quantity here,
 * and nothing overflows. It does not know what a quantity is of.
 */

/** How the text was written, and how it is written again. */
export type QuantityForm = 'binary' | 'decimal' | 'exponent';

export interface Quantity {
  /** Billionths: 1 is 10^9 of them. */
  readonly nanos: bigint;
  readonly form: QuantityForm;
}

/** Longer numbers are no amount of anything, and work for whoever reads them. */
const mostCharacters = 64;

const nano = 1_000_000_000n;
const mostNanos = (2n ** 63n - 1n) * nano;

const binaryPowers: Readonly<Record<string, bigint>> = { Ki: 1n, Mi: 2n, Gi: 3n, Ti: 4n, Pi: 5n, Ei: 6n };
const decimalPowers: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };

const shape = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([KMGTPE]i)|[eE]([+-]?\d{1,9})|([numkMGTPE]?))$/;

/** Reads a quantity; undefined where the text is none, and `explainQuantity` says why. A number stands for itself, as in YAML. */
export function parseQuantity(text: string | number): Quantity | undefined {
  const written = String(text);
  const match = written.length > mostCharacters ? undefined : shape.exec(written);
  if (!match) return undefined;
  const [, sign, digits = '', binary, exponent, decimal = ''] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  const unscaled = BigInt(whole + fraction);
  const factor = binary === undefined ? 1n : 1024n ** (binaryPowers[binary] ?? 0n);
  const power = (exponent === undefined ? (decimalPowers[decimal] ?? 0) : Number(exponent)) - fraction.length;
  const size = scaleToNanos(unscaled * factor, power);
  return {
    nanos: sign === '-' ? -size : size,
    form: binary === undefined ? (exponent === undefined ? 'decimal' : 'exponent') : 'binary',
  };
}

/** Why a text is no quantity, in words that follow "must be", with what was probably meant. */
export function explainQuantity(text: string): string {
  const wanted = 'a number with an optional suffix (m, k, M, G, T; Ki, Mi, Gi, Ti), such as 256Mi, 1G, 0.5 or 500m';
  const near = nearestQuantity(text);
  return near === undefined ? wanted : `${wanted}; did you mean ${near}?`;
}

/** The canonical text, as a Kubernetes server gives it back: the largest suffix that leaves a whole number. */
export function formatQuantity({ nanos, form }: Quantity): string {
  const size = nanos < 0n ? -nanos : nanos;
  const sign = nanos < 0n ? '-' : '';
  if (form === 'binary' && size >= 1024n * nano && size % nano === 0n) return sign + formatBinary(size / nano);
  return sign + formatDecimal(size, form === 'exponent');
}

/** Whole bytes, rounded up; undefined where the text is no quantity, is negative, or is more than a number can hold exactly. */
export function parseBytes(text: string | number): number | undefined {
  return wholeParts(text, nano);
}

/** Thousandths (of a core), rounded up: `0.5` is 500; undefined as for `parseBytes`. */
export function parseMilli(text: string | number): number | undefined {
  return wholeParts(text, nano / 1000n);
}

/** Bytes in canonical binary form: 4294967296 as `4Gi`. */
export function formatBytes(bytes: number): string {
  return formatQuantity({ nanos: BigInt(Math.ceil(bytes)) * nano, form: 'binary' });
}

/** Thousandths in canonical decimal form: 500 as `500m`, 2000 as `2`. */
export function formatMilli(milli: number): string {
  return formatQuantity({ nanos: BigInt(Math.ceil(milli)) * (nano / 1000n), form: 'decimal' });
}

/** Bytes as messages and tables show memory: in whole mebibytes (`1843Mi`), or kibibytes below one. It rounds: see `formatBytes` for exact. */
export function formatMemory(bytes: number): string {
  const unit = Math.abs(bytes) >= 2 ** 20 ? 'Mi' : 'Ki';
  return `${Math.round(bytes / (unit === 'Mi' ? 2 ** 20 : 2 ** 10))}${unit}`;
}

/** `value` × 10^`power` in billionths, rounded away from zero and held at the bound. Never computes a power that the bound makes needless. */
function scaleToNanos(value: bigint, power: number): bigint {
  if (value === 0n) return 0n;
  const shift = power + 9;
  if (shift > 2 * mostCharacters) return mostNanos;
  if (shift < -4 * mostCharacters) return 1n;
  const nanos = shift >= 0 ? value * 10n ** BigInt(shift) : divideUp(value, 10n ** BigInt(-shift));
  return nanos > mostNanos ? mostNanos : nanos;
}

function divideUp(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor;
}

function wholeParts(text: string | number, part: bigint): number | undefined {
  const quantity = parseQuantity(text);
  if (quantity === undefined || quantity.nanos < 0n) return undefined;
  const whole = Number(divideUp(quantity.nanos, part));
  return Number.isSafeInteger(whole) ? whole : undefined;
}

function formatBinary(value: bigint): string {
  const suffixes = ['', ...Object.keys(binaryPowers)];
  let power = 0;
  while (value % 1024n === 0n && power < suffixes.length - 1) {
    value /= 1024n;
    power += 1;
  }
  return `${value}${suffixes[power]}`;
}

function formatDecimal(nanos: bigint, asExponent: boolean): string {
  if (nanos === 0n) return '0';
  let value = nanos;
  let power = -9;
  while (value % 1000n === 0n && power < 18) {
    value /= 1000n;
    power += 3;
  }
  const suffix = Object.keys(decimalPowers).find((name) => decimalPowers[name] === power) ?? '';
  return asExponent && power !== 0 ? `${value}e${power}` : `${value}${suffix}`;
}

/** What was meant: without the B of bytes and the spaces, and with the letters in the case that they have. */
function nearestQuantity(text: string): string | undefined {
  const match = /^([+-]?[\d.]+)([a-zA-Z]*)$/.exec(text.slice(0, mostCharacters).replaceAll(/[\s_,]/g, ''));
  if (!match) return undefined;
  const [, number = '', suffix = ''] = match;
  const wanted = suffix.replace(/(?<=.)b(?:ytes?)?$|^b(?:ytes?)?$/i, '');
  const names = [...Object.keys(binaryPowers), ...Object.keys(decimalPowers).toReversed()];
  const name =
    names.find((candidate) => candidate === wanted) ?? names.find((candidate) => candidate.toLowerCase() === wanted.toLowerCase());
  const candidate = name === undefined ? undefined : number + name;
  return candidate === undefined || parseQuantity(candidate) === undefined ? undefined : candidate;
}
