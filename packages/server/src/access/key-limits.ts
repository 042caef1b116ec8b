/** The four limits of a key: how they are written by people, kept, and shown. What they count: `allowances.ts`. */
import type { KeyLimits as ShownLimits } from '@openclaw/protocol';
import { OpenClawError } from '../core/errors.ts';

/** Undefined: any amount. 0: nothing. */
export interface KeyLimits {
  readonly rpm: number | undefined;
  readonly tpm: number | undefined;
  readonly nanoUsdPerDay: number | undefined;
  readonly nanoUsdPerMonth: number | undefined;
}

export const noLimits: KeyLimits = Object.freeze({
  rpm: undefined,
  tpm: undefined,
  nanoUsdPerDay: undefined,
  nanoUsdPerMonth: undefined,
});

/** Names in a wish for a key, with the limit that each sets. */
export const limitFields: Readonly<Record<keyof ShownLimits, keyof KeyLimits>> = {
  rpm: 'rpm',
  tpm: 'tpm',
  usdPerDay: 'nanoUsdPerDay',
  usdPerMonth: 'nanoUsdPerMonth',
};

/** Far beyond any use, and sums of them stay exact. */
const countLimit = 1_000_000_000_000;
const usdLimit = 1_000_000;
const nanoPerUsd = 1_000_000_000;

/**
 * The limits that a wish speaks of; null takes one away.
 * @throws OpenClawError `invalid_request` that names the field
 */
export function readLimits(wanted: Readonly<Record<string, unknown>>): Partial<KeyLimits> {
  const limits: { -readonly [Field in keyof KeyLimits]?: number | undefined } = {};
  for (const field of Object.keys(limitFields) as (keyof ShownLimits)[]) {
    if (!Object.hasOwn(wanted, field)) continue;
    const value = wanted[field];
    const read = field === 'rpm' || field === 'tpm' ? readCount : readNanoUsd;
    limits[limitFields[field]] = value === null ? undefined : read(value, field);
  }
  return limits;
}

export function hasLimits({ rpm, tpm, nanoUsdPerDay, nanoUsdPerMonth }: KeyLimits): boolean {
  return rpm !== undefined || tpm !== undefined || nanoUsdPerDay !== undefined || nanoUsdPerMonth !== undefined;
}

export function showLimits({ rpm, tpm, nanoUsdPerDay, nanoUsdPerMonth }: KeyLimits): ShownLimits {
  return { rpm: rpm ?? null, tpm: tpm ?? null, usdPerDay: toUsd(nanoUsdPerDay), usdPerMonth: toUsd(nanoUsdPerMonth) };
}

export function toUsd(nanoUsd: number | undefined): number | null {
  return nanoUsd === undefined ? null : nanoUsd / nanoPerUsd;
}

function readCount(value: unknown, path: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= countLimit) return value;
  throw wrong(path, `must be a whole number from 0 (none allowed) to ${countLimit}, or null for no limit`);
}

function readNanoUsd(value: unknown, path: string): number {
  const nanoUsd = typeof value === 'number' && value >= 0 && value <= usdLimit ? Math.round(value * nanoPerUsd) : Number.NaN;
  // A limit too small to be counted must not become 0, which means none allowed.
  if (nanoUsd >= 0 && (nanoUsd > 0 || value === 0)) return nanoUsd;
  throw wrong(path, `must be an amount of US$ from 0 (none allowed) or 0.000000001 to ${usdLimit}, or null for no limit`);
}

function wrong(path: string, reason: string): OpenClawError {
  return new OpenClawError('invalid_request', { details: { path, reason }, param: path });
}
