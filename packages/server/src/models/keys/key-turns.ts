/**
 * In which order the keys of one provider stand for one request: in turn by weight, or always alike for a session.
 * It does not know which keys are good: see `keys.ts`.
 */
import type { Target } from '../target.ts';

export interface KeyTurns {
  /** All of them, another one first each time, and over time each as often as its weight says; those of weight 0 last. */
  next(targets: readonly Target[]): readonly Target[];
}

/** Smooth weighted round robin: turns of a heavy key are spread out and do not come in a row. */
export function createKeyTurns(): KeyTurns {
  // By the list itself, which each place keeps: what is no longer offered takes its turns with it.
  const turns = new WeakMap<readonly Target[], Float64Array>();

  return {
    next(targets) {
      let credit = turns.get(targets);
      if (!credit) {
        credit = new Float64Array(targets.length);
        turns.set(targets, credit);
      }
      let total = 0;
      let first = 0;
      for (let index = 0; index < targets.length; index++) {
        const weight = targets[index]?.key.weight ?? 0;
        total += weight;
        credit[index] = (credit[index] ?? 0) + weight;
        if ((credit[index] ?? 0) > (credit[first] ?? 0)) first = index;
      }
      credit[first] = (credit[first] ?? 0) - total;
      const turned = [...targets.slice(first), ...targets.slice(0, first)];
      // Whoever's turn it is may be out, and then the next one is asked: never a spare while another is left.
      return targets.some(isSpare) ? [...turned.filter((one) => !isSpare(one)), ...turned.filter(isSpare)] : turned;
    },
  };
}

function isSpare({ key }: Target): boolean {
  return key.weight === 0;
}

interface Rendezvous<Item> {
  readonly session: string;
  readonly nameOf: (item: Item) => string;
  readonly weightOf: (item: Item) => number;
}

/**
 * Weighted rendezvous hashing: each session has its own order of all items. When one goes, only its sessions move, and when
 * it comes back, they return.
 */
export function byRendezvous<Item>(items: readonly Item[], { session, nameOf, weightOf }: Rendezvous<Item>): readonly Item[] {
  // The larger the better: -weight / ln(u) with u uniform gives each the share that its weight says.
  const scored = items.map((item) => ({ item, score: -weightOf(item) / Math.log(uniform(`${session}\n${nameOf(item)}`)) }));
  return scored.sort((a, b) => b.score - a.score).map(({ item }) => item);
}

/** FNV-1a with a finish that spreads the last characters over all bits; between 0 and 1, never either. */
function uniform(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000 + 2 ** -33;
}
