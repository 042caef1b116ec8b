/**
 * From the name that a client writes as `model` to who may answer.
 *
 * A name is, in this order of precedence: a route of the configuration, `provider/model`, or a bare model id; several
 * providers that have that id are an implicit failover route over them.
 *
 * It does not say who is asked first (`order.ts`), and asks nobody (`../service.ts`).
 */
import type { RouteSettings } from '../../config/index.ts';
import { nearestName } from '../../core/nearest-name.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { Caller } from '../call.ts';
import { createPlaces, type Place, type Places } from './places.ts';
import type { KnownModel, Provider } from '../target.ts';

export type Strategy = RouteSettings['strategy'];

export interface RouterOptions {
  /** In the order in which they are preferred; may grow while running (local servers are found after the start). */
  readonly providers: () => readonly Provider[];
  readonly routes: Readonly<Record<string, RouteSettings>>;
  /** Of a router before this one, whose providers may still be there. @default none yet */
  readonly places?: Places;
}

/** Who may answer, without an order of keys. */
export interface Route {
  /** As the client wrote it. */
  readonly name: string;
  /** As the operator wrote them, at least one. */
  readonly targets: readonly RouteTarget[];
  /** `shared`: the bare id of a model that several providers may have. */
  readonly kind: 'route' | 'model' | 'shared';
  readonly strategy: Strategy;
  readonly afterFirstToken: RouteSettings['afterFirstToken'];
}

export interface RouteTarget {
  readonly place: Place;
  /** Its share where the order is weighted. */
  readonly weight: number;
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
  resolve(model: string, caller: Caller): Route;
  /** What the caller may use: routes first, then the known models of each provider. */
  list(caller: Caller): OfferedModel[];
}

export function createRouter(options: RouterOptions): Router {
  const { routes } = options;
  const { places = createPlaces() } = options;
  const routeTo = createDirectRoutes();
  const providerOf = createProviderIndex(options.providers);
  const isRoute = (name: string): boolean => Object.hasOwn(routes, name);

  function named(name: string): Route | undefined {
    const settings = isRoute(name) ? routes[name] : undefined;
    if (settings) return configured(name, settings, qualified);
    const exact = qualified(name);
    if (exact) return routeTo(exact);
    const known = options.providers().flatMap((provider) => places.known(provider, name) ?? []);
    return known.length === 0 ? undefined : { name, kind: 'shared', targets: known.map(fromPlace), ...plain };
  }

  /** `provider/model`; the model may be one that nobody has heard of yet. */
  function qualified(name: string): Place | undefined {
    const slash = name.indexOf('/');
    if (slash <= 0 || slash === name.length - 1) return undefined;
    const provider = providerOf(name.slice(0, slash));
    return provider && places.of(provider, name.slice(slash + 1));
  }

  function list(caller: Caller): OfferedModel[] {
    const offered: OfferedModel[] = Object.keys(routes)
      .filter((name) => named(name))
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
  function permittedBy(allowed: readonly string[], route: Route): Route {
    const names = allowed.filter((name) => !isRoute(name));
    const bareIds = allowed.filter(isBareId);
    return { ...route, targets: route.targets.filter(({ place }) => names.includes(place.name) || bareIds.includes(place.model)) };
  }

  return {
    list,
    resolve(name, caller) {
      const route = named(name);
      if (!route) {
        throw notFound(
          name,
          list(caller).map(({ id }) => id),
        );
      }
      const permitted = caller.models === undefined || caller.models.includes(name) ? route : permittedBy(caller.models, route);
      if (permitted.targets.length > 0) return permitted;
      throw new OpenClawError('model_forbidden', { details: { keyId: caller.id, model: name }, param: 'model' });
    },
  };
}

/** How names are answered that are no routes. */
const plain = { strategy: 'priority', afterFirstToken: 'error' } as const;

/** Of its targets, those whose provider is there. */
function configured(name: string, settings: RouteSettings, placeOf: (target: string) => Place | undefined): Route | undefined {
  const targets: RouteTarget[] = [];
  for (const { model, weight } of settings.targets) {
    const place = placeOf(model);
    if (place) targets.push({ place, weight });
  }
  const { strategy, afterFirstToken } = settings;
  return targets.length === 0 ? undefined : { name, kind: 'route', targets, strategy, afterFirstToken };
}

function createProviderIndex(list: () => readonly Provider[]): (id: string) => Provider | undefined {
  let indexed: readonly Provider[] = [];
  let byId: ReadonlyMap<string, Provider> = new Map();
  return (id) => {
    const providers = list();
    if (providers !== indexed) {
      indexed = providers;
      byId = new Map(providers.map((provider) => [provider.id, provider]));
    }
    return byId.get(id);
  };
}

/** The route to one place is always the same, and lives as long as the place. */
function createDirectRoutes(): (place: Place) => Route {
  const routes = new WeakMap<Place, Route>();
  return (place) => {
    let route = routes.get(place);
    if (!route) {
      route = { name: place.name, kind: 'model', targets: [fromPlace(place)], ...plain };
      routes.set(place, route);
    }
    return route;
  };
}

function fromPlace(place: Place): RouteTarget {
  return { place, weight: 1 };
}

function notFound(model: string, offered: readonly string[]): OpenClawError {
  const bare = offered.map((id) => id.slice(id.indexOf('/') + 1));
  const nearest = nearestName(model, offered) ?? nearestName(model, bare);
  const suggestion = nearest
    ? `Did you mean ${nearest}? GET /v1/models lists all that there are.`
    : 'GET /v1/models lists those that there are.';
  return new OpenClawError('model_not_found', { details: { model, suggestion }, param: 'model' });
}
