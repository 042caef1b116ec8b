/**
 * One place for each model of each provider, made when it is first asked for and then kept, so that what is known of a
 * target (its breaker, its latency) stays with it and a request makes none anew.
 *
 * Clients invent names, so of models that nobody listed only the latest are kept. It does not know routes: see `route.ts`.
 */
import { quirksOfModel } from '../catalogue/index.ts';
import type { KnownModel, Provider, ProviderKey, Target } from '../target.ts';

/** A model at a provider, with a target for each of the provider's keys. */
export interface Place {
  /** `provider/model`. */
  readonly name: string;
  readonly provider: Provider;
  readonly model: string;
  readonly known: KnownModel | undefined;
  /** In the order of the provider's keys. */
  readonly targets: readonly Target[];
}

export interface Places {
  /** The model may be one that nobody has heard of yet. */
  of(provider: Provider, model: string): Place;
  /** Only for a model that the provider is known to have. */
  known(provider: Provider, model: string): Place | undefined;
}

/** Unlisted models that are kept for each provider. A provider of whom more are in use at once just has them made anew. */
const unlistedLimit = 256;

/** What is kept of one provider, for one list of its models. */
interface Shelf {
  readonly list: readonly KnownModel[];
  readonly models: ReadonlyMap<string, KnownModel>;
  readonly listed: Map<string, Place>;
  readonly unlisted: Map<string, Place>;
}

export function createPlaces(): Places {
  const shelves = new WeakMap<Provider, Shelf>();

  /** The list changes once, when the catalogue has been read: then limits and prices are known. */
  function shelfOf(provider: Provider): Shelf {
    const list = provider.models();
    const shelf = shelves.get(provider);
    if (shelf?.list === list) return shelf;
    const models = new Map(list.map((model) => [model.id, model]));
    const made: Shelf = { list, models, listed: new Map(), unlisted: shelf?.unlisted ?? new Map<string, Place>() };
    shelves.set(provider, made);
    return made;
  }

  function known(provider: Provider, model: string): Place | undefined {
    const { listed, models } = shelfOf(provider);
    const kept = listed.get(model);
    if (kept) return kept;
    const row = models.get(model);
    if (!row) return undefined;
    const place = placeOf(provider, model, row);
    listed.set(model, place);
    return place;
  }

  function unlisted(provider: Provider, model: string): Place {
    const kept = shelfOf(provider).unlisted;
    const place = kept.get(model) ?? placeOf(provider, model, undefined);
    // The one used last stands last.
    kept.delete(model);
    kept.set(model, place);
    if (kept.size > unlistedLimit) kept.delete(kept.keys().next().value ?? '');
    return place;
  }

  return { known, of: (provider, model) => known(provider, model) ?? unlisted(provider, model) };
}

function placeOf(provider: Provider, model: string, known: KnownModel | undefined): Place {
  const name = `${provider.id}/${model}`;
  const special = quirksOfModel(model);
  const departs = special && { quirks: { ...special, ...provider.quirks } };
  const target = (key: ProviderKey): Target => ({ provider, key, model, name, known, ...departs, weight: key.weight });
  return { name, provider, model, known, targets: provider.keys.map(target) };
}
