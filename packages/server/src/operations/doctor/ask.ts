/** One GET to a gateway, for its answer or the reason why there is none. It follows nothing and keeps nothing open. */
import { request as httpsRequest } from 'node:https';
import { isLoopback } from '../../config/index.ts';
import { reasonOf } from '../../core/errors.ts';
import { isJsonObject } from '../../core/json.ts';
import { request as httpRequest } from '../../core/node-http.ts';
import type { Answer } from './facts.ts';

export interface Question {
  readonly url: string;
  readonly path: string;
  /** Sent as a bearer token. */
  readonly secret?: string | undefined;
}

const timeoutMs = 4000;
const largestBytes = 2 ** 20;

export async function ask({ url, path, secret }: Question): Promise<Answer> {
  try {
    const target = new URL(path, url);
    const { status, text } = await exchange(target, secret);
    return { status, body: parse(text) };
  } catch (thrown) {
    return { status: undefined, reason: reasonOf(thrown) };
  }
}

function exchange(target: URL, secret: string | undefined): Promise<{ status: number; text: string }> {
  const isSecure = target.protocol === 'https:';
  // A certificate of the gateway's own making is right on this machine, and nobody else's.
  const trust = isSecure && isLoopback(target.hostname) ? { rejectUnauthorized: false } : {};
  const start = isSecure ? httpsRequest : httpRequest;
  const headers = { accept: 'application/json', ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }) };
  return new Promise((resolve, reject) => {
    const request = start(target, { timeout: timeoutMs, agent: false, headers, ...trust }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > largestBytes) request.destroy(new Error('the answer has no end'));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    request.on('error', reject);
    request.end();
  });
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
