/**
 * What can be asked for and what stands behind it, for operators: every name with its limits, abilities and prices, and what
 * a name resolves to, with where each piece of knowledge comes from. With a gateway or without one.
 *
 * It asks no provider. What callers may use is `route.ts`.
 */
import type { ModelAbility, ModelDescription, ModelPrice, ModelRow, ModelTargetDescription, Sourced } from '@openclaw/protocol';
import { modelAbilities } from '@openclaw/protocol';

import type { ProviderSettings } from '../../config/index.ts';
import type { Abilities, Catalogue, CatalogueModel, Price } from '../catalogue/index.ts';
import type { KeyStatus } from '../keys/keys.ts';
import { rehearsal } from '../rehearsal/identity.ts';
import type { Router, RouteTarget } from './route.ts';

export interface ModelDirectory {
  list(): Promise<ModelRow[]>;
  /** @throws OpenClawError `model_not_found` */
  show(name: string): Promise<ModelDescription>;
}

export interface ModelDirectoryOptions {
  readonly router: Router;
  readonly providers: Readonly<Record<string, ProviderSettings>>;
  /** Loaded when it is first needed. */
  readonly catalogue: () => Promise<Catalogue>;
  /** `undefined` where nobody has asked the providers. */
  readonly keysStatus: (() => readonly KeyStatus[]) | undefined;
}

const everything = { id: 'openclaw', models: undefined };

export function createModelDirectory(options: ModelDirectoryOptions): ModelDirectory {
  const { router } = options;
  return {
    async list() {
      await options.catalogue();
      return router.list(everything).map(({ id, ownedBy, known }): ModelRow => {
        const isRoute = known === undefined;
        return {
          name: id,
          kind: isRoute ? 'route' : 'model',
          provider: isRoute ? null : ownedBy,
          contextWindow: known?.contextWindow ?? null,
          maxOutputTokens: known?.maxOutputTokens ?? null,
          abilities: known?.abilities ? namesOf(known.abilities) : null,
          price: known?.price ? publicPrice(known.price) : null,
          targets: isRoute ? router.resolve(id, everything).targets.map(({ place }) => place.name) : null,
        };
      });
    },
    async show(name) {
      const catalogue = await options.catalogue();
      const { targets, strategy, afterFirstToken, kind } = router.resolve(name, everything);
      const context = { catalogue, providers: options.providers, status: options.keysStatus?.() };
      return { name, kind, strategy, afterFirstToken, targets: targets.map((target) => describeTarget(target, context)) };
    },
  };
}

interface Knowledge {
  readonly catalogue: Catalogue;
  readonly providers: Readonly<Record<string, ProviderSettings>>;
  readonly status: readonly KeyStatus[] | undefined;
}

function describeTarget({ place, weight }: RouteTarget, knowledge: Knowledge): ModelTargetDescription {
  const { provider, model, known } = place;
  const own = Object.hasOwn(knowledge.providers, provider.id) ? knowledge.providers[provider.id]?.models : undefined;
  const written = own?.find(({ id }) => id === model);
  const listed = knowledge.catalogue.lookUpModel(provider.id, model);
  const sourced = <Value>(value: Value | undefined, isWritten: boolean, field: keyof CatalogueModel): Sourced<Value> | null => {
    if (value === undefined) return null;
    const catalogued = listed?.[field] === undefined ? 'the server itself' : `the catalogue of ${knowledge.catalogue.snapshotDate}`;
    return { value, source: isWritten ? `models.providers.${provider.id}.models` : catalogued };
  };
  return {
    name: place.name,
    weight,
    api: provider.dialect,
    address: provider.id === rehearsal.provider ? 'built in' : provider.origin + provider.basePath,
    keys: provider.keys.map((key) => {
      const row = knowledge.status?.find((status) => status.provider === provider.id && status.key === key.id);
      return { id: key.id, source: key.source, weight: key.weight, state: row?.state ?? 'unknown', reason: row?.reason ?? null };
    }),
    contextWindow: sourced(known?.contextWindow, written?.contextWindow !== undefined, 'contextWindow'),
    maxOutputTokens: sourced(known?.maxOutputTokens, written?.maxTokens !== undefined, 'maxOutputTokens'),
    abilities: sourced(known?.abilities && namesOf(known.abilities), false, 'abilities'),
    price: sourced(known?.price && publicPrice(known.price), written?.cost !== undefined, 'price'),
  };
}

function namesOf(abilities: Abilities): ModelAbility[] {
  return modelAbilities.filter((name) => abilities[name] === true);
}

function publicPrice({ input, output, cacheRead, cacheWrite }: Price): ModelPrice {
  return { input, output, cacheRead: cacheRead ?? null, cacheWrite: cacheWrite ?? null };
}
