/**
 * From a request to its endpoint: the path, the request id, who asks, and errors in the endpoint's dialect.
 *
 * It does not know what endpoints do: see `endpoints/`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '../access/index.ts';
import { OpenClawError, toOpenClawError } from '../core/errors.ts';
import type { Ids } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import type { ClientDialectName } from '../models/index.ts';
import type { RequestHandler } from './listener.ts';
import { refuseForeignOrigin, refuseUnknownHost } from './origins.ts';
import { isDirectLoopback } from './peer.ts';
import type { GatewayPolicy } from './policy.ts';
import { replyError } from './reply.ts';
import type { Endpoint, EndpointTable, GatewayRequest } from './request.ts';

export interface RouterOptions {
  readonly endpoints: EndpointTable;
  readonly authenticate: (request: IncomingMessage) => Principal;
  readonly policy: () => GatewayPolicy;
  /** Asked before an endpoint is. @throws OpenClawError for what is not served just now */
  readonly admit: (pattern: string, request: GatewayRequest) => void;
  readonly log: Log;
  readonly ids: Ids;
  readonly onRequest: (path: string, method: string, response: ServerResponse) => void;
}

export function createRequestHandler(options: RouterOptions): RequestHandler {
  const find = createFinder(options.endpoints);
  return (raw, response) => {
    const requestId = options.ids.request();
    const url = splitUrl(raw.url ?? '/');
    const request = new RoutedRequest({ requestId, raw, response }, url, options.authenticate);
    const fail = (thrown: unknown): void => {
      const error = toOpenClawError(thrown, requestId);
      if (error.code === 'internal_error') options.log.error('request failed', { requestId, path: url.path, error });
      replyError(response, { error, dialect: request.dialect, requestId, closeConnection: !raw.complete });
    };
    try {
      const found = find(url.path, request.method);
      options.onRequest(found.pattern, request.method, response);
      const policy = options.policy();
      if (policy.open) refuseUnknownHost(raw, policy);
      if (raw.headers.origin !== undefined && (policy.ambient || !isModelCall(found.pattern))) refuseForeignOrigin(raw, policy);
      options.admit(found.pattern, request);
      const answered = found.endpoint(request);
      if (answered instanceof Promise) answered.catch(fail);
    } catch (thrown) {
      fail(thrown);
    }
  };
}

/** Built for every request, so it computes only what is asked of it. */
class RoutedRequest implements GatewayRequest {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly raw: IncomingMessage;
  readonly response: ServerResponse;
  readonly dialect: ClientDialectName;
  readonly #query: string;
  readonly #identify: RouterOptions['authenticate'];

  constructor(exchange: Exchange, url: Url, identify: RouterOptions['authenticate']) {
    this.requestId = exchange.requestId;
    this.raw = exchange.raw;
    this.response = exchange.response;
    this.method = exchange.raw.method ?? 'GET';
    this.path = url.path;
    this.dialect = dialectOf(url.path, exchange.raw);
    this.#query = url.query;
    this.#identify = identify;
  }

  get query(): URLSearchParams {
    return new URLSearchParams(this.#query);
  }

  get fromLoopback(): boolean {
    return isDirectLoopback(this.raw);
  }

  authenticate(): Principal {
    return this.#identify(this.raw);
  }

  authorize(scope: string): Principal {
    const principal = this.authenticate();
    if (!principal.scopes.has(scope)) throw new OpenClawError('forbidden', { details: { keyId: principal.id, scope } });
    return principal;
  }
}

interface Exchange {
  readonly requestId: string;
  readonly raw: IncomingMessage;
  readonly response: ServerResponse;
}

interface Url {
  readonly path: string;
  readonly query: string;
}

interface Found {
  readonly endpoint: Endpoint;
  /** The table's key: a bounded set, fit for a metric's label. */
  readonly pattern: string;
}

function createFinder(endpoints: EndpointTable): (path: string, method: string) => Found {
  const prefixes = Object.keys(endpoints).filter((pattern) => pattern.endsWith('/*'));
  return (path, method) => {
    const pattern = Object.hasOwn(endpoints, path) ? path : prefixes.find((candidate) => path.startsWith(candidate.slice(0, -1)));
    const methods = pattern === undefined ? undefined : endpoints[pattern];
    if (pattern === undefined || !methods) throw new OpenClawError('not_found', { details: { method, path: path.slice(0, 200) } });
    const endpoint = methods[method] ?? (method === 'HEAD' ? methods['GET'] : undefined);
    if (!endpoint)
      throw new OpenClawError('method_not_allowed', { details: { path: pattern, method, allow: Object.keys(methods).join(', ') } });
    return { endpoint, pattern };
  };
}

function splitUrl(url: string): Url {
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  // Snippets for hosted gateways put the OpenAI API below /openai.
  return { path: path.startsWith('/openai/v1/') ? path.slice('/openai'.length) : path, query: mark === -1 ? '' : url.slice(mark + 1) };
}

/** Anthropic's clients name their API's version on every call, also where both share a path (`/v1/models`). */
function dialectOf(path: string, raw: IncomingMessage): ClientDialectName {
  const isAnthropic = path.startsWith('/v1/messages') || (path.startsWith('/v1/models') && raw.headers['anthropic-version'] !== undefined);
  if (isAnthropic) return 'anthropic-messages';
  return path === '/v1/responses' || path.startsWith('/v1/responses/') ? 'openai-responses' : 'openai-completions';
}

/**
 * Whoever calls a model proves who it is with a header that no browser adds by itself, so there an origin says nothing, but where auth is
 * ambient; and desktop programs send origins of their own making.
 */
function isModelCall(pattern: string): boolean {
  return pattern.startsWith('/v1/');
}
