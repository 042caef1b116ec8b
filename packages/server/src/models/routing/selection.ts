/**
 * From the name of a model to targets in their order, in one piece: who can be asked, what names stand for, which keys are
 * good, who is quick. The parts: `../providers.ts`, `route.ts`, `../keys/key-care.ts`, `latency.ts`, `order.ts`.
 *
 * It asks nobody but model servers on this machine, what they have, and providers, whether their keys are good.
 */
import { timeoutDefaults, type ModelsSettings, type SecretFile } from '../../config/index.ts';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Caller } from '../call.ts';
import { loadCatalogue, type Catalogue } from '../catalogue/index.ts';
import { createModelDirectory, type ModelDirectory } from './directory.ts';
import { discoverLocalServers } from '../discovery.ts';
import { createKeyCare } from '../keys/key-care.ts';
import type { KeyStatus } from '../keys/keys.ts';
import { createLatency } from './latency.ts';
import type { Operation } from '../operation.ts';
import { createOrdering } from './order.ts';
import { createProviders, type FoundKey } from '../providers.ts';
import { createRouter, type Router } from './route.ts';
import type { Routed } from '../asking.ts';
import type { AttemptReport } from '../report.ts';
import type { Provider, Target } from '../target.ts';
import type { Upstream } from '../upstream.ts';

export interface SelectionOptions {
  readonly settings: Pick<ModelsSettings, 'providers' | 'routes'>;
  readonly keysFromEnvironment: readonly FoundKey[];
  /** The value of an environment variable: where AWS's credentials and region are. @default none is set */
  readonly lookUp?: ((name: string) => string | undefined) | undefined;
  /** Where the secret of a setting lies, by its path: what lies there later is used from then on. @default nowhere */
  readonly secretFiles?: ReadonlyMap<string, SecretFile> | undefined;
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
  close(): Promise<void>;
}

/** @throws OpenClawError `config_invalid` for a provider that cannot be asked as it is configured */
export function createSelection(options: SelectionOptions): Selection {
  const { clock, log, random, settings, underWayOf, lookUp = () => undefined, onSecret = () => {} } = options;
  let catalogue: Catalogue | undefined;
  const load = async (): Promise<Catalogue> => (catalogue ??= await loadCatalogue());
  const providers = createProviders({
    ...{ configured: settings.providers, fromEnvironment: options.keysFromEnvironment, timeouts: timeoutDefaults },
    ...{ http: options.http, rehearsal: options.rehearsal, catalogue: () => catalogue },
    secretFiles: options.secretFiles ?? new Map<string, SecretFile>(),
    aws: { lookUp, clock },
  });
  const router = createRouter({ providers: () => providers.list(), routes: settings.routes });
  const keyCare = createKeyCare({ providers, clock, log, onSecret });
  const { keys } = keyCare;
  // Apart: the first output of a whole answer is all of it, and comes when a streamed one ends.
  const [streamed, whole] = [createLatency({ clock }), createLatency({ clock })];
  const latencyOf = (target: Target, stream: boolean): number | undefined => (stream ? streamed : whole).of(target);
  const ordering = createOrdering({ keys, random, underWayOf, latencyOf });

  return {
    router,
    directory: createModelDirectory({
      ...{ router, providers: settings.providers, catalogue: load },
      keysStatus: () => keyCare.status(),
    }),
    providers: () => providers.list(),
    keysStatus: () => keyCare.status(),
    route(operation, caller) {
      const route = router.resolve(operation.model, caller);
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
      for (const server of await discoverLocalServers({ signal, ignorePorts: [ownPort] })) {
        providers.addLocal(server);
        log.info('found a model server on this machine', { provider: server.id, baseUrl: server.baseUrl, models: server.models.length });
      }
      if (options.checkKeys ?? true) keyCare.beginChecks(signal);
    },
    close: () => keyCare.close(),
  };
}

/** What can be asked for by the configuration alone, where no gateway runs. Nobody is asked, so no local servers are found. */
export function describeConfigured(options: Pick<SelectionOptions, 'settings' | 'keysFromEnvironment'>): ModelDirectory {
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
