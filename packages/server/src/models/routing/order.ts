/**
 * Who is asked first: the targets of a route in the order of its strategy, and for each the keys of its provider in turn.
 * Keys that are left out are passed over while there is another.
 *
 * It does not know whether a target has room or is well (`admission/`); that is asked in this order. Where only one target
 * with one key can be meant, which is the common case, it makes nothing anew.
 */
import type { OpenClawError } from '../../core/errors.ts';
import { createKeyTurns, byRendezvous, type KeyTurns } from '../keys/key-turns.ts';
import type { Keys } from '../keys/keys.ts';
import type { Place } from './places.ts';
import type { Route, RouteTarget, Strategy } from './route.ts';
import type { Target } from '../target.ts';

export interface OrderingOptions {
  readonly keys: Pick<Keys, 'untroubled' | 'isOut' | 'claimTrial' | 'refusalOf'>;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Milliseconds to the first output of a streamed or of a whole answer; `undefined` where nobody knows. */
  readonly latencyOf: (target: Target, stream: boolean) => number | undefined;
  readonly underWayOf: (target: Target) => number;
}

/** What is known of the request. */
export interface OrderContext {
  /** Needed for `sticky` alone. */
  readonly session?: string | undefined;
  /** Needed for `latency` alone. @default false */
  readonly stream?: boolean | undefined;
  /** Estimates; needed for `cost` alone. */
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
}

export interface Ordering {
  /**
   * At least one target.
   * @throws OpenClawError what the provider said, where every key that could be used is left out
   */
  order(route: Route, context: OrderContext): readonly Target[];
}

/** Where the request does not say how long it is: a question with some history, and an answer of a few paragraphs. */
const usualTokens = { input: 1500, output: 500 } as const;

type Arrange = (targets: readonly RouteTarget[], context: OrderContext) => readonly RouteTarget[];

export function createOrdering(options: OrderingOptions): Ordering {
  const { keys } = options;
  const turns = createKeyTurns();
  const arrangements: Readonly<Record<Strategy, Arrange>> = {
    priority: (targets) => targets,
    weighted: (targets) => drawByWeight(targets, options.random),
    latency: (targets, { stream = false }) =>
      quickestFirst(targets, { ...options, latencyOf: (target) => options.latencyOf(target, stream) }),
    cost: cheapestFirst,
    sticky: (targets, { session = '' }) =>
      byRendezvous(targets, { session, nameOf: ({ place }) => place.name, weightOf: ({ weight }) => weight }),
  };

  return {
    order(route, context) {
      const arranged = route.targets.length === 1 ? route.targets : arrangements[route.strategy](route.targets, context);
      const session = route.strategy === 'sticky' ? context.session : undefined;
      const [first] = arranged;
      if (arranged.length === 1 && first && keys.untroubled) return spread(first.place, session, turns);
      const ordered = arranged.flatMap(({ place }) => usable(spread(place, session, turns), keys));
      if (ordered.length === 0 && first) throw everyKeyIsOut(first.place, keys);
      return ordered;
    },
  };
}

/** The targets of one place, another key first each time; for a session always the same one. */
function spread({ targets }: Place, session: string | undefined, turns: KeyTurns): readonly Target[] {
  if (targets.length === 1) return targets;
  if (session === undefined) return turns.next(targets);
  return byRendezvous(targets, { session, nameOf: ({ key }) => key.id, weightOf: ({ key }) => key.weight });
}

/** Without those whose key is left out. One whose time for a trial has come goes first: the others are there to take over. */
function usable(targets: readonly Target[], keys: OrderingOptions['keys']): readonly Target[] {
  if (keys.untroubled) return targets;
  const trial = targets.find((target) => keys.isOut(target) && keys.claimTrial(target));
  const others = targets.filter((target) => !keys.isOut(target));
  return trial ? [trial, ...others] : others;
}

function everyKeyIsOut({ targets }: Place, keys: OrderingOptions['keys']): OpenClawError {
  const refusal = targets.map((target) => keys.refusalOf(target)).find((error) => error !== undefined);
  if (!refusal) throw new RangeError('a route without targets has no order');
  return refusal;
}

/** At random by weight, each once. Those of weight 0 come last, in their order. */
function drawByWeight(targets: readonly RouteTarget[], random: () => number): readonly RouteTarget[] {
  const left = targets.filter(({ weight }) => weight > 0);
  const drawn: RouteTarget[] = [];
  let total = left.reduce((sum, { weight }) => sum + weight, 0);
  while (left.length > 0) {
    let point = random() * total;
    // Rounding may leave a little at the end: then it is the last one.
    let index = left.findIndex(({ weight }) => (point -= weight) < 0);
    if (index < 0) index = left.length - 1;
    const [target] = left.splice(index, 1);
    if (!target) break;
    total -= target.weight;
    drawn.push(target);
  }
  return [...drawn, ...targets.filter(({ weight }) => weight <= 0)];
}

interface Quickness extends Pick<OrderingOptions, 'random' | 'underWayOf'> {
  readonly latencyOf: (target: Target) => number | undefined;
}

/**
 * By the time to the first output, times the requests under way there. The better of two at random is first: if all took the
 * best, they would arrive there together. One that nobody has tried counts as the quickest, so that it is.
 */
function quickestFirst(targets: readonly RouteTarget[], { random, latencyOf, underWayOf }: Quickness): readonly RouteTarget[] {
  const known = targets.flatMap(({ place }) => place.targets.flatMap((target) => latencyOf(target) ?? []));
  const quickest = known.length === 0 ? 1 : Math.min(...known);
  const scoreOf = (target: Target): number => (latencyOf(target) ?? quickest) * (underWayOf(target) + 1);
  const scored = targets.map((target) => ({ target, score: Math.min(...target.place.targets.map(scoreOf)) }));
  const one = Math.floor(random() * scored.length);
  const other = (one + 1 + Math.floor(random() * (scored.length - 1))) % scored.length;
  const first = (scored[one]?.score ?? 0) <= (scored[other]?.score ?? 0) ? scored[one] : scored[other];
  const rest = scored.filter((candidate) => candidate !== first).sort((a, b) => a.score - b.score);
  return (first ? [first, ...rest] : rest).map(({ target }) => target);
}

/** By what this request would cost. What nobody knows the price of comes last: it may be anything. */
function cheapestFirst(targets: readonly RouteTarget[], context: OrderContext): readonly RouteTarget[] {
  const { inputTokens = usualTokens.input, outputTokens = usualTokens.output } = context;
  const costOf = ({ place: { known } }: RouteTarget): number =>
    known?.price ? known.price.input * inputTokens + known.price.output * outputTokens : Number.MAX_VALUE;
  return targets.toSorted((a, b) => costOf(a) - costOf(b));
}
