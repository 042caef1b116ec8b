/**
 * From the name of a model to targets in their order, in one piece: who can be asked, what names stand for, which keys are
 * good, who is quick. The parts: `../providers.ts`, `route.ts`, `../keys/key-care.ts`, `latency.ts`, `order.ts`.
 *
 * What follows from the settings is one plan, which is replaced as a whole when they change; what was learnt stays. It asks nobody but
 * model servers on this machine, what they have, and providers, whether their keys are good.
 */
import { isDeepStrictEqual } from 'node:util';
import { timeoutDefaults, type ModelsSettings, type SecretFile } from '../../config/index.ts';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Caller } from '../call.ts';
import { loadCatalogue, type Catalogue } from '../catalogue/index.ts';
import { createModelDirectory, type ModelDirectory } from './directory.ts';
import { createKeyCare } from '../keys/key-care.ts';
import type { KeyStatus } from '../keys/keys.ts';
import { createLatency } from './latency.ts';
import { createLocalSearch, type LocalSearch } from './local-search.ts';
import type { Operation } from '../operation.ts';
import { createOrdering } from './order.ts';
import { createProviders, type FoundKey, type Providers } from '../providers.ts';
import { createPlaces, type Places } from './places.ts';
import { createRouter, type Router } from './route.ts';
import type { Routed } from '../asking.ts';
import type { AttemptReport } from '../report.ts';
import type { Provider, Target } from '../target.ts';
import type { Upstream } from '../upstream.ts';

/** Where it comes from who can be asked, and by which names. */
export interface SelectionSources {
  readonly settings: Pick<ModelsSettings, 'providers' | 'routes'>;
  readonly keysFromEnvironment: readonly FoundKey[];
  /** The value of an environment variable: where AWS's credentials and region are. @default none is set */
  readonly lookUp?: ((name: string) => string | undefined) | undefined;
  /** Where the secret of a setting lies, by its path: what lies there later is used from then on. @default nowhere */
  readonly secretFiles?: ReadonlyMap<string, SecretFile> | undefined;
}

export interface SelectionOptions extends SelectionSources {
  /** Told of each key that was rotated, so that no log shows it. */
  readonly onSecret?: ((secret: string) => void) | undefined;
  /** Ask each provider after the start whether its keys are good. @default true */
  readonly checkKeys?: boolean | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly http: Upstream;
  readonly rehearsal: Upstream;
  /** Requests under way at a target. */
  readonly underWayOf: (target: Target) => number;
}

export interface Selection {
  readonly router: Router;
  /** What can be asked for, for operators. */
  readonly directory: ModelDirectory;
  providers(): readonly Provider[];
  keysStatus(): KeyStatus[];
  /** @throws OpenClawError `model_not_found`, `model_forbidden`, or what a provider said where every key is left out */
  route(operation: Operation, caller: Caller): Routed;
  /** What an attempt tells about its key and its target. */
  learn(report: AttemptReport, stream: boolean): void;
  /** Limits and prices are known once it has been read. */
  loadCatalogue(): Promise<Catalogue>;
  /** Looks for model servers on this machine, and begins to check keys. */
  prepare(ownPort: number, signal: AbortSignal): Promise<void>;
  /**
   * Requests that come from now on are routed by these. Model servers are looked for again where other providers are configured,
   * and keys that are new are checked. @throws OpenClawError `config_invalid`; nothing has changed then
   */
  reconfigure(sources: SelectionSources): void;
  close(): Promise<void>;
}

/** What follows from the settings. */
interface Plan {
  readonly sources: SelectionSources;
  readonly providers: Providers;
  readonly router: Router;
  readonly directory: ModelDirectory;
}

/** What stays when they change. */
interface Lasting extends Pick<SelectionOptions, 'clock' | 'http' | 'rehearsal'> {
  readonly places: Places;
  readonly local: Pick<LocalSearch, 'found'>;
  readonly catalogue: () => Catalogue | undefined;
  readonly load: () => Promise<Catalogue>;
  readonly keysStatus: () => KeyStatus[];
}

