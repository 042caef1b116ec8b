/**
 * What HTTPS is served with: the operator's certificate, or one that the gateway makes for itself, signed by nobody else.
 *
 * A certificate of its own keeps what is sent secret, and browsers warn of it until its fingerprint has been compared once.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { OpenClawError, reasonOf } from '../core/errors.ts';
import type { TlsMaterial } from './listener.ts';

export interface TlsSettings {
  readonly enabled: boolean;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

export interface TlsOptions {
  /** Where a certificate of its own is kept from one start to the next. */
  readonly directory: string;
  readonly clock: Clock;
  /** Names and addresses that a certificate of its own is for. @default those of this machine */
  readonly names?: readonly string[];
}

const dayMs = 24 * 60 * 60_000;
/** As long as browsers take one from anybody. */
const validDays = 397;
/** A new one is made this long before the end of the old one. */
const renewDays = 30;

/** @returns undefined where HTTP is spoken @throws OpenClawError `tls_invalid` */
export async function readTls(settings: TlsSettings, options: TlsOptions): Promise<TlsMaterial | undefined> {
  if (!settings.enabled) return undefined;
  const { certFile, keyFile } = settings;
  if (certFile === undefined || keyFile === undefined) return ownCertificate(options);
  const material = { certificate: await read(certFile), key: await read(keyFile) };
  check(material);
  return material;
}

/** As browsers show it, to be compared by eye: SHA-256, pairs of hexadecimal digits. */
export function fingerprintOf({ certificate }: TlsMaterial): string {
  return new X509Certificate(certificate).fingerprint256;
}

async function ownCertificate({ directory, clock, names = namesOfMachine() }: TlsOptions): Promise<TlsMaterial> {
  const files = { certificate: join(directory, 'gateway-tls.crt'), key: join(directory, 'gateway-tls.key') };
  const kept = await Promise.all([readFile(files.certificate, 'utf8'), readFile(files.key, 'utf8')]).catch(() => undefined);
  if (kept) {
    const material = { certificate: kept[0], key: kept[1] };
    if (isFresh(material, clock.now())) return material;
  }
  const material = await makeCertificate(names, clock.now());
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // The key first: a certificate without its key would be taken for a whole one.
  for (const [file, text] of [
    [files.key, material.key],
    [files.certificate, material.certificate],
  ] as const) {
    const spare = `${file}.new`;
    // Whatever lies there was left by a start that was killed, or is a link that would lead the key elsewhere.
    await rm(spare, { force: true });
    await writeFile(spare, text, { mode: 0o600, flag: 'wx' });
    await rename(spare, file);
  }
  return material;
}

function isFresh(material: TlsMaterial, nowMs: number): boolean {
  try {
    check(material);
    return Date.parse(new X509Certificate(material.certificate).validTo) - nowMs > renewDays * dayMs;
  } catch {
    // Whatever lies there is no certificate of ours any more; a new one takes its place.
    return false;
  }
}

async function makeCertificate(names: readonly string[], nowMs: number): Promise<TlsMaterial> {
  const { generate } = await import('selfsigned');
  const altNames = names.map((name) => (isIP(name) === 0 ? { type: 2 as const, value: name } : { type: 7 as const, ip: name }));
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'OpenClaw gateway' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    // Clocks of other machines may be a little behind.
    notBeforeDate: new Date(nowMs - dayMs),
    notAfterDate: new Date(nowMs + (validDays - 1) * dayMs),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  return { certificate: cert, key };
}

/** At most as many as anybody has; a machine with a thousand interfaces gets by with some. */
const namesLimit = 50;

function namesOfMachine(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address.split('%')[0] ?? ''));
  return [...new Set(['localhost', '127.0.0.1', '::1', hostname(), ...addresses])].filter((name) => name !== '').slice(0, namesLimit);
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw invalid(`${file}: ${reasonOf(cause)}`, cause);
  }
}

/** @throws OpenClawError `tls_invalid` where they do not belong together */
function check({ certificate, key }: TlsMaterial): void {
  let belongs = false;
  try {
    belongs = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch (cause) {
    throw invalid(reasonOf(cause), cause);
  }
  if (!belongs) throw invalid('the key does not belong to the certificate');
}

function invalid(reason: string, cause?: unknown): OpenClawError {
  return new OpenClawError('tls_invalid', { details: { reason }, cause });
}
