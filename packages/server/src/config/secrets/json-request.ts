/**
 * One request for JSON to a keeper of secrets. No redirect is followed: what goes along is a credential. An answer has a bound, and nothing of
 * it gets into an error but what a caller takes out of it.
 */
import { request as httpsRequest } from 'node:https';

import { parseObject, type JsonObject } from '../../core/json.ts';
import { request as httpRequest } from '../../core/node-http.ts';

export interface JsonRequest {
  readonly url: string;
  /** @default 'GET', or 'POST' with a body */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** As JSON, or as it stands where it is a text. */
  readonly body?: JsonObject | string | undefined;
  /** Certificates that are trusted, in PEM. @default those of Node */
  readonly ca?: string | undefined;
  readonly signal: AbortSignal;
}

export interface JsonAnswer {
  readonly status: number;
  /** Empty where the answer is no JSON object. */
  readonly body: JsonObject;
}

const limitBytes = 256 * 1024;

/** @throws Error when there is no answer; the signal's reason when it is aborted */
export function requestJson({ url, method, headers, body, ca, signal }: JsonRequest): Promise<JsonAnswer> {
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  const isSecure = new URL(url).protocol === 'https:';
  return new Promise((resolve, reject) => {
    const options = {
      method: method ?? (text === undefined ? 'GET' : 'POST'),
      headers: {
        accept: 'application/json',
        ...(typeof body === 'object' ? { 'content-type': 'application/json' } : {}),
        ...headers,
        ...(text === undefined ? {} : { 'content-length': String(Buffer.byteLength(text)) }),
      },
      signal,
      agent: false as const,
      ...(ca === undefined ? {} : { ca }),
    };
    const started = (isSecure ? httpsRequest : httpRequest)(url, options, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > limitBytes) started.destroy(new Error(`the answer is larger than ${limitBytes} bytes`));
      });
      response.on('error', (error) => reject(signal.aborted ? signal.reason : error));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: parseObject(Buffer.concat(chunks).toString()) ?? {} }));
    });
    started.on('error', (error) => reject(signal.aborted ? signal.reason : error));
    started.end(text);
  });
}
