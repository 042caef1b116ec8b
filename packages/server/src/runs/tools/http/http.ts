/**
 * The tool `http`: a request to a server of the internet. It reaches public addresses alone unless the operator allows more, hosts of the agent's list alone
 * where there is one, and carries no credentials.
 */
import type { Effect } from '@openclaw/protocol';
import { reasonOf } from '../../../core/errors.ts';
import type { Clock } from '../../../core/clock.ts';
import { AddressRefused, type CheckedResponse, type Resolve, resolveBySystem, sendChecked } from '../../../core/checked-request.ts';
import type { JsonObject } from '../../../core/json.ts';
import { type AddressRule, createAddressRule } from '../../../core/public-addresses.ts';
import { boundText } from '../bounded-text.ts';
import { outputLimitCharacters, type Tool, type ToolCall, type ToolResult } from '../contract.ts';
import { ToolFault } from '../fault.ts';
import { matchesHost } from './hosts.ts';
import { textOfHtml } from './html-text.ts';

export interface HttpOptions {
  readonly clock: Clock;
  /** Hosts that an agent may ask: `example.com`, `*.example.com`. Undefined for an agent: every public one. @default undefined for all */
  readonly hostsOf?: (agentId: string) => readonly string[] | undefined;
  /** Addresses and networks that may be reached although they are not public. @default none */
  readonly privateAddresses?: readonly string[];
  /** Hosts that are known to heed `Idempotency-Key`: they are sent one, and the call may be repeated. @default none */
  readonly keyedHosts?: readonly string[];
  /** From the first byte sent to the last one read, redirects included. @default 30000 */
  readonly timeLimitMs?: number;
  /** Of a response, decompressed. @default 5 MiB */
  readonly sizeLimitBytes?: number;
  /** @default by the system */
  readonly resolve?: Resolve;
}

export const httpDefaults = {
  hostsOf: (): undefined => undefined,
  privateAddresses: [],
  keyedHosts: [],
  timeLimitMs: 30_000,
  sizeLimitBytes: 5 * 1024 * 1024,
  resolve: resolveBySystem,
} as const;

const redirectLimit = 5;
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
/** Of the connection, or of who is speaking: not for a model to say. */
const refusedHeaders =
  /^(?:host|connection|content-length|transfer-encoding|upgrade|te|trailer|keep-alive|expect|idempotency-key|proxy-.*)$/i;

type Settings = Required<Omit<HttpOptions, 'privateAddresses'>> & { readonly addresses: AddressRule };

export function createHttpTool(options: HttpOptions): Tool {
  const { privateAddresses, ...rest } = { ...httpDefaults, ...options };
  const settings: Settings = { ...rest, addresses: createAddressRule(privateAddresses) };
  return {
    name: 'http',
    description:
      'Sends a request to a server of the internet and gives the status and the body; of a page of HTML the text. Redirects are followed for GET and HEAD.',
    parameters: {
      type: 'object',
      properties: {
        url: { type: 'string', maxLength: 8000, description: 'http or https' },
        method: { enum: [...methods], description: 'Default GET.' },
        headers: { type: 'object', additionalProperties: { type: 'string', maxLength: 8000 }, maxProperties: 50 },
        body: { type: 'string', maxLength: 1_000_000 },
        raw: { type: 'boolean', description: 'HTML as it is, not only its text. Default false.' },
      },
      required: ['url'],
      additionalProperties: false,
    },
    effect: 'once',
    effectOf: (args) => effectOfRequest(args, settings),
    run: (call) => fetchOnce(call, settings),
  };
}

function effectOfRequest(args: JsonObject, { keyedHosts }: Settings): Effect {
  const method = args['method'] ?? 'GET';
  if (method === 'GET' || method === 'HEAD') return 'read';
  const url = URL.parse(String(args['url']));
  return url !== null && matchesHost(url.hostname, keyedHosts) ? 'idempotent' : 'once';
}

async function fetchOnce(call: ToolCall, settings: Settings): Promise<ToolResult> {
  const effect = effectOfRequest(call.arguments, settings);
  const time = new AbortController();
  const timer = settings.clock.after(settings.timeLimitMs, () => time.abort());
  const signal = AbortSignal.any([call.signal, time.signal]);
  try {
    return { isError: false, text: await fetchText(call, { settings, signal }) };
  } catch (thrown) {
    if (thrown instanceof ToolFault || thrown instanceof AddressRefused) return { isError: true, text: thrown.message };
    const why = time.signal.aborted
      ? `there was no whole answer within ${settings.timeLimitMs / 1000} s`
      : call.signal.aborted
        ? 'it was stopped'
        : reasonOf(thrown);
    // A connection that was never made carried nothing.
    if (effect === 'read' || wasNeverSent(thrown)) return { isError: true, text: `The request failed: ${why}.` };
    return { isError: true, text: `The request failed: ${why}. Whether the server has acted on it is not known.`, isOutcomeUnknown: true };
  } finally {
    timer.cancel();
  }
}

