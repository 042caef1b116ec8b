/**
 * One HTTP request to an address that has been looked at. The connection goes to the very address that was checked, so that a name which changes
 * its mind between the two (DNS rebinding) gains nothing. No redirect is followed here, no proxy used, no connection kept.
 */
import { lookup, type LookupAddress } from 'node:dns';
import type { ClientRequestArgs, IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { request as requestHttp } from './node-http.ts';
import type { AddressRule } from './public-addresses.ts';

/** As `dns.lookup` with all addresses; tests have names of their own. */
export type Resolve = (host: string, done: (failure: Error | null, addresses: readonly LookupAddress[]) => void) => void;

/** Where it fails there are no addresses, whatever the types of Node say. */
export const resolveBySystem: Resolve = (host, done) =>
  lookup(host, { all: true }, (failure, addresses) => done(failure, failure ? [] : addresses));

/** Nothing was sent: the address is none that may be reached. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused' as const;
}

export interface CheckedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly addresses: AddressRule;
  readonly resolve: Resolve;
  readonly signal: AbortSignal;
}

export interface CheckedResponse {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** Decompressed. */
  readonly body: Readable;
  /** Ends the connection. Safe to call at any time. */
  close(): void;
}

/** @throws AddressRefused for an address that may not be reached; Error for a connection that fails */
export function sendChecked(request: CheckedRequest): Promise<CheckedResponse> {
  const { method, url, headers, body, addresses, signal } = request;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // A host that is an address is not looked up by Node, so it is looked at here.
  if (isIP(host) !== 0 && !addresses.allows(host)) return Promise.reject(notAllowed(host, host));
  const options: ClientRequestArgs = {
    method,
    host,
    port: url.port === '' ? undefined : Number(url.port),
    path: url.pathname + url.search,
    headers: { 'accept-encoding': 'gzip, deflate, br', ...headers, host: url.host },
    lookup: checkedLookup(request),
    agent: false,
    signal,
  };
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const sent = send(options, (response) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: decompress(response), close: () => sent.destroy() });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function checkedLookup({ addresses, resolve }: CheckedRequest): LookupFunction {
  return (host, options, done) => {
    resolve(host, (failure, found) => {
      const first = found[0];
      if (failure ?? first === undefined) return done(failure ?? new Error(`${host} has no address`), '');
      // One bad address is enough: a name with both kinds wants the other one to be taken at the next try.
      const bad = found.find(({ address }) => !addresses.allows(address));
      if (bad) return done(notAllowed(host, bad.address), '');
      if (options.all === true) done(null, [...found]);
      else done(null, first?.address ?? '', first?.family);
    });
  };
}

function notAllowed(host: string, address: string): AddressRefused {
  const where = host === address ? address : `${host} is ${address}, which`;
  return new AddressRefused(`${where} is not a public address, and the operator has not allowed it.`);
}

function decompress(response: IncomingMessage): Readable {
  const encoding = response.headers['content-encoding']?.toLowerCase();
  const decoder =
    encoding === 'gzip'
      ? createGunzip()
      : encoding === 'deflate'
        ? createInflate()
        : encoding === 'br'
          ? createBrotliDecompress()
          : undefined;
  if (decoder === undefined) return response;
  response.on('error', (failure) => decoder.destroy(failure));
  return response.pipe(decoder);
}
