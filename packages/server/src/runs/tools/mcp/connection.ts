/**
 * One connection to a server of MCP, from its first message to its end: which tools it has, and calls of them. The SDK is loaded here, with
 * the first connection.
 *
 * What a server says is believed only as far as it can be checked; a connection that has ended is not opened again here.
 */
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { Clock } from '../../../core/clock.ts';
import type { JsonObject } from '../../../core/json.ts';
import type { Log } from '../../../core/log.ts';
import { version } from '../../../version.ts';
import { createFloodGate, messageLimitBytes } from './flood-gate.ts';
import { type McpServerSettings, mcpDefaults } from './settings.ts';
import { StdioTransport } from './stdio-transport.ts';

export interface ConnectionOptions {
  readonly settings: McpServerSettings;
  /** For programs: PATH, HOME, LANG. */
  readonly variables: Readonly<Record<string, string>>;
  /** Where programs start. */
  readonly directory: string;
  /** See `startProgram`. @default nobody's */
  readonly owner?: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly onListChanged: () => void;
}

export interface McpCall {
  readonly tool: string;
  readonly arguments: JsonObject;
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
  readonly onOutput: (text: string) => void;
}

export interface McpConnection {
  /** As the server gives them: nothing in it is checked. @throws Error */
  listTools(): Promise<readonly unknown[]>;
  /** The answer as the server gives it. @throws Error; see `outcomeOf` */
  call(call: McpCall): Promise<unknown>;
  /** Resolves once it has ended, whoever ended it. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** `npx` may have to fetch the server first. */
const startLimitMs = 60_000;
const listLimitMs = 20_000;
const pageLimit = 20;

/** @throws Error if the server cannot be reached, or does not speak MCP */
export async function connect(options: ConnectionOptions): Promise<McpConnection> {
  const [{ Client: McpClient }, types] = await Promise.all([
    import('@modelcontextprotocol/sdk/client/index.js'),
    import('@modelcontextprotocol/sdk/types.js'),
  ]);
  const client: Client = new McpClient({ name: 'openclaw', version });
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  client.onclose = resolve;
  client.onerror = (failure) => options.log.debug('an MCP connection has trouble', { reason: failure.message });
  client.setNotificationHandler(types.ToolListChangedNotificationSchema, options.onListChanged);
  const transport = await createTransport(options);
  try {
    await client.connect(transport, { timeout: startLimitMs });
  } catch (thrown) {
    await transport.close();
    throw thrown;
  }
  const timeout = options.settings.timeoutMs ?? mcpDefaults.timeoutMs;
  return {
    closed,
    async listTools() {
      const tools: unknown[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < pageLimit; page += 1) {
        const params = cursor === undefined ? {} : { cursor };
        const result = await client.request({ method: 'tools/list', params }, types.ResultSchema, { timeout: listLimitMs });
        if (Array.isArray(result['tools'])) tools.push(...(result['tools'] as readonly unknown[]));
        const next = result['nextCursor'];
        if (typeof next !== 'string' || next === cursor) break;
        cursor = next;
      }
      return tools;
    },
    async call({ tool, arguments: args, idempotencyKey, signal, onOutput }) {
      // The SDK leaves its listener on the signal and would cancel what has long ended, so it gets one of its own.
      const stop = new AbortController();
      const onAbort = (): void => stop.abort(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      const params = { name: tool, arguments: args, _meta: { 'openclaw/idempotencyKey': idempotencyKey } };
      try {
        return await client.request({ method: 'tools/call', params }, types.ResultSchema, {
          timeout,
          signal: stop.signal,
          onprogress: ({ message }) => message !== undefined && onOutput(`${message}\n`),
        });
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    },
    close: () => client.close(),
  };
}

async function createTransport({ settings, variables, directory, owner, clock, log }: ConnectionOptions): Promise<Transport> {
  const { command, args = [], env = {}, url, headers = {} } = settings;
  if (command !== undefined)
    return new StdioTransport({ program: [command, ...args], variables: { ...variables, ...env }, directory, owner, clock, log });
  if (url === undefined) throw new Error('it has neither a command nor a url');
  const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/sdk/client/streamableHttp.js');
  return new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { ...headers } },
    fetch: boundedFetch(clock),
  });
}

/** Ends answers that flood, and those that are no stream and too large. */
function boundedFetch(clock: Clock): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (response.body === null) return response;
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    const gate = createFloodGate(clock);
    let size = 0;
    const bounded = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.length;
        if (gate.pass(chunk.length, 0) && (isStream || size <= messageLimitBytes)) controller.enqueue(chunk);
        else controller.error(new Error('the server sends too much'));
      },
    });
    return new Response(response.body.pipeThrough(bounded), {
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
    });
  };
}

/** What a failed call says of its outcome: `refused` by the server, `notSent` to it, or `unknown`. */
export function outcomeOf(thrown: unknown): 'refused' | 'notSent' | 'unknown' {
  const code: unknown = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  const cause: unknown = thrown instanceof Error && thrown.cause instanceof Error && 'code' in thrown.cause ? thrown.cause.code : undefined;
  if (cause === 'ECONNREFUSED' || cause === 'ENOTFOUND') return 'notSent';
  if (typeof code !== 'number') return thrown instanceof Error && thrown.message === 'the server has ended' ? 'notSent' : 'unknown';
  // Of HTTP: it was answered with a refusal. Of JSON-RPC: all but a closed connection and a time that ran out are answers.
  if (code >= 400 && code < 500) return 'refused';
  return code < 0 && code !== connectionClosed && code !== requestTimeout ? 'refused' : 'unknown';
}

const connectionClosed = -32_000;
const requestTimeout = -32_001;

/** Whether the connection itself is of no use any more: the server has forgotten the session, or is not there. */
export function isBroken(thrown: unknown): boolean {
  const code: unknown = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return typeof code !== 'number' || code === 404 || code === 410;
}
