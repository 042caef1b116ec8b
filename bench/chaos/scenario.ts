/**
 * The contract of a scenario. Each is measured once against a plain relay and once against the gateway, with the same upstream,
 * the same load and the same clients, and judged by the same bars.
 */
import type { Verdict } from '../bench.ts';
import type { Stage } from './stage.ts';

export interface Scenario<Figures = unknown> {
  readonly name: string;
  /** What it shows, in a sentence. */
  readonly shows: string;
  /** The upstream, what stands before it, the load and what is measured, in sentences for the page. */
  readonly method: string;
  readonly relay: RelayName;
  /** It takes long, and runs only when it is named. */
  readonly byHand?: boolean;
  measure(stage: Stage): Promise<Figures>;
  /** A label and a cell each. */
  rows(figures: Figures): readonly (readonly [string, string])[];
  judge(figures: Figures): readonly Verdict[];
}

export type RelayName = 'bare relay' | 'documented relay';

/** Keeps the type of the figures inside a scenario while all scenarios stand in one list. */
export function scenario<Figures>(described: Scenario<Figures>): Scenario {
  return described;
}
