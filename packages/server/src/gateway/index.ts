/**
 * The gateway: every endpoint on one port. It translates the outside to the parts, and nothing else.
 */
import type { IncomingMessage } from 'node:http';
import type { AuditSink, Principal } from '../access/index.ts';
import type { Clock } from '../core/clock.ts';
import type { Ids } from '../core/ids.ts';
import { OpenClawError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { ModelService, OperationName, ResponseReader, Router } from '../models/index.ts';
import { createBodyBudget, defaultBudgetBytes, type BodyBudget } from './body-budget.ts';
import { countConnections } from './connections.ts';
import { createAdminEndpoints, type AdminOptions } from './endpoints/admin.ts';
import { createAuditEndpoint, type AuditReader } from './endpoints/audit.ts';
import { createChannelEndpoints, type ChannelAdministration } from './endpoints/channels.ts';
import { alive, createHealthEndpoint, createReadyEndpoint, createStartupEndpoint } from './endpoints/health.ts';
import { createHookEndpoint, type HookDoor, type HookEndpointOptions } from './endpoints/hooks.ts';
import { createMetricsEndpoint } from './endpoints/metrics.ts';
import { createModelCallEndpoint } from './endpoints/model-calls.ts';
import { createModelEndpoint, createModelListEndpoint } from './endpoints/model-list.ts';
import { createResponseEndpoints } from './endpoints/responses.ts';
import { createRetentionEndpoint, type RetentionAdministration } from './endpoints/retention.ts';
import { createRunEndpoints, type RunEndpointsOptions } from './endpoints/runs.ts';
import { createSightEndpoints, type SightEndpointOptions } from './endpoints/sight.ts';
import type { Health } from './health.ts';
import { createKubernetesEndpoints, type WorkloadEndpointsOptions } from './kubernetes/index.ts';
import type { RequestHandler } from './listener.ts';
import { createOpenApiEndpoint } from './openapi.ts';
import { createControlUiEndpoints } from './pages/control-ui.ts';
import type { GatewayPolicy } from './policy.ts';
import type { Endpoint, EndpointTable } from './request.ts';
import { createRequestHandler } from './router.ts';

export { createHealth, type GatewayState, type Health, type HealthReport } from './health.ts';
export { listenHeld } from './held.ts';
export { listen, type Handlers, type Listener, type ListenOptions, type RequestHandler } from './listener.ts';
export { fingerprintOf, readTls, type TlsSettings } from './tls.ts';
export { createControlPlane, type ControlPlane, type GatewaySnapshot } from './control/index.ts';
export {
  createMethods,
  createStabilityRing,
  methodCapabilities,
  methodEvents,
  publishApprovals,
  publishDevices,
  publishTurns,
  watchStability,
  type AgentDirectory,
  type ControlMethods,
} from './control/methods/index.ts';
export type { Admission, Hub } from './control/contract.ts';
export { kindOfOrigin, refuseUnknownHost } from './origins.ts';
export type { GatewayPolicy } from './policy.ts';
export type { AdminOptions } from './endpoints/admin.ts';
export type { ChannelAdministration } from './endpoints/channels.ts';
export type { HookDoor } from './endpoints/hooks.ts';
export type { RunEndpointsOptions } from './endpoints/runs.ts';
export type { OpenedWorkloads, WorkloadEndpointsOptions } from './kubernetes/index.ts';
export type { SessionDirectory } from './endpoints/sessions.ts';
export { servedPaths } from './paths.ts';
export { startingHandler } from './starting.ts';

export interface GatewayOptions {
  readonly version: string;
  /** What holds now; asked with every request. */
  readonly policy: () => GatewayPolicy;
  /** Where the built Control UI lies. */
  readonly controlUiDirectory: string;
  readonly authenticate: (request: IncomingMessage) => Principal;
  readonly service: ModelService;
  readonly responses: ResponseReader;
  readonly router: Router;
  readonly admin: AdminOptions;
  readonly audit: AuditReader & AuditSink;
  readonly sight: SightEndpointOptions;
  /** Absent: it has no agents at work. */
  readonly runs?: Pick<RunEndpointsOptions, 'runs' | 'programs' | 'sessions'>;
  /** Absent: it runs no workloads. */
  readonly workloads?: WorkloadEndpointsOptions;
  /** Absent: it has no channels. */
  readonly channels?: HookDoor & ChannelAdministration;
  /** Absent: it gives up nothing by itself. */
  readonly retention?: () => RetentionAdministration;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly ids: Ids;
  readonly clock: Clock;
}

export interface Gateway {
  readonly handler: RequestHandler;
  /** Paths and their methods. */
  readonly endpoints: Readonly<Record<string, readonly string[]>>;
  /** Callers and how many connections each holds. */
  connections(): ReadonlyMap<string, number>;
  /** From now on: unready, and no new work. */
  drain(): void;
  isDraining(): boolean;
}

/** As in the catalogue's `client_closed`: no client ever sees it. */
const clientGoneStatus = 499;

export function createGateway(options: GatewayOptions): Gateway {
  let draining = false;
  const stopping = new AbortController();
  const connections = countConnections(options.authenticate);
  const requests = options.metrics.counter({
    name: 'openclaw_http_requests_total',
    help: 'Answered requests by endpoint, method and status.',
    labelNames: ['path', 'method', 'status'],
  });
  const { policy } = options;
  const endpoints = createEndpoints(options, () => draining, stopping.signal);
  const handler = createRequestHandler({
    endpoints,
    authenticate: connections.authenticate,
    policy,
    admit(pattern, request) {
      const isHealth = pattern.startsWith('/health') || pattern === '/readyz' || pattern === '/startupz';
      if (draining && !isHealth) throw new OpenClawError('draining', { retryAfterMs: 1000 });
      const { restricted } = policy();
      // Channels come back with the configuration; until then nobody may take them for gone.
      if (restricted !== undefined && pattern.startsWith('/hooks/'))
        throw new OpenClawError('not_ready', {
          details: { reason: 'its operator has to mend the configuration first' },
          retryAfterMs: 5000,
        });
      if (restricted === undefined || !pattern.startsWith('/v1/')) return;
      // What is wrong with the configuration is not for strangers.
      request.authenticate();
      throw restricted;
    },
    log: options.log,
    ids: options.ids,
    onRequest(path, method, response) {
      response.on('close', () => {
        // Of a client that left before its answer Node still says 200.
        const status = response.headersSent ? response.statusCode : clientGoneStatus;
        requests.labels(path, method, String(status)).increment();
      });
    },
  });
  return {
    handler,
    endpoints: Object.fromEntries(Object.entries(endpoints).map(([path, methods]) => [path, Object.keys(methods)])),
    connections: connections.open,
    drain() {
      draining = true;
      stopping.abort();
    },
    isDraining: () => draining,
  };
}

function createEndpoints(options: GatewayOptions, draining: () => boolean, stopping: AbortSignal): EndpointTable {
  const startedMs = options.clock.monotonicMs();
  const { policy } = options;
  const health = {
    health: options.health,
    version: options.version,
    draining,
    rescue: () => policy().restricted,
    uptimeMs: () => options.clock.monotonicMs() - startedMs,
  };
  const { bodyBytes, heldBodyBytes = defaultBudgetBytes() } = policy().limits;
  // A budget below one body would refuse it for ever, with words that ask for patience.
  const bodyBudget = createBodyBudget(Math.max(bodyBytes, heldBodyBytes));
  showBodies(options.metrics, bodyBudget);
  const largeBodies = { limitBytes: () => policy().limits.bodyBytes, budget: bodyBudget };
  const ask = (operation: OperationName): Endpoint =>
    createModelCallEndpoint({ service: options.service, bodyLimitBytes: () => policy().limits.bodyBytes, bodyBudget, operation });
  return {
    ...createControlUiEndpoints({ version: options.version, directory: options.controlUiDirectory, policy }),
    '/v1/chat/completions': { POST: ask('chat') },
    '/v1/responses': { POST: ask('chat') },
    '/v1/responses/*': createResponseEndpoints(options.responses, bodyBudget),
    '/v1/messages': { POST: ask('chat') },
    '/v1/messages/count_tokens': { POST: ask('countTokens') },
    '/v1/embeddings': { POST: ask('embeddings') },
    '/v1/models': { GET: createModelListEndpoint(options.router) },
    '/v1/models/*': { GET: createModelEndpoint(options.router) },
    '/healthz': { GET: alive },
    '/readyz': { GET: createReadyEndpoint(health) },
    '/startupz': { GET: createStartupEndpoint(health) },
    '/health': { GET: createHealthEndpoint(health) },
    '/metrics': { GET: createMetricsEndpoint(options.metrics, () => policy().loopbackOnly) },
    '/openapi.json': { GET: createOpenApiEndpoint(() => policy().loopbackOnly) },
    ...(options.runs ? createRunEndpoints({ ...options.runs, clock: options.clock, stopping, largeBodies }) : {}),
    ...(options.workloads ? createWorkloads({ ...options, workloads: options.workloads }, bodyBudget, stopping) : {}),
    ...(options.channels ? createChannelDoors(options.channels, { bodyLimitBytes: () => policy().limits.bodyBytes, bodyBudget }) : {}),
    ...createAdminEndpoints(options.admin),
    ...createAuditEndpoint(options.audit),
    ...(options.retention ? createRetentionEndpoint(options.retention) : {}),
    ...createSightEndpoints(options.sight),
  };
}

function createWorkloads(
  options: GatewayOptions & Required<Pick<GatewayOptions, 'workloads'>>,
  bodyBudget: BodyBudget,
  stopping: AbortSignal,
): EndpointTable {
  const { workloads, clock, log, version, policy, audit } = options;
  return createKubernetesEndpoints({
    ...workloads,
    clock,
    log,
    version,
    audit,
    bodyBudget,
    stopping,
    bodyLimitBytes: () => policy().limits.bodyBytes,
  });
}

function createChannelDoors(channels: HookDoor & ChannelAdministration, bodies: Omit<HookEndpointOptions, 'hooks'>): EndpointTable {
  return { ...createHookEndpoint({ ...bodies, hooks: channels }), ...createChannelEndpoints(channels) };
}

function showBodies(metrics: Metrics, budget: BodyBudget): void {
  const show = (name: string, help: string, read: () => number): void => {
    metrics.callback({ name, help, type: name.endsWith('_total') ? 'counter' : 'gauge', read });
  };
  show(
    'openclaw_http_body_bytes',
    'Bodies of requests to models, and whole answers on their way, that are held in memory.',
    () => budget.figures.heldBytes,
  );
  show('openclaw_http_body_limit_bytes', 'How much of them may be held.', () => budget.figures.limitBytes);
  show('openclaw_http_bodies_refused_total', 'Requests refused because too much was held.', () => budget.figures.refused);
}
