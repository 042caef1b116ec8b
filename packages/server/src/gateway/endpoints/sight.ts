/** The part of `/admin/v1` that shows what is seen of requests, and turns breakers by hand. For callers with the scope `admin`. */
import { replyJson } from '../reply.ts';
import type { EndpointTable } from '../request.ts';
import { guarded, readObject, wrong } from './admin.ts';

/** What the endpoints need of others; `compose/` fills it in. Each function checks what it is given. */
export interface SightEndpointOptions {
  targets(window: string): readonly object[];
  callers(window: string): readonly object[];
  /** Opens a breaker by hand or gives it back to its own judgement. @returns how many targets it concerned */
  overrideBreaker(target: string, action: 'open' | 'reset'): number;
  warnings(): readonly object[];
  traffic(): object;
  /** The last requests, the youngest first. */
  requests(limit: number): Promise<object>;
  /** @throws OpenClawError `request_not_found` */
  request(id: string): Promise<object>;
}

const defaultWindow = '5m';
const defaultLimit = 20;
const largestLimit = 1000;

export function createSightEndpoints(options: SightEndpointOptions): EndpointTable {
  return {
    '/admin/v1/targets': {
      GET: guarded(({ query, response }) => {
        const window = query.get('window') ?? defaultWindow;
        replyJson(response, 200, { window, targets: options.targets(window) });
      }),
    },
    '/admin/v1/targets/breaker': {
      POST: guarded(async (request) => {
        const { target, action } = await readObject(request);
        if (typeof target !== 'string') throw wrong('target', 'must be the name of a target');
        if (action !== 'open' && action !== 'reset') throw wrong('action', 'must be open or reset');
        const concerned = options.overrideBreaker(target, action);
        if (concerned === 0) throw wrong('target', 'was never asked since the start, so it has no breaker');
        replyJson(request.response, 200, { target, action, concerned });
      }),
    },
    '/admin/v1/callers': {
      GET: guarded(({ query, response }) => {
        const window = query.get('window') ?? defaultWindow;
        replyJson(response, 200, { window, callers: options.callers(window) });
      }),
    },
    '/admin/v1/warnings': { GET: guarded(({ response }) => replyJson(response, 200, { warnings: options.warnings() })) },
    '/admin/v1/traffic': { GET: guarded(({ response }) => replyJson(response, 200, options.traffic())) },
    '/admin/v1/requests': {
      GET: guarded(async ({ query, response }) => {
        const limit = Number(query.get('limit') ?? defaultLimit);
        if (!Number.isInteger(limit) || limit < 1 || limit > largestLimit)
          throw wrong('limit', `must be a whole number up to ${largestLimit}`);
        replyJson(response, 200, await options.requests(limit));
      }),
    },
    '/admin/v1/requests/*': {
      GET: guarded(async ({ path, response }) => {
        // Ids are letters, digits and underscores, so no escape stands for a part of one.
        replyJson(response, 200, await options.request(path.slice('/admin/v1/requests/'.length)));
      }),
    },
  };
}
