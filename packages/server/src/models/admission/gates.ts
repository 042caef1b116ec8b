/**
 * All gates, found by provider key and model without building a name for each request; bounded, because clients choose the
 * names of models. Operators open and close breakers here by the names of targets.
 */
import type { ProviderKey, Target } from '../target.ts';
import type { QueueEntry } from './fair-queue.ts';
import { Gate, type GateOptions } from './gate.ts';

export interface Gates<Entry extends QueueEntry> {
  of(target: Target, nowMs: number): Gate<Entry>;
  /** Without making one for a target that was never asked. */
  find(target: Target): Gate<Entry> | undefined;
  /** Those of listed models first: whoever shows only some shows none that a client made up. */
  list(): readonly Gate<Entry>[];
  /**
   * Holds the gates of `provider/model`, or of all models of `provider`, open, and those of that name that are yet to come; or resets
   * them. @returns those concerned
   */
  override(name: string, action: 'open' | 'reset'): Gate<Entry>[];
}

/** Gates that are kept at most, as long as some are not in use. Each takes about 4 KB; what real providers have is far below. */
const gatesLimit = 4000;
/** So many are forgotten at once when there are too many: looking for them takes time. */
const forgottenAtOnce = 500;

export function createGates<Entry extends QueueEntry>(options: GateOptions<Entry>): Gates<Entry> {
  const byKey = new WeakMap<ProviderKey, Map<string, Gate<Entry>>>();
  const all = new Set<Gate<Entry>>();
  const heldNames = new Set<string>();

  /**
   * Those first of which nothing is lost, then those of models that stand in no list, whatever is held against them: a client that
   * invents names while a provider is down would otherwise leave breakers without end. Of equals the one not used for longest.
   */
  function forgetSome(nowMs: number): void {
    const worth = (gate: Gate<Entry>): number => (gate.isIdle(nowMs) ? 0 : gate.target.known ? 2 : 1);
    const unused = [...all].filter((gate) => !gate.isInUse);
    unused.sort((one, other) => worth(one) - worth(other) || one.usedMs - other.usedMs);
    for (const gate of unused.slice(0, forgottenAtOnce)) {
      all.delete(gate);
      byKey.get(gate.target.key)?.delete(gate.target.model);
    }
  }

  function create(target: Target, nowMs: number): Gate<Entry> {
    if (all.size >= gatesLimit) forgetSome(nowMs);
    const gate = new Gate<Entry>(target, options);
    if (heldNames.has(target.name) || heldNames.has(target.provider.id)) gate.breaker.hold();
    let models = byKey.get(target.key);
    if (!models) byKey.set(target.key, (models = new Map()));
    models.set(target.model, gate);
    all.add(gate);
    return gate;
  }

  function named(name: string): Gate<Entry>[] {
    return [...all].filter(({ target }) => target.name === name || target.provider.id === name);
  }

  const find = (target: Target): Gate<Entry> | undefined => byKey.get(target.key)?.get(target.model);

  return {
    of: (target, nowMs) => find(target) ?? create(target, nowMs),
    find,
    list: () => [...all].toSorted((one, other) => Number(other.target.known !== undefined) - Number(one.target.known !== undefined)),
    override(name, action) {
      const concerned = named(name);
      if (action === 'reset') heldNames.delete(name);
      else if (concerned.length > 0) heldNames.add(name);
      for (const gate of concerned) {
        if (action === 'open') gate.breaker.hold();
        else {
          heldNames.delete(gate.target.name);
          gate.reset();
        }
      }
      return concerned;
    },
  };
}
