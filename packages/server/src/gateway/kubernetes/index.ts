/** `/api`, `/apis`, `/openapi/v3` and `/version`: the API of workloads. What is behind it is loaded with the first request. */
import type { AuditSink } from '../../access/index.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { ResourceStore, WorkloadInsight } from '../../workloads/index.ts';
import type { BodyBudget } from '../body-budget.ts';
import type { Endpoint, EndpointTable, GatewayRequest } from '../request.ts';

export interface WorkloadEndpointsOptions {
  /** Asked once, by the first request; where it fails, by the next one again. */
  open(): Promise<OpenedWorkloads>;
}

export interface OpenedWorkloads {
  readonly store: ResourceStore;
  /** Absent: only the objects are served. */
  readonly insight?: WorkloadInsight | undefined;
  readonly host: { readonly memoryBytes: number };
}

export interface KubernetesOptions extends WorkloadEndpointsOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: AuditSink;
  readonly version: string;
  readonly bodyLimitBytes: () => number;
  readonly bodyBudget: BodyBudget;
  readonly stopping: AbortSignal;
}

const read = ['GET'] as const;
const all = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const paths: Readonly<Record<string, readonly string[]>> = {
  '/api': read,
  '/api/v1': read,
  '/api/v1/*': all,
  '/apis': read,
  '/apis/*': all,
  '/openapi/v3': read,
  '/openapi/v3/*': read,
  '/version': read,
};

export function createKubernetesEndpoints(options: KubernetesOptions): EndpointTable {
  let loading: Promise<Endpoint> | undefined;
  const load = async (): Promise<Endpoint> => {
    try {
      return await (loading ??= loadApi(options));
    } catch (thrown) {
      loading = undefined;
      throw thrown;
    }
  };
  const endpoint: Endpoint = async (request) => {
    try {
      // A stranger opens nothing.
      request.authenticate();
      const serve = await load();
      await serve(request);
    } catch (thrown) {
      await fail(request, thrown, options.log);
    }
  };
  return Object.fromEntries(
    Object.entries(paths).map(([path, methods]) => [path, Object.fromEntries(methods.map((method) => [method, endpoint]))]),
  );
}

async function loadApi({ open, ...rest }: KubernetesOptions): Promise<Endpoint> {
  const [{ createApi }, opened] = await Promise.all([import('./api.ts'), open()]);
  return createApi({ ...rest, ...opened });
}

async function fail(request: GatewayRequest, thrown: unknown, log: Log): Promise<void> {
  const { answerFailure } = await import('./answer-failure.ts');
  answerFailure(request, thrown, log);
}