/** Nothing of it holds before its providers are committed. @throws OpenClawError `config_invalid` */
function createPlan(sources: SelectionSources, lasting: Lasting, before?: Providers): Plan {
  const { settings, keysFromEnvironment, lookUp = () => undefined, secretFiles = new Map<string, SecretFile>() } = sources;
  const { clock, http, rehearsal, catalogue, keysStatus } = lasting;
  const providers = createProviders(
    {
      ...{ configured: settings.providers, fromEnvironment: keysFromEnvironment, secretFiles, timeouts: timeoutDefaults },
      ...{ http, rehearsal, catalogue, aws: { lookUp, clock } },
    },
    before,
  );
  for (const server of lasting.local.found()) providers.addLocal(server);
  const router = createRouter({ providers: () => providers.list(), routes: settings.routes, places: lasting.places });
  const directory = createModelDirectory({ router, providers: settings.providers, catalogue: lasting.load, keysStatus });
  return { sources, providers, router, directory };
}

/** @throws OpenClawError `config_invalid` for a provider that cannot be asked as it is configured */
export function createSelection(options: SelectionOptions): Selection {
  const { clock, log, random, underWayOf, onSecret = () => {} } = options;
  let catalogue: Catalogue | undefined;
  const load = async (): Promise<Catalogue> => (catalogue ??= await loadCatalogue());
  const local = createLocalSearch({ log });
  const keysStatus = (): KeyStatus[] => keyCare.status();
  const lasting: Lasting = { ...options, places: createPlaces(), local, catalogue: () => catalogue, load, keysStatus };
  let plan = createPlan(options, lasting);
  const keyCare = createKeyCare({ providers: plan.providers, clock, log, onSecret });
  const { keys } = keyCare;
  // Apart: the first output of a whole answer is all of it, and comes when a streamed one ends.
  const [streamed, whole] = [createLatency({ clock }), createLatency({ clock })];
  const latencyOf = (target: Target, stream: boolean): number | undefined => (stream ? streamed : whole).of(target);
  const ordering = createOrdering({ keys, random, underWayOf, latencyOf });

  return {
    router: {
      resolve: (model, caller) => plan.router.resolve(model, caller),
      list: (caller) => plan.router.list(caller),
    },
    directory: { list: () => plan.directory.list(), show: (name) => plan.directory.show(name) },
    providers: () => plan.providers.list(),
    keysStatus,
    route(operation, caller) {
      const route = plan.router.resolve(operation.model, caller);
      const { input, output } = operation.estimate;
      const session = route.strategy === 'sticky' ? operation.session() : undefined;
      const targets = ordering.order(route, { session, stream: operation.stream, inputTokens: input, outputTokens: output });
      return { targets, goesOn: route.afterFirstToken === 'continue' };
    },
    learn({ target, error, cancelled, firstOutputMs }, stream) {
      if (firstOutputMs !== undefined) (stream ? streamed : whole).observe(target, firstOutputMs);
      if (!error) keys.accepted(target);
      else if (cancelled) keys.untried(target);
      else keys.report(target, error);
    },
    loadCatalogue: load,
    async prepare(ownPort, signal) {
      await local.begin(ownPort, { signal, onFound: (server) => plan.providers.addLocal(server) });
      if (options.checkKeys ?? true) keyCare.beginChecks();
    },
    reconfigure(sources) {
      const next = createPlan(sources, lasting, plan.providers);
      const looksAgain = !isDeepStrictEqual(Object.keys(sources.settings.providers), Object.keys(plan.sources.settings.providers));
      next.providers.commit();
      plan = next;
      keyCare.reconfigure(next.providers);
      if (looksAgain) local.again();
    },
    async close() {
      await local.close();
      await keyCare.close();
    },
  };
}

/** What can be asked for by the configuration alone, where no gateway runs. Nobody is asked, so no local servers are found. */
export function describeConfigured(options: Pick<SelectionSources, 'settings' | 'keysFromEnvironment'>): ModelDirectory {
  const { settings, keysFromEnvironment } = options;
  let catalogue: Catalogue | undefined;
  const nobody: Upstream = { send: () => Promise.reject(new OpenClawError('draining')), close: () => Promise.resolve() };
  const providers = createProviders({
    ...{ configured: settings.providers, fromEnvironment: keysFromEnvironment, timeouts: timeoutDefaults },
    ...{ secretFiles: new Map<string, SecretFile>(), http: nobody, rehearsal: nobody, catalogue: () => catalogue },
  });
  return createModelDirectory({
    router: createRouter({ providers: () => providers.list(), routes: settings.routes }),
    providers: settings.providers,
    keysStatus: undefined,
    catalogue: async () => (catalogue ??= await loadCatalogue()),
  });
}
