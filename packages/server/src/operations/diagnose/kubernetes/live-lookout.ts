/** Asks a server that speaks the API of Kubernetes: a cluster, or the gateway with its own workloads. It makes nothing of the answers. */
import type { IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';
import type { Clock } from '../../../core/clock.ts';
import { reasonOf } from '../../../core/errors.ts';
import { isJsonObject, type JsonValue } from '../../../core/json.ts';
import { request as httpRequest } from '../../../core/node-http.ts';
import type { Lookout, Question } from '../contract.ts';
import { NotSeen } from '../not-seen.ts';

/** Where a cluster is, and as whom it is asked. */
export interface ClusterAccess {
  readonly server: string;
  readonly token?: string;
  /** PEM of who signed the certificate of the server. */
  readonly authority?: string;
  /** PEM, where the client shows a certificate of its own. */
  readonly certificate?: string;
  readonly key?: string;
  /** The name that the certificate of the server is for, where it is not that of its address. */
  readonly serverName?: string;
  /** As its kubeconfig asks for: whoever answers is believed. */
  readonly trustsAnybody?: boolean;
}

const answerLimitMs = 20_000;
const mostAnswerBytes = 16 * 2 ** 20;

export function createKubernetesLookout(access: ClusterAccess, clock: Clock, signal: AbortSignal): Lookout {
  return {
    atMs: clock.now(),
    async ask(question) {
      if (question.from !== 'kubernetes') throw new NotSeen('unreachable', `nobody here knows of ${question.from}`);
      try {
        return await askServer(access, question, AbortSignal.any([signal, AbortSignal.timeout(answerLimitMs)]));
      } catch (thrown) {
        signal.throwIfAborted();
        if (thrown instanceof NotSeen) throw thrown;
        throw new NotSeen('unreachable', `${access.server} cannot be reached: ${reasonOf(thrown)}`, { cause: thrown });
      }
    },
  };
}

type KubernetesQuestion = Extract<Question, { from: 'kubernetes' }>;

async function askServer(access: ClusterAccess, { as, path, query }: KubernetesQuestion, signal: AbortSignal): Promise<JsonValue> {
  const url = new URL(access.server);
  const words = new URLSearchParams(query).toString();
  const options: RequestOptions = {
    ...{ method: 'GET', agent: false, signal, protocol: url.protocol, hostname: url.hostname.replace(/^\[|\]$/g, ''), port: url.port },
    path: `${url.pathname.replace(/\/$/, '')}${path}${words === '' ? '' : `?${words}`}`,
    headers: {
      accept: as === 'object' ? 'application/json' : '*/*',
      ...(access.token === undefined ? {} : { authorization: `Bearer ${access.token}` }),
    },
    ...(access.authority === undefined ? {} : { ca: access.authority }),
    ...(access.certificate === undefined ? {} : { cert: access.certificate }),
    ...(access.key === undefined ? {} : { key: access.key }),
    ...(access.serverName === undefined ? {} : { servername: access.serverName }),
    ...(access.trustsAnybody === true ? { rejectUnauthorized: false } : {}),
  };
  const start = url.protocol === 'https:' ? (await import('node:https')).request : httpRequest;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    start(options, resolve).on('error', reject).end();
  });
  const text = await readText(response);
  const status = response.statusCode ?? 500;
  if (status >= 400) throw refusalOf(status, text, access.server);
  return as === 'text' ? text : parse(text, access.server);
}

async function readText(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > mostAnswerBytes) throw new NotSeen('refused', 'its answer is too large');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function parse(text: string, server: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (thrown) {
    throw new NotSeen('refused', `${server} does not answer in JSON: is it the API of a cluster?`, { cause: thrown });
  }
}

function refusalOf(status: number, text: string, server: string): NotSeen {
  const reason = status === 404 ? 'missing' : status === 401 || status === 403 ? 'forbidden' : 'refused';
  let message = `${server} answers ${status}`;
  try {
    const body: unknown = JSON.parse(text);
    if (isJsonObject(body) && typeof body['message'] === 'string') message = body['message'];
  } catch {
    // Not in the form of the API: the status has to do.
  }
  return new NotSeen(reason, message);
}
