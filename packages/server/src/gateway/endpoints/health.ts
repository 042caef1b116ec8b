/** `/healthz`, `/readyz`, `/health`: the bare status for anybody, the details for those who may see them. */
import type { Health, HealthReport } from '../health.ts';
import { replyJson } from '../reply.ts';
import type { Endpoint, GatewayRequest } from '../request.ts';

export interface HealthEndpointOptions {
  readonly health: Health;
  readonly version: string;
  readonly draining: () => boolean;
  readonly uptimeMs: () => number;
}

/** The process lives and its event loop turns. Nothing else: whoever restarts it for less does harm. */
export const alive: Endpoint = (request) => replyJson(request.response, 200, { status: 'ok' });

/** Whether new traffic should come here. */
export function createReadyEndpoint(options: HealthEndpointOptions): Endpoint {
  return async (request) => {
    const report = await options.health.report();
    const draining = options.draining();
    const status = draining ? 'draining' : report.status;
    const ready = !draining && report.status !== 'failed';
    replyJson(request.response, ready ? 200 : 503, { status, ready, ...details(request, report) });
  };
}

/** A summary for people and for `HEALTHCHECK`. */
export function createHealthEndpoint(options: HealthEndpointOptions): Endpoint {
  return async (request) => {
    const report = await options.health.report();
    const status = options.draining() ? 'draining' : report.status;
    const summary = { status, version: options.version, uptimeSeconds: Math.floor(options.uptimeMs() / 1000) };
    replyJson(request.response, status === 'failed' || status === 'draining' ? 503 : 200, { ...summary, ...details(request, report) });
  };
}

/** Names and states are for everybody; reasons speak of the machine, so they are for callers with a credential. */
function details(request: GatewayRequest, report: HealthReport): object {
  const checks = Object.entries(report.checks);
  if (maySeeDetails(request)) return { checks: report.checks };
  return { checks: Object.fromEntries(checks.map(([name, { state }]) => [name, { state }])) };
}

function maySeeDetails(request: GatewayRequest): boolean {
  try {
    return request.authenticate().scopes.has('admin');
  } catch {
    // Asking without a credential is allowed here; it only shows less.
    return false;
  }
}
