/**
 * `/` and the files of the Control UI. A browser gets the page, a program a few words about what answers here.
 *
 * The page needs no credential: it holds nothing but itself. What it shows it asks for like any other client.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { OpenClawError } from '../../core/errors.ts';
import { refuseUnknownHost } from '../origins.ts';
import type { GatewayPolicy } from '../policy.ts';
import { replyText } from '../reply.ts';
import type { Endpoint, EndpointTable } from '../request.ts';
import { readBundle, type Bundle, type BundledFile, type Encoding } from './bundle.ts';

export interface ControlUiOptions {
  readonly version: string;
  /** Where the built files lie. */
  readonly directory: string;
  readonly policy: () => Pick<GatewayPolicy, 'open' | 'controlUi'>;
}

/** Nothing from elsewhere, no inline script, no frame around it. */
const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

export function createControlUiEndpoints(options: ControlUiOptions): EndpointTable {
  let reading: Promise<Bundle | undefined> | undefined;
  const bundle = async (): Promise<Bundle | undefined> => {
    const found = await (reading ??= readBundle(options.directory));
    // Built while the gateway runs: looked for again.
    if (!found) reading = undefined;
    return found;
  };

  const page: Endpoint = async ({ raw, response }) => {
    if (!wantsPage(raw)) {
      replyText(response, 200, { contentType: plain, body: wordsFor(options) });
      return;
    }
    try {
      refuseUnknownHost(raw, options.policy());
    } catch (thrown) {
      if (!(thrown instanceof OpenClawError)) throw thrown;
      replyPage(response, thrown.status, `${thrown.message}\n\n${thrown.hint}\n`);
      return;
    }
    if (!options.policy().controlUi.enabled) {
      replyPage(response, 200, `${wordsFor(options)}\nThe Control UI is switched off (gateway.controlUi.enabled).\n`);
      return;
    }
    const file = (await bundle())?.get('/index.html');
    if (file) replyFile(raw, response, file);
    else
      replyPage(
        response,
        200,
        `${wordsFor(options)}\nThe Control UI has not been built here. In the folder of OpenClaw:\n\n  npm run prepare\n`,
      );
  };

  const asset: Endpoint = async ({ raw, response, path, method }) => {
    const file = options.policy().controlUi.enabled ? (await bundle())?.get(path) : undefined;
    if (!file) throw new OpenClawError('not_found', { details: { method, path: path.slice(0, 200) } });
    replyFile(raw, response, file);
  };
  return { '/': { GET: page }, '/assets/*': { GET: asset }, '/favicon.svg': { GET: asset } };
}

const plain = 'text/plain; charset=utf-8';

function wordsFor({ version }: ControlUiOptions): string {
  return `OpenClaw ${version}

This is the gateway's address for programs:
  OpenAI clients      base URL ending in /v1
  Anthropic clients   base URL without a path
  state               /health

In a browser this is the Control UI.
`;
}

/** Programs say that they take anything, or nothing about it. */
function wantsPage({ headers }: IncomingMessage): boolean {
  return (headers.accept ?? '').includes('text/html');
}

function replyPage(response: ServerResponse, status: number, body: string): void {
  setHeaders(response, { ...pageHeaders, 'cache-control': 'no-store' });
  replyText(response, status, { contentType: plain, body });
}

function replyFile(raw: IncomingMessage, response: ServerResponse, file: BundledFile): void {
  const encoding = encodingFor(raw, file);
  const body = file.encodings.get(encoding) ?? Buffer.alloc(0);
  setHeaders(response, {
    ...pageHeaders,
    'cache-control': file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag: file.etag,
    vary: 'accept-encoding',
  });
  if (raw.headers['if-none-match'] === file.etag) {
    response.writeHead(304).end();
    return;
  }
  response.writeHead(200, {
    'content-type': file.contentType,
    'content-length': body.length,
    ...(encoding === 'identity' ? {} : { 'content-encoding': encoding }),
  });
  response.end(raw.method === 'HEAD' ? undefined : body);
}

function encodingFor({ headers }: IncomingMessage, { encodings }: BundledFile): Encoding {
  const accepted = String(headers['accept-encoding'] ?? '');
  const has = (name: Encoding): boolean => encodings.has(name) && new RegExp(`(^|[ ,])${name}\\b(?!;q=0(\\.0*)?(,|$))`).test(accepted);
  return has('br') ? 'br' : has('gzip') ? 'gzip' : 'identity';
}

function setHeaders(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}
