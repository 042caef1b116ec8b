/**
 * What a process answers that does not serve: its probes, 503 for what a gateway has, 404 for what it has not. Who uses it:
 * `starting.ts` and `held.ts`.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { OpenClawError } from '../core/errors.ts';
import { isProbe, probeCodes, type GatewayState, type ProbePath } from './health.ts';
import type { RequestHandler } from './listener.ts';
import { isServedPath } from './paths.ts';
import { replyError, replyJson, replyText } from './reply.ts';

export interface Unready {
  readonly state: GatewayState;
  /** What calls of the API are answered with. */
  readonly problem: OpenClawError;
  /** Beside the state in the answers of probes; for everybody, so nothing that only the operator may know. */
  readonly details: object;
  /** For people who open the address in a browser: plain text. */
  readonly page: { readonly status: number; readonly text: string };
}

/** @param ask what holds now, asked at each request, for whoever makes it */
export function createUnreadyHandler(ask: (request: IncomingMessage) => Unready): RequestHandler {
  return (request, response) => {
    const look = (): Unready => ask(request);
    request.resume();
    const path = withoutQuery(request.url ?? '/');
    const method = request.method ?? 'GET';
    const refuse = (error: OpenClawError): void => {
      const dialect = path.startsWith('/v1/messages') ? 'anthropic-messages' : 'openai-completions';
      replyError(response, { error, dialect, requestId: `req_${randomUUID()}`, closeConnection: !request.complete });
    };
    const reads = method === 'GET' || method === 'HEAD';
    if ((isProbe(path) || path === '/') && !reads)
      refuse(new OpenClawError('method_not_allowed', { details: { path, method, allow: 'GET' } }));
    else if (isProbe(path)) answerProbe(response, path, look());
    else if (path === '/') answerPage(response, look().page);
    else if (isServedPath(path)) refuse(look().problem);
    else refuse(new OpenClawError('not_found', { details: { method, path: path.slice(0, 200) } }));
  };
}

function answerProbe(response: ServerResponse, path: ProbePath, { state, details }: Unready): void {
  const status = probeCodes[path][state];
  if (path === '/healthz') {
    replyJson(response, status, { status: 'ok' });
    return;
  }
  if (status === 503) response.setHeader('retry-after', '1');
  const verdict = path === '/readyz' ? { ready: status === 200 } : path === '/startupz' ? { started: status === 200 } : {};
  replyJson(response, status, { status: state, ...verdict, ...details });
}

function answerPage(response: ServerResponse, { status, text }: Unready['page']): void {
  replyText(response, status, { contentType: 'text/plain; charset=utf-8', body: text });
}

function withoutQuery(url: string): string {
  const path = url.split('?', 1)[0] ?? '/';
  return path.startsWith('/openai/v1/') ? path.slice('/openai'.length) : path;
}
