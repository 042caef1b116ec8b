/** Carries questions to the workload API over Node's own HTTP client: `fetch` would cost more than the rest of a short command. */
import type { IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';
import type { ApiAnswer, Transport } from '@openclaw/client/workloads';
import { request as httpRequest } from '../../core/node-http.ts';

export interface NodeTransportOptions {
  /** `http://127.0.0.1:18789` */
  readonly url: string;
  readonly token: string | undefined;
  /** PEM of who is to be trusted beside the authorities of Node. */
  readonly certificate: string | undefined;
  /** How long nothing may come where something is due. */
  readonly timeoutMs: number;
}

export function createNodeTransport({ url, token, certificate, timeoutMs }: NodeTransportOptions): Transport {
  const credential = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return async (question) => {
    const target = new URL(question.path, url);
    const start = target.protocol === 'https:' ? (await import('node:https')).request : httpRequest;
    const options: RequestOptions = {
      method: question.method,
      agent: false,
      headers: { ...question.headers, ...credential },
      timeout: timeoutMs,
      ...(certificate === undefined ? {} : { ca: certificate }),
      ...(question.signal === undefined ? {} : { signal: question.signal }),
    };
    return new Promise((resolve, reject) => {
      const request = start(target, options, (response) => {
        // What has begun may be quiet for long: a log, a watch.
        request.setTimeout(0);
        resolve(answerOf(response));
      });
      request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      request.on('error', reject);
      request.end(question.body);
    });
  };
}

function answerOf(response: IncomingMessage): ApiAnswer {
  return {
    status: response.statusCode ?? 0,
    header: (name) => {
      const value = response.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    body: response,
  };
}
