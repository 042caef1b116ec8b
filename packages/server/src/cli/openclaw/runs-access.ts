/**
 * Runs and sessions as the commands reach them: the gateway's HTTP API, by the client that other programs use too. Only a running gateway has
 * them at work, so without one a command fails at once; one that goes away in the middle is waited for.
 */
import type { Fetch, OpenClaw } from '@openclaw/client';
import { OpenClawError } from '../../core/errors.ts';
import { request as httpRequest } from '../../core/node-http.ts';
import { findPlace, type GatewayAt } from './place.ts';
import type { Terminal } from '../terminal.ts';

/** For as long as `use` takes. */
export type UseOpenClaw = <Result>(use: (openclaw: OpenClaw) => Promise<Result>) => Promise<Result>;

export function createUseOpenClaw(terminal: Terminal): UseOpenClaw {
  return async (use) => {
    const [{ gateway, configuration }, client] = await Promise.all([findPlace(terminal), import('@openclaw/client')]);
    if (!gateway) {
      const details = { url: configuration.stateDirectory, reason: 'no gateway runs on this state directory' };
      throw new OpenClawError('gateway_unreachable', { details });
    }
    const { address } = gateway;
    // A person waits: what is not there at once is said; a stream that has begun waits for longer by itself.
    await using openclaw = new client.OpenClaw({
      baseURL: `${new URL(address).origin}/v1`,
      fetch: fetchFrom(gateway, terminal),
      retry: { attempts: 2 },
    });
    try {
      return await use(openclaw);
    } catch (thrown) {
      throw thrown instanceof client.OpenClawError ? toCommandError(thrown, address) : thrown;
    }
  };
}

function toCommandError(
  thrown: Error & { readonly code: string; readonly status: number; readonly hint?: string | undefined },
  url: string,
): OpenClawError {
  const suggestion = thrown.hint ?? '';
  // The gateway's message ends with its hint, for those who read nothing else.
  const words = thrown.message.endsWith(suggestion) ? thrown.message.slice(0, thrown.message.length - suggestion.length) : thrown.message;
  const reason = words.replace(/\s+/g, ' ').trimEnd().replace(/\.$/, '');
  if (thrown.status === 0) return new OpenClawError('gateway_unreachable', { details: { url, reason }, cause: thrown });
  if (thrown.status === 401 || thrown.status === 403)
    return new OpenClawError('gateway_refused', { details: { url, reason }, cause: thrown });
  return new OpenClawError('command_refused', { details: { reason, suggestion }, cause: thrown });
}

/** The platform's `fetch` trusts no certificate that a gateway made for itself, and one that comes back may have another address. */
function fetchFrom(first: GatewayAt, terminal: Terminal): Fetch {
  let gateway: GatewayAt | undefined = first;
  return async (url, init) => {
    gateway ??= (await findPlace(terminal)).gateway;
    const at = gateway;
    if (!at) throw new Error('no gateway runs on this state directory');
    try {
      const { pathname, search } = new URL(url);
      return await send(new URL(pathname + search, at.address), at, init);
    } catch (thrown) {
      gateway = undefined;
      throw thrown;
    }
  };
}

async function send(url: URL, { secret, certificate }: GatewayAt, init: RequestInit): Promise<Response> {
  const [{ request: httpsRequest }, { Readable }] = await Promise.all([import('node:https'), import('node:stream')]);
  const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const options = {
      method: init.method ?? 'GET',
      agent: false as const,
      headers: {
        ...(init.headers as Record<string, string>),
        'x-openclaw-client': 'cli',
        ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
      },
      ...(certificate === undefined ? {} : { ca: certificate }),
      ...(init.signal ? { signal: init.signal } : {}),
    };
    const request = start(url, options, (response) => {
      const headers = Object.entries(response.headers).flatMap(([name, value]) =>
        typeof value === 'string' ? [[name, value] as [string, string]] : [],
      );
      const body = Readable.toWeb(response) as ReadableStream<Uint8Array>;
      resolve(new Response(body, { status: response.statusCode ?? 500, headers }));
    });
    request.on('error', reject);
    request.end(typeof init.body === 'string' ? init.body : undefined);
  });
}
