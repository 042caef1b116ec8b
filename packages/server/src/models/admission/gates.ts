/**
 * All gates, found by provider key and model without building a name for each request; bounded, because clients choose the
 * names of models. Operators open and close breakers here by the names of targets.
 */
import type { Provider, ProviderKey, Target } from '../target.ts';
import type { BreakerSettings } from './contract.ts';
import type { QueueEntry } from './fair-queue.ts';
import { Gate, type GateOptions } from './gate.ts';

export interface Gates<Entry extends QueueEntry> {
  of(target: Target, nowMs: number): Gate<Entry>;
  /** Without making one for a target that was never asked. */
  find(target: Target): Gate<Entry> | undefined;
  /** Those whose key is still configured, of listed models first: whoever shows only some shows none that a client made up. */
  list(): readonly Gate<Entry>[];
  /**
   * Holds the gates of `provider/model`, or of all models of `provider`, open, and those of that name that are yet to come; or resets
   * them. @returns those concerned
   */
  override(name: string, action: 'open' | 'reset'): Gate<Entry>[];
  /** The providers, as they are configured now, and the settings of breakers. */
  reconfigure(breaker: BreakerSettings, providers: readonly Provider[]): void;
  /** If its key is gone and nobody is under way there any more. */
  forgetIfOver(gate: Gate<Entry>): void;
}

/** Gates that are kept at most, as long as some are not in use. Each takes about 4 KB; what real providers have is far below. */
const gatesLimit = 4000;
/** So many are forgotten at once when there are too many: looking for them takes time. */
const forgottenAtOnce = 500;

export function createGates<Entry extends QueueEntry>(options: GateOptions<Entry>): Gates<Entry> {
  return new AllGates(options);
}

class AllGates<Entry extends QueueEntry> implements Gates<Entry> {
  readonly #byKey = new WeakMap<ProviderKey, Map<string, Gate<Entry>>>();
  readonly #all = new Set<Gate<Entry>>();
  readonly #heldNames = new Set<string>();
  #options: GateOptions<Entry>;

  constructor(options: GateOptions<Entry>) {
    this.#options = options;
  }

  of(target: Target, nowMs: number): Gate<Entry> {
    return this.find(target) ?? this.#create(target, nowMs);
  }

  find(target: Target): Gate<Entry> | undefined {
    return this.#byKey.get(target.key)?.get(target.model);
  }

  list(): readonly Gate<Entry>[] {
    const isListed = ({ target }: Gate<Entry>): number => Number(target.known !== undefined);
    return this.#configured().sort((one, other) => isListed(other) - isListed(one));
  }

  override(name: string, action: 'open' | 'reset'): Gate<Entry>[] {
    const concerned = this.#configured().filter(({ target }) => target.name === name || target.provider.id === name);
    if (action === 'reset') this.#heldNames.delete(name);
    else if (concerned.length > 0) this.#heldNames.add(name);
    for (const gate of concerned) {
      if (action === 'open') gate.breaker.hold();
      else {
        this.#heldNames.delete(gate.target.name);
        gate.reset();
      }
    }
    return concerned;
  }

  reconfigure(breaker: BreakerSettings, providers: readonly Provider[]): void {
    this.#options = { ...this.#options, breaker };
    const byId = new Map(providers.map((provider) => [provider.id, provider]));
    for (const gate of this.#all) {
      const provider = gate.target.key.gone ? undefined : byId.get(gate.target.provider.id);
      if (provider) gate.follow(provider, breaker);
      else this.forgetIfOver(gate);
    }
  }

  forgetIfOver(gate: Gate<Entry>): void {
    if (gate.target.key.gone && !gate.isInUse) this.#forget(gate);
  }

  #configured(): Gate<Entry>[] {
    return [...this.#all].filter(({ target }) => !target.key.gone);
  }

  #create(target: Target, nowMs: number): Gate<Entry> {
    if (this.#all.size >= gatesLimit) this.#forgetSome(nowMs);
    const gate = new Gate<Entry>(target, this.#options);
    if (this.#heldNames.has(target.name) || this.#heldNames.has(target.provider.id)) gate.breaker.hold();
    let models = this.#byKey.get(target.key);
    if (!models) this.#byKey.set(target.key, (models = new Map()));
    models.set(target.model, gate);
    this.#all.add(gate);
    return gate;
  }

  #forget(gate: Gate<Entry>): void {
    this.#all.delete(gate);
    this.#byKey.get(gate.target.key)?.delete(gate.target.model);
  }

  /**
   * Those first of which nothing is lost, then those of models that stand in no list, whatever is held against them: a client that
   * invents names while a provider is down would otherwise leave breakers without end. Of equals the one not used for longest.
   */
  #forgetSome(nowMs: number): void {
    const worth = (gate: Gate<Entry>): number => (gate.isIdle(nowMs) ? 0 : gate.target.known ? 2 : 1);
    const unused = [...this.#all].filter((gate) => !gate.isInUse);
    unused.sort((one, other) => worth(one) - worth(other) || one.usedMs - other.usedMs);
    for (const gate of unused.slice(0, forgottenAtOnce)) this.#forget(gate);
  }
}
