/**
 * `/admin/v1`: what the command line (and later the UI) needs of a running gateway. For callers with the scope `admin`.
 */
import { actorOf, type Principal } from '../../access/index.ts';
import { OpenClawError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { parseJsonBody } from '../../core/parse-json.ts';
import { readBody } from '../body.ts';
import { replyJson } from '../reply.ts';
import type { Endpoint, EndpointTable, GatewayRequest } from '../request.ts';

/** What the endpoints need of others; `compose/` fills it in. Each function checks what it is given. */
export interface AdminOptions {
  listKeys(): Promise<readonly object[]>;
  createKey(wanted: JsonObject, actor: string): Promise<object>;
  getKey(id: string): Promise<object>;
  updateKey(id: string, wanted: JsonObject, actor: string): Promise<object>;
  revokeKey(id: string, actor: string): Promise<object>;
  usage(question: { readonly sinceMs: number; readonly by: string }): Promise<readonly object[]>;
  setLogLevel(level: string): void;
  /** Every name that can be asked for. */
  listModels(): Promise<readonly object[]>;
  /** @throws OpenClawError `model_not_found` */
  showModel(name: string): Promise<object>;
}

const bodyLimitBytes = 64 * 1024;

export function createAdminEndpoints(options: AdminOptions): EndpointTable {
  return {
    '/admin/v1/keys': {
      GET: guarded(async (request) => replyJson(request.response, 200, { keys: await options.listKeys() })),
      POST: guarded(async (request, caller) =>
        replyJson(request.response, 201, await options.createKey(await readObject(request), actorOf(caller))),
      ),
    },
    '/admin/v1/keys/*': {
      GET: guarded(async (request) => replyJson(request.response, 200, await options.getKey(keyIdOf(request)))),
      PATCH: guarded(async (request, caller) =>
        replyJson(request.response, 200, await options.updateKey(keyIdOf(request), await readObject(request), actorOf(caller))),
      ),
      DELETE: guarded(async (request, caller) =>
        replyJson(request.response, 200, await options.revokeKey(keyIdOf(request), actorOf(caller))),
      ),
    },
    '/admin/v1/usage': {
      GET: guarded(async (request) => {
        const sinceMs = Number(request.query.get('since') ?? 0);
        if (!Number.isFinite(sinceMs)) throw wrong('since', 'must be a time in milliseconds since 1970');
        replyJson(request.response, 200, { rows: await options.usage({ sinceMs, by: request.query.get('by') ?? 'model' }) });
      }),
    },
    '/admin/v1/models': {
      GET: guarded(async ({ response }) => replyJson(response, 200, { models: await options.listModels() })),
    },
    '/admin/v1/models/*': {
      GET: guarded(async (request) => replyJson(request.response, 200, await options.showModel(modelNameOf(request)))),
    },
    '/admin/v1/logging': {
      PUT: guarded(async (request) => {
        const { level } = await readObject(request);
        if (typeof level !== 'string') throw wrong('level', 'must be the name of a level');
        options.setLogLevel(level);
        replyJson(request.response, 200, { level });
      }),
    },
  };
}

/** Ids are letters, digits and underscores, so no escape stands for a part of one. */
function keyIdOf(request: GatewayRequest): string {
  return request.path.slice('/admin/v1/keys/'.length);
}

function modelNameOf({ path }: GatewayRequest): string {
  try {
    return decodeURIComponent(path.slice('/admin/v1/models/'.length));
  } catch (cause) {
    throw new OpenClawError('invalid_request', { details: { path: 'name', reason: 'must be escaped as in a URL' }, param: 'name', cause });
  }
}

export function guarded(endpoint: (request: GatewayRequest, caller: Principal) => ReturnType<Endpoint>): Endpoint {
  return (request) => endpoint(request, request.authorize('admin'));
}

export async function readObject(request: GatewayRequest): Promise<JsonObject> {
  const value = parseJsonBody(await readBody(request.raw, bodyLimitBytes), { depthLimit: 8 });
  if (!isJsonObject(value)) throw wrong('body', 'must be an object');
  return value;
}

export function wrong(path: string, reason: string): OpenClawError {
  return new OpenClawError('invalid_request', { details: { path, reason }, param: path });
}
