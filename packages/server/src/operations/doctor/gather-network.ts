/**
 * Gathers what the doctor goes by of the network: names and certificates of providers, the gateway's own certificate, variables of proxies.
 * It sends nothing but what a connection needs, and waits a few seconds at the most.
 */
import { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import type { Configuration } from '../../config/index.ts';
import type { Clock } from '../../core/clock.ts';
import type { Environment } from '../../core/env.ts';
import { reasonOf } from '../../core/errors.ts';
import type { ReadText } from '../../core/process-memory.ts';
import type { CertificateFacts, HostFacts, NetworkFacts } from './facts.ts';

export interface ProviderAddress {
  readonly provider: string;
  readonly url: string;
}

export interface NetworkSources {
  readonly addresses: readonly ProviderAddress[];
  readonly environment: Environment;
  readonly readText: ReadText;
  readonly clock: Clock;
}

const lookLimit = 16;
const timeoutMs = 3000;

export async function networkFacts({ addresses, environment, readText, clock }: NetworkSources): Promise<NetworkFacts> {
  const hosts = await Promise.all(
    distinct(addresses)
      .slice(0, lookLimit)
      .map((address) => hostFacts(address, clock)),
  );
  const resolvers = readText('/etc/resolv.conf') ?? '';
  return {
    hosts,
    nameServers: [...resolvers.matchAll(/^nameserver\s+(\S+)/gm)].map(([, server = '']) => server),
    proxies: proxyVariables.flatMap((variable) => {
      const address = environment.lookup(variable)?.value;
      return address === undefined ? [] : [{ variable, address: withoutCredentials(address) }];
    }),
    noProxy: environment.lookup('NO_PROXY')?.value ?? environment.lookup('no_proxy')?.value,
  };
}

const proxyVariables = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'];

function withoutCredentials(address: string): string {
  return URL.canParse(address) ? new URL(address).host || address.replace(/.*@/, '') : address.replace(/.*@/, '');
}

interface Address extends ProviderAddress {
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
}

/** Each host once, under the first provider that is there. */
function distinct(addresses: readonly ProviderAddress[]): readonly Address[] {
  const found = new Map<string, Address>();
  for (const { provider, url } of addresses) {
    if (!URL.canParse(url)) continue;
    const { hostname, port, protocol } = new URL(url);
    const isSecure = protocol === 'https:';
    const host = hostname.replace(/^\[|\]$/g, '');
    const number = Number(port || (isSecure ? 443 : 80));
    const key = `${host}:${number}`;
    if (host !== '' && !found.has(key)) found.set(key, { provider, url, host, port: number, isSecure });
  }
  return [...found.values()];
}

async function hostFacts({ provider, host, port, isSecure }: Address, clock: Clock): Promise<HostFacts> {
  const base = { provider, host, port };
  const looked = isIP(host) === 0 ? await lookUp(host, clock) : undefined;
  const isFound = looked === undefined || looked.addresses.length > 0;
  return {
    ...base,
    ...(looked ? { lookup: looked } : {}),
    ...(isSecure && isFound ? { certificate: await shownCertificate(host, port) } : {}),
  };
}

async function lookUp(host: string, clock: Clock): Promise<NonNullable<HostFacts['lookup']>> {
  const startedMs = clock.monotonicMs();
  const tookMs = (): number => Math.round(clock.monotonicMs() - startedMs);
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = clock.after(timeoutMs, () => reject(new Error(`no answer within ${timeoutMs} ms`)));
  try {
    const found = await Promise.race([lookup(host, { all: true }), late]);
    return { addresses: found.map(({ address }) => address), tookMs: tookMs() };
  } catch (thrown) {
    return { addresses: [], problem: reasonOf(thrown), tookMs: tookMs() };
  } finally {
    timer.cancel();
  }
}

/** What it shows is looked at whether or not it is trusted, so that it can be named. */
function shownCertificate(host: string, port: number): Promise<NonNullable<HostFacts['certificate']>> {
  return new Promise((resolvePromise) => {
    const servername = isIP(host) === 0 ? { servername: host } : {};
    const socket: TLSSocket = connect({ host, port, ...servername, rejectUnauthorized: false, timeout: timeoutMs });
    const end = (found: NonNullable<HostFacts['certificate']>): void => {
      socket.destroy();
      resolvePromise(found);
    };
    socket.on('secureConnect', () => {
      const { issuer, valid_to: validTo } = socket.getPeerCertificate();
      const problem = socket.authorized ? {} : { problem: reasonOf(socket.authorizationError) };
      const name = issuer?.O ?? issuer?.CN;
      end({ ...problem, ...(name === undefined ? {} : { issuer: String(name) }), validToMs: Date.parse(validTo) });
    });
    socket.on('timeout', () => end({ problem: `no answer within ${timeoutMs} ms` }));
    socket.on('error', (error) => end({ problem: reasonOf(error) }));
  });
}

/** What the port is served with. */
export function certificateFacts({ settings, file, stateDirectory }: Configuration): CertificateFacts | undefined {
  const { tls } = settings.gateway;
  if (!tls.enabled) return undefined;
  const isOwn = tls.certFile === undefined;
  const path = isOwn ? join(stateDirectory, 'credentials', 'gateway-tls.crt') : resolve(dirname(file), tls.certFile ?? '');
  try {
    const { validFrom, validTo, subjectAltName } = new X509Certificate(readFileSync(path));
    return { file: path, isOwn, validFromMs: Date.parse(validFrom), validToMs: Date.parse(validTo), names: subjectAltName ?? '' };
  } catch (thrown) {
    return { file: path, isOwn, problem: reasonOf(thrown) };
  }
}