function wasNeverSent(thrown: unknown): boolean {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'].some((known) => known === code);
}

interface Way {
  readonly settings: Settings;
  readonly signal: AbortSignal;
}

async function fetchText(call: ToolCall, way: Way): Promise<string> {
  const { arguments: args } = call;
  const method = typeof args['method'] === 'string' ? args['method'] : 'GET';
  let url = parseUrl(String(args['url']));
  for (let redirects = 0; ; redirects += 1) {
    const response = await ask(url, { ...way, call, method });
    try {
      const target = response.headers.location;
      const leadsOn =
        target !== undefined && [301, 302, 303, 307, 308].includes(response.status) && (method === 'GET' || method === 'HEAD');
      if (!leadsOn) return await describe(response, { url, isRaw: args['raw'] === true, sizeLimitBytes: way.settings.sizeLimitBytes });
      if (redirects === redirectLimit) throw new ToolFault(`More than ${redirectLimit} redirects; the last one leads to ${target}.`);
      url = parseUrl(target, url);
    } finally {
      response.close();
    }
  }
}

async function ask(url: URL, { settings, signal, call, method }: Way & { call: ToolCall; method: string }): Promise<CheckedResponse> {
  const hosts = settings.hostsOf(call.agentId);
  if (hosts !== undefined && !matchesHost(url.hostname, hosts)) {
    throw new ToolFault(`${url.hostname} is not among the hosts that this agent may ask: ${hosts.join(', ') || 'there are none'}.`);
  }
  const origin = parseUrl(String(call.arguments['url'])).origin;
  const key = effectOfRequest(call.arguments, settings) === 'idempotent' ? { 'idempotency-key': call.idempotencyKey } : {};
  const body = call.arguments['body'];
  return sendChecked({
    method,
    url,
    // What a model says to one server is not for another one that it redirects to.
    headers: { 'user-agent': 'OpenClaw', accept: '*/*', ...(url.origin === origin ? headersOf(call.arguments['headers']) : {}), ...key },
    body: typeof body === 'string' ? body : undefined,
    addresses: settings.addresses,
    resolve: settings.resolve,
    signal,
  });
}

function parseUrl(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href);
  if (url === null) throw new ToolFault(`${text.slice(0, 200)} is not a URL.`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new ToolFault(`Only http and https are allowed, not ${url.protocol.slice(0, -1)}.`);
  if (url.username !== '' || url.password !== '') throw new ToolFault('A URL must not have a name and password in it.');
  return url;
}

function headersOf(value: unknown): Readonly<Record<string, string>> {
  const headers = Object.entries((value ?? {}) as JsonObject).map(([name, text]) => [name.toLowerCase(), String(text)] as const);
  for (const [name, text] of headers) {
    if (refusedHeaders.test(name)) throw new ToolFault(`The header ${name} is set by the tool itself.`);
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(text))
      throw new ToolFault(`The header ${JSON.stringify(name)} is not valid.`);
  }
  return Object.fromEntries(headers);
}

interface Telling {
  readonly url: URL;
  readonly isRaw: boolean;
  readonly sizeLimitBytes: number;
}

async function describe(response: CheckedResponse, { url, isRaw, sizeLimitBytes }: Telling): Promise<string> {
  const { bytes, isCut } = await readBody(response, sizeLimitBytes);
  const type = response.headers['content-type'] ?? '';
  const head = [`${response.status} ${url.href}`, `content-type: ${type || 'not said'}`];
  const location = response.headers.location;
  if (location !== undefined) head.push(`location: ${location}`);
  if (isCut) head.push(`[only the first ${sizeLimitBytes} bytes were read]`);
  if (bytes.length === 0) return head.join('\n');
  if (bytes.subarray(0, 8192).includes(0)) return [...head, `[a binary body of ${bytes.length} bytes]`].join('\n');
  const text = decode(bytes, type);
  const isPage = !isRaw && /\b(?:text\/html|application\/xhtml\+xml)\b/i.test(type);
  return boundText([...head, '', isPage ? textOfHtml(text) : text].join('\n'), outputLimitCharacters);
}

async function readBody(
  { body, close }: CheckedResponse,
  limitBytes: number,
): Promise<{ readonly bytes: Buffer; readonly isCut: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > limitBytes) {
      close();
      break;
    }
  }
  return { bytes: Buffer.concat(chunks).subarray(0, limitBytes), isCut: size > limitBytes };
}

function decode(bytes: Buffer, type: string): string {
  const charset = /charset="?([\w-]+)/i.exec(type)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    // A name that nobody knows.
    return bytes.toString('utf8');
  }
}
