/**
 * The catalogue: which vendors there are, and of their models the context window, output limit, abilities and prices, from a
 * dated snapshot of public data. What an operator writes about a model overrides it.
 *
 * The snapshot is read when it is first asked for, not at start. A model that is not in it can be used all the same; only
 * its limits and price are unknown then. It does not ask providers what they have: see `../discovery.ts`.
 */
import { takesPrefill } from './model-quirks.ts';
import { mergePrices, type PartialPrice, type Price } from './price.ts';

export { quirksOfModel } from './model-quirks.ts';
export { costNanoUsd, type PartialPrice, type Price } from './price.ts';
export { findVendor, vendors, type Vendor } from './vendors.ts';

export interface Abilities {
  readonly tools: boolean;
  readonly images: boolean;
  /** Reads documents (PDF) that are part of a message. */
  readonly files: boolean;
  readonly reasoning: boolean;
  readonly streaming: boolean;
  /** Input that was sent before costs less. Where the provider publishes no price for that, false. */
  readonly promptCaching: boolean;
  /** Answers after a JSON schema. Absent where the snapshot does not say. */
  readonly structuredOutput?: boolean;
  /** Goes on with an assistant's message that ends the request. Absent where nobody says. */
  readonly prefill?: boolean;
}

export interface CatalogueModel {
  readonly id: string;
  readonly name?: string;
  /** Tokens that fit into it, input and output together. */
  readonly contextWindow?: number;
  readonly maxOutputTokens?: number;
  /** What the operator says of `Quirks.prefill`. */
  readonly prefill?: boolean;
  /** Absent for a model that only the operator knows. */
  readonly abilities?: Abilities;
  /** Absent where nobody said it, which is not the same as free. */
  readonly price?: Price;
}

/** What an operator says of a model in `models.providers.NAME.models`. */
export interface OperatorModel {
  readonly id: string;
  readonly contextWindow?: number | undefined;
  readonly maxTokens?: number | undefined;
  readonly prefill?: boolean | undefined;
  readonly cost?: PartialPrice | undefined;
}

export interface Catalogue {
  readonly snapshotDate: string;
  readonly source: string;
  readonly licence: string;
  /**
   * A name without its date (`claude-opus-4-1`) finds the model with one, if there is only one such.
   * @param provider a vendor's id
   */
  lookUpModel(provider: string, model: string, operatorModels?: readonly OperatorModel[]): CatalogueModel | undefined;
  /** The models of the snapshot and those that only the operator knows. */
  modelsOf(provider: string, operatorModels?: readonly OperatorModel[]): CatalogueModel[];
  priceOf(provider: string, model: string, operatorModels?: readonly OperatorModel[]): Price | undefined;
}

/** The shape of `models.json`, as `scripts/refresh-catalogue.ts` writes it. */
export interface Snapshot {
  readonly snapshotDate: string;
  readonly source: string;
  readonly licence: string;
  readonly models: Readonly<Record<string, Readonly<Record<string, SnapshotModel>>>>;
}

export interface SnapshotModel {
  readonly name: string;
  readonly contextWindow?: number;
  readonly maxOutputTokens?: number;
  /** Those it has of `tools`, `images`, `files`, `reasoning`. */
  readonly abilities: string;
  readonly structuredOutput?: boolean;
  readonly price?: Price;
}

/** Reads the snapshot; later calls get it from Node's module cache. */
export async function loadCatalogue(): Promise<Catalogue> {
  const { default: snapshot } = await import('./models.json', { with: { type: 'json' } });
  return createCatalogue(snapshot);
}

export function createCatalogue(snapshot: Snapshot): Catalogue {
  function lookUpModel(provider: string, model: string, operatorModels: readonly OperatorModel[] = []): CatalogueModel | undefined {
    const rows = ownValue(snapshot.models, provider);
    const known = rows && findRow(rows, model);
    const own = operatorModels.find((candidate) => candidate.id === model);
    if (!known && !own) return undefined;
    return describe(model, known, own);
  }

  return {
    snapshotDate: snapshot.snapshotDate,
    source: snapshot.source,
    licence: snapshot.licence,
    lookUpModel,
    modelsOf(provider, operatorModels = []) {
      const ids = new Set([...Object.keys(ownValue(snapshot.models, provider) ?? {}), ...operatorModels.map((model) => model.id)]);
      return [...ids].map((id) => lookUpModel(provider, id, operatorModels) ?? { id });
    },
    priceOf: (provider, model, operatorModels) => lookUpModel(provider, model, operatorModels)?.price,
  };
}

const dated = /^(.+)-(?:\d{8}|\d{4}-\d{2}-\d{2})$/;

function findRow(rows: Readonly<Record<string, SnapshotModel>>, model: string): SnapshotModel | undefined {
  const exact = ownValue(rows, model);
  if (exact) return exact;
  // Only towards more detail: a dated name that is not listed may well cost something else than its undated sister.
  const [only, another] = Object.keys(rows).filter((id) => dated.exec(id)?.[1] === model);
  return only !== undefined && another === undefined ? rows[only] : undefined;
}

function describe(id: string, known: SnapshotModel | undefined, own: OperatorModel | undefined): CatalogueModel {
  const contextWindow = own?.contextWindow ?? known?.contextWindow;
  const maxOutputTokens = own?.maxTokens ?? known?.maxOutputTokens;
  const price = mergePrices(known?.price, own?.cost);
  return {
    id,
    ...(known && { name: known.name, abilities: abilitiesOf(id, known) }),
    ...(contextWindow !== undefined && { contextWindow }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(price && { price }),
    ...(own?.prefill !== undefined && { prefill: own.prefill }),
  };
}

function abilitiesOf(id: string, model: SnapshotModel): Abilities {
  const has = new Set(model.abilities.split(' '));
  const prefill = takesPrefill(id);
  return {
    tools: has.has('tools'),
    images: has.has('images'),
    files: has.has('files'),
    reasoning: has.has('reasoning'),
    // Every model of the snapshot writes text, and every wire format streams text.
    streaming: true,
    promptCaching: model.price?.cacheRead !== undefined,
    ...(model.structuredOutput !== undefined && { structuredOutput: model.structuredOutput }),
    ...(prefill !== undefined && { prefill }),
  };
}

/** Names come from clients: `constructor` must find nothing. */
function ownValue<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
