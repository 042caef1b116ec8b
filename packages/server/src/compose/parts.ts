/** Builds the parts of a gateway that has its state, in order, and hands them to each other. When it starts and stops: `start.ts`. */
import type { IncomingMessage } from 'node:http';
import { usageDimensions, type UsageDimension } from '@openclaw/protocol';
import { createAllowances, createAuthenticator, createVirtualKeys, type VirtualKeys } from '../access/index.ts';
import { ensureGatewayToken, gatewayTokenFile, type Configuration } from '../config/index.ts';
import type { Clock } from '../core/clock.ts';
import { OpenClawError } from '../core/errors.ts';
import { createIds } from '../core/ids.ts';
import type { RootLog } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import { createEventLoopDelay, registerProcessMetrics, type EventLoopDelay } from '../core/process-metrics.ts';
import type { Redactor } from '../core/redact.ts';
import { createGateway, type GatewayPolicy } from '../gateway/index.ts';
import { controlUiDirectory } from './control-ui-directory.ts';
import { createModelPath, traceTarget, type ModelPath } from '../models/index.ts';
import type { State } from '../storage/index.ts';
import { version } from '../version.ts';
import { examine } from './examine.ts';
import { findProviderKeys } from './provider-keys.ts';

export interface PartsOptions {
  readonly configuration: Configuration;
  readonly log: RootLog;
  readonly redactor: Redactor;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly state: State;
  readonly loopbackOnly: boolean;
  readonly checkKeys: boolean;
}

export interface Parts {
  readonly state: State;
  readonly keys: VirtualKeys;
  readonly eventLoopDelay: EventLoopDelay;
  readonly models: ModelPath;
  readonly gateway: ReturnType<typeof createGateway>;
  readonly tokenFile: string | undefined;
}

export async function buildParts({
  configuration,
  log,
  redactor,
  metrics,
  clock,
  state,
  loopbackOnly,
  checkKeys,
}: PartsOptions): Promise<Parts> {
  const { settings } = configuration;
  const { auth, limits } = settings.gateway;
  const ids = createIds({ clock });
  const allowances = createAllowances({ clock, spending: (question) => models.usage.spending(question) });
  const keys = await createVirtualKeys({ database: state.database, clock, ids, allowances, log: log.child({ component: 'access' }) });
  const token = auth.mode === 'token' && auth.token === undefined ? ensureGatewayToken(configuration.stateDirectory) : undefined;
  if (token) redactor.add(token.token);
  const authenticator = createAuthenticator({
    mode: auth.mode,
    secret: token?.token ?? (auth.mode === 'password' ? auth.password : auth.token),
    keys,
    clock,
  });
  const keysFromEnvironment = findProviderKeys(configuration);
  redactor.add(...keysFromEnvironment.map(({ key }) => key));
  const models = createModelPath({
    settings: settings.models,
    nestingDepthLimit: limits.nestingDepth,
    keysFromEnvironment,
    lookUp: (name) => configuration.environment.lookup(name)?.value,
    secretFiles: configuration.secretFiles,
    onSecret: (secret) => redactor.add(secret),
    checkKeys,
    database: state.database,
    allowances,
    clock,
    random: Math.random,
    log: log.child({ component: 'models' }),
    metrics,
    redactor,
    traces: traceTarget(settings.telemetry.traces, (name) => configuration.environment.lookup(name)?.value),
  });
  const eventLoopDelay = createEventLoopDelay(clock);
  registerProcessMetrics(metrics, { clock, eventLoopDelay });
  const { controlUi } = settings.gateway;
  const policy: GatewayPolicy = { limits, open: auth.mode === 'none', loopbackOnly, controlUi, restricted: undefined };
  const gateway = createGateway({
    version,
    policy: () => policy,
    controlUiDirectory: controlUiDirectory(),
    authenticate: (request: IncomingMessage) => authenticator.authenticate(request.headers, request.socket.remoteAddress ?? ''),
    service: models.service,
    responses: models.responses,
    router: models.router,
    admin: administration({ keys, models, log }),
    sight: models.administration,
    health: examine(state, models, clock),
    metrics,
    log: log.child({ component: 'gateway' }),
    ids,
    clock,
  });
  models.sight.watchConnections(gateway.connections);
  return { state, keys, models, gateway, eventLoopDelay, tokenFile: token?.file ?? earlierTokenFile(configuration) };
}

/** The token of an earlier start comes with the configuration, as if an operator had written it. */
function earlierTokenFile({ settings, origins, stateDirectory }: Configuration): string | undefined {
  const file = gatewayTokenFile(stateDirectory);
  return settings.gateway.auth.mode === 'token' && origins.get('gateway.auth.token')?.where === file ? file : undefined;
}

interface AdministrationOptions {
  readonly keys: VirtualKeys;
  readonly models: ModelPath;
  readonly log: RootLog;
}

function administration({ keys, models, log }: AdministrationOptions): Parameters<typeof createGateway>[0]['admin'] {
  return {
    listKeys: () => keys.list(),
    createKey: (wanted) => keys.create(wanted),
    getKey: (id) => keys.get(id),
    updateKey: (id, wanted) => keys.update(id, wanted),
    revokeKey: (id) => keys.revoke(id),
    usage: ({ sinceMs, by }) => models.usage.totals({ sinceMs, by: dimensionOf(by) }),
    setLogLevel: (level) => log.setLevel(level),
    listModels: () => models.directory.list(),
    showModel: (name) => models.directory.show(name),
  };
}

function dimensionOf(name: string): UsageDimension {
  const dimension = usageDimensions.find((known) => known === name);
  if (dimension) return dimension;
  throw new OpenClawError('invalid_request', {
    details: { path: 'by', reason: `must be one of ${usageDimensions.join(', ')}` },
    param: 'by',
  });
}
