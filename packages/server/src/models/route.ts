/**
 * From the name that a client writes as `model` to the targets that may answer, in their order.
 *
 * A name is, in this order of precedence: a route of the configuration, `provider/model`, or a bare model id; several
 * providers that have that id are an implicit failover route over them.
 *
 * It does not ask anybody: see `service.ts`.
 */
import { nearestName } from '../core/nearest-name.ts';
import { OpenClawError } from '../core/errors.ts';
import type { Caller } from './call.ts';
import type { KnownModel, Provider, Target } from './target.ts';

export interface RouterOptions {
  /** In the order in which they are preferred; may grow while running (local servers are found after the start). */
  readonly providers: () => readonly Provider[];
  readonly routes: Readonly<Record<string, { readonly targets: readonly { readonly model: string }[] }>>;
}

export interface OfferedModel {
  /** What a client writes as `model`. */
  readonly id: string;
  /** The provider's id, or `openclaw` for a route. */
  readonly ownedBy: string;
  readonly known: KnownModel | undefined;
}

export interface Router {
  /** @throws OpenClawError `model_not_found`, `model_forbidden` */
  resolve(model: string, caller: Caller): readonly Target[];
  /** What the caller may use: routes first, then the known models of each provider. */
  list(caller: Caller): OfferedModel[];
}

export function createRouter(options: RouterOptions): Router {
  const { routes } = options;
  const isRoute = (name: string): boolean => Object.hasOwn(routes, name);

  const turns = new WeakMap<Provider, number>();

  /** One target for each key; the keys take turns in standing first. */
  function targetsOf(provider: Provider, model: string, known: KnownModel | undefined): readonly Target[] {
    const { keys } = provider;
    const turn = turns.get(provider) ?? 0;
    turns.set(provider, (turn + 1) % keys.length);
    return [...keys.slice(turn), ...keys.slice(0, turn)].map((key) => ({
      ...{ provider, key, model, name: `${provider.id}/${model}`, known, weight: key.weight },
    }));
  }

  function named(name: string): readonly Target[] {
    if (isRoute(name)) return (routes[name]?.targets ?? []).flatMap(({ model }) => qualified(model) ?? []);
    const exact = qualified(name);
    if (exact) return exact;
    return options.providers().flatMap((provider) => {
      const known = provider.models().find((model) => model.id === name);
      return known ? targetsOf(provider, name, known) : [];
    });
  }

  /** `provider/model`; the model may be one that nobody has heard of yet. */
  function qualified(name: string): readonly Target[] | undefined {
    const slash = name.indexOf('/');
    const provider = slash > 0 ? options.providers().find(({ id }) => id === name.slice(0, slash)) : undefined;
    const model = name.slice(slash + 1);
    if (!provider || model === '') return undefined;
    return targetsOf(
      provider,
      model,
      provider.models().find(({ id }) => id === model),
    );
  }

  function list(caller: Caller): OfferedModel[] {
    const offered: OfferedModel[] = Object.keys(routes)
      .filter((name) => named(name).length > 0)
      .map((id) => ({ id, ownedBy: 'openclaw', known: undefined }));
    for (const provider of options.providers()) {
      for (const known of provider.models()) offered.push({ id: `${provider.id}/${known.id}`, ownedBy: provider.id, known });
    }
    const allowed = caller.models;
    if (!allowed) return offered;
    const bareIds = allowed.filter(isBareId);
    return offered.filter(({ id }) => allowed.includes(id) || bareIds.includes(id.slice(id.indexOf('/') + 1)));
  }

  /** What a key lists means what it would mean in a request: the id of a model is bare only if it is neither of the others. */
  function isBareId(name: string): boolean {
    return !isRoute(name) && qualified(name) === undefined;
  }

  /** A bare id stands for the model at whoever has it, `provider/model` for that one, the name of a route for that route alone. */
  function isAllowedBy(allowed: readonly string[]): (target: Target) => boolean {
    const names = allowed.filter((name) => !isRoute(name));
    const bareIds = allowed.filter(isBareId);
    return ({ name, model }) => names.includes(name) || bareIds.includes(model);
  }

  return {
    list,
    resolve(name, caller) {
      const targets = named(name);
      const permitted = caller.models === undefined || caller.models.includes(name) ? targets : targets.filter(isAllowedBy(caller.models));
      if (permitted.length > 0) return permitted;
      if (targets.length > 0) throw new OpenClawError('model_forbidden', { details: { keyId: caller.id, model: name }, param: 'model' });
      throw notFound(
        name,
        list(caller).map(({ id }) => id),
      );
    },
  };
}

function notFound(model: string, offered: readonly string[]): OpenClawError {
  const bare = offered.map((id) => id.slice(id.indexOf('/') + 1));
  const nearest = nearestName(model, offered) ?? nearestName(model, bare);
  const suggestion = nearest
    ? `Did you mean ${nearest}? GET /v1/models lists all that there are.`
    : 'GET /v1/models lists those that there are.';
  return new OpenClawError('model_not_found', { details: { model, suggestion }, param: 'model' });
}
