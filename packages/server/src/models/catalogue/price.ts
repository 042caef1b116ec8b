/**
 * What an answer costs: prices in US$ per million tokens, costs in thousand-millionths of a US$ (nano-dollars), exact.
 *
 * It does not know which model has which price: see `index.ts`.
 */
import type { Usage } from '../dialects/events.ts';

/** US$ per million tokens, as providers publish it. */
export interface Price {
  readonly input: number;
  readonly output: number;
  /** For input read from the provider's prompt cache. Where the provider publishes none, such input costs as any other. */
  readonly cacheRead?: number;
  /** For input written to the provider's prompt cache. Where the provider publishes none, such input costs as any other. */
  readonly cacheWrite?: number;
}

/** A part of a price, as an operator may write it. */
export type PartialPrice = { readonly [Field in keyof Price]?: Price[Field] | undefined };

/**
 * Each token is charged once: cached input at its own price, the rest of the input at the input price, thinking as output.
 * Rounded half up to a whole nano-dollar, once, at the end.
 * @returns `undefined` where the price is not known, which is not the same as free.
 */
export function costNanoUsd(price: Price | undefined, usage: Usage): number | undefined {
  if (!price) return undefined;
  // A provider whose cached parts exceed its total counts them apart; they are charged, and nothing is charged below zero.
  const plainInput = Math.max(0, usage.input - usage.cacheRead - usage.cacheWrite);
  const cacheRead = price.cacheRead ?? price.input;
  const cacheWrite = price.cacheWrite ?? price.input;
  const picoUsd =
    charge(plainInput, price.input) +
    charge(usage.cacheRead, cacheRead) +
    charge(usage.cacheWrite, cacheWrite) +
    charge(usage.output, price.output) +
    roundingPicoUsd;
  // Plain numbers are exact up to 9,000 US$, and quicker: each request is priced three times.
  if (picoUsd <= Number.MAX_SAFE_INTEGER) return (picoUsd - (picoUsd % picoPerNano)) / picoPerNano;
  const exactly =
    chargeExactly(plainInput, price.input) +
    chargeExactly(usage.cacheRead, cacheRead) +
    chargeExactly(usage.cacheWrite, cacheWrite) +
    chargeExactly(usage.output, price.output) +
    BigInt(roundingPicoUsd);
  return Number(exactly / BigInt(picoPerNano));
}

/** The operator's price over the catalogue's, field by field; `undefined` while input or output is known by neither. */
export function mergePrices(known: Price | undefined, own: PartialPrice | undefined): Price | undefined {
  const input = own?.input ?? known?.input;
  const output = own?.output ?? known?.output;
  if (input === undefined || output === undefined) return undefined;
  // A cache price of the catalogue belongs to the catalogue's input price: once the operator has another, it says nothing.
  const base = own?.input === undefined ? known : undefined;
  const cacheRead = own?.cacheRead ?? base?.cacheRead;
  const cacheWrite = own?.cacheWrite ?? base?.cacheWrite;
  return { input, output, ...(cacheRead !== undefined && { cacheRead }), ...(cacheWrite !== undefined && { cacheWrite }) };
}

const picoPerNano = 1000;
/** Added before the rest is cut off: half up. */
const roundingPicoUsd = 500;

/** US$ per million tokens is the same number as millionths of a US$ per token, so a pico-dollar is the millionth part of a price. */
function charge(tokens: number, usdPerMillion: number): number {
  return Math.round(tokens) * Math.round(usdPerMillion * 1_000_000);
}

function chargeExactly(tokens: number, usdPerMillion: number): bigint {
  return BigInt(Math.round(tokens)) * BigInt(Math.round(usdPerMillion * 1_000_000));
}
