/**
 * `/healthz`, `/readyz`, `/startupz`, `/health` of a gateway that serves, drains or is in rescue mode: the bare status for anybody, the
 * details for those who may see them. Before it serves: `../starting.ts`; where it must not: `../held.ts`.
 */
import type { OpenClawError } from '../../core/errors.ts';
import { probeCodes, type GatewayState, type Health, type HealthReport, type ProbePath } from '../health.ts';
import { replyJson } from '../reply.ts';
import type { Endpoint, GatewayRequest } from '../request.ts';

export interface HealthEndpointOptions {
  readonly health: Health;
  readonly version: string;
  readonly draining: () => boolean;
  readonly uptimeMs: () => number;
  /** Why it runs in rescue mode, while it does. */
  readonly rescue?: () => OpenClawError | undefined;
}

/** The process lives and its event loop turns. Nothing else: whoever restarts it for less does harm. */
export const alive: Endpoint = (request) => replyJson(request.response, 200, { status: 'ok' });

/** Whether new traffic should come here. */
export function createReadyEndpoint(options: HealthEndpointOptions): Endpoint {
  return (request) => answer(request, options, ({ state, status }) => ({ status: state, ready: status === 200 }));
}

/** Whether the start is over, be it in rescue mode: a start that is slow is not to be taken for a hang. */
export function createStartupEndpoint(options: HealthEndpointOptions): Endpoint {
  return (request) => answer(request, options, ({ state, status }) => ({ status: state, started: status === 200 }));
}

/** A summary for people and for `HEALTHCHECK`. */
export function createHealthEndpoint(options: HealthEndpointOptions): Endpoint {
  const { version } = options;
  return (request) =>
    answer(request, options, ({ state }) => ({ status: state, version, uptimeSeconds: Math.floor(options.uptimeMs() / 1000) }));
}

interface Found {
  readonly state: GatewayState;
  /** Of the answer. */
  readonly status: number;
}

async function answer(request: GatewayRequest, options: HealthEndpointOptions, summary: (found: Found) => object): Promise<void> {
  const report = await options.health.report();
  const problem = options.rescue?.();
  const state = options.draining() ? 'draining' : problem ? 'rescue' : report.status;
  const status = probeCodes[request.path as ProbePath][state];
  if (status === 503) request.response.setHeader('retry-after', '1');
  replyJson(request.response, status, { ...summary({ state, status }), ...details(request, report, problem) });
}

/** Names and states are for everybody; reasons speak of the machine, so they are for callers with a credential. */
function details(request: GatewayRequest, report: HealthReport, problem: OpenClawError | undefined): object {
  const checks = Object.entries(report.checks);
  const code = problem ? { code: problem.code } : {};
  if (!maySeeDetails(request)) return { ...code, checks: Object.fromEntries(checks.map(([name, { state }]) => [name, { state }])) };
  return { ...code, ...(problem ? { reason: problem.message, hint: problem.hint } : {}), checks: report.checks };
}

function maySeeDetails(request: GatewayRequest): boolean {
  try {
    return request.authenticate().scopes.has('admin');
  } catch {
    // Asking without a credential is allowed here; it only shows less.
    return false;
  }
}
