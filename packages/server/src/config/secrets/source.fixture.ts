/** What tests of sources stand on: a context with settings of their own, and a server that answers as a keeper of secrets does. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

import type { Clock } from '../../core/clock.ts';
import { systemClock } from '../../core/clock.ts';
import { readEnvironment, type Variables } from '../../core/env.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { SecretsSettings } from '../secrets-schema.ts';
import type { SourceContext } from './contract.ts';

const defaults: SecretsSettings = {
  ...{ refreshMs: 60_000, timeoutMs: 10_000, aws: {}, azure: {}, google: {} },
  vault: { mount: 'secret' },
};

export interface ContextOptions {
  readonly settings?: Partial<SecretsSettings>;
  readonly env?: Variables;
  readonly directory?: string;
  readonly secretsDirectory?: string;
  readonly clock?: Clock;
}

export function sourceContext(options: ContextOptions = {}): SourceContext {
  const { settings = {}, env = {}, directory = '/', secretsDirectory = '/nowhere', clock = systemClock } = options;
  return {
    settings: { ...defaults, ...settings },
    environment: readEnvironment({ env, secretsDirectory }),
    ...{ directory, clock },
  };
}

export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** Of the text, where that is a JSON object. */
  readonly body: JsonObject;
}

export type Answering = (asked: Asked) => { readonly status: number; readonly body: JsonValue };

export interface KeeperServer {
  readonly url: string;
  readonly asked: readonly Asked[];
  stop(): Promise<void>;
}

/** Gone when the test ends. */
export async function createKeeperServer(t: TestContext, answer: Answering): Promise<KeeperServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const one = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, text, body: objectOf(text) };
      asked.push(one);
      const { status, body } = answer(one);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  t.after(stop);
  return { url: `http://127.0.0.1:${port}`, asked, stop };
}

function objectOf(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
