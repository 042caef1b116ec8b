/**
 * Signatures of webhooks: that of Standard Webhooks (https://www.standardwebhooks.com), an HMAC-SHA256 over id, time and body, and that of GitHub,
 * over the body alone. Pure: bytes, times and secrets come in.
 *
 * It does not know what is in a body, and keeps nothing: that a delivery comes twice is for others to see.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { HookHeaders } from '../contract.ts';
import { HookRefused } from '../hook-refused.ts';

/** What a request says of itself, once as much was looked at as can be without its body. */
export interface Presented {
  /** Whether one of the secrets made the signature of this body. */
  holds(body: Buffer): boolean;
  /** Of the delivery. What no signature covers has no part in it. */
  idOf(body: Buffer): string;
}

export interface Verifying {
  readonly secrets: readonly Buffer[];
  readonly nowMs: number;
  readonly toleranceMs: number;
}

export type SignatureForm = 'standard' | 'github';

/** More than there are secrets during a rotation; each costs a comparison. */
const signaturesLimit = 16;

/** `whsec_` and base64, as the standard writes them; anything else is the secret as it stands. */
export function secretBytes(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);
}

/** @throws HookRefused for what cannot be right, whatever the body */
export function readSignature(form: SignatureForm, headers: HookHeaders, verifying: Verifying): Presented {
  return form === 'github' ? readGithub(headers, verifying) : readStandard(headers, verifying);
}

export interface Signed {
  readonly id: string;
  readonly timestampS: number;
  readonly body: string;
}

/** The headers of a delivery, with a signature by each of the secrets. */
export function signStandard({ id, timestampS, body }: Signed, secrets: readonly Buffer[]): Record<string, string> {
  const content = Buffer.from(body);
  const signatures = secrets.map((secret) => `v1,${standardDigest(secret, { id, timestampS }, content).toString('base64')}`);
  return { 'webhook-id': id, 'webhook-timestamp': String(timestampS), 'webhook-signature': signatures.join(' ') };
}

function readStandard(headers: HookHeaders, { secrets, nowMs, toleranceMs }: Verifying): Presented {
  const [id, timestamp, written] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => textOf(headers, name));
  if (id === undefined || timestamp === undefined || written === undefined)
    throw new HookRefused('webhook-id, webhook-timestamp and webhook-signature are needed');
  // A full stop parts id, time and body in what is signed: with one in the id another reading of the same bytes would have the same signature.
  if (!/^[\w+/=:~-]{1,255}$/.test(id)) throw new HookRefused('webhook-id has more than 255 characters, or some that an id may not have');
  if (!/^\d{1,12}$/.test(timestamp)) throw new HookRefused('webhook-timestamp is no number of seconds since 1970');
  const timestampS = Number(timestamp);
  const apartMs = Math.abs(nowMs - timestampS * 1000);
  if (apartMs > toleranceMs) throw new HookRefused(`webhook-timestamp is ${Math.round(apartMs / 1000)} s from the time here`);
  const digests = written.split(' ').slice(0, signaturesLimit).flatMap(standardDigestIn);
  if (digests.length === 0) throw new HookRefused('webhook-signature has no signature of version v1');
  return {
    holds: (body) =>
      isAnyOf(
        digests,
        secrets.map((secret) => standardDigest(secret, { id, timestampS }, body)),
      ),
    idOf: () => id,
  };
}

function standardDigest(secret: Buffer, { id, timestampS }: Pick<Signed, 'id' | 'timestampS'>, body: Buffer): Buffer {
  return createHmac('sha256', secret).update(`${id}.${timestampS}.`).update(body).digest();
}

function standardDigestIn(signature: string): Buffer[] {
  const [version, text = ''] = signature.split(',', 2);
  const digest = Buffer.from(text, 'base64');
  // Some bits of the last letter stand for nothing; only one spelling is taken.
  return version === 'v1' && digest.length === 32 && digest.toString('base64') === text ? [digest] : [];
}

function readGithub(headers: HookHeaders, { secrets }: Verifying): Presented {
  const written = textOf(headers, 'x-hub-signature-256') ?? '';
  const digest = /^sha256=([0-9a-f]{64})$/.exec(written)?.[1];
  if (digest === undefined) throw new HookRefused('x-hub-signature-256 is needed, as GitHub writes it');
  return {
    holds: (body) =>
      isAnyOf(
        [Buffer.from(digest, 'hex')],
        secrets.map((secret) => createHmac('sha256', secret).update(body).digest()),
      ),
    // X-GitHub-Delivery is not signed: whoever has seen one delivery could send it again under as many ids as they like.
    idOf: (body) => createHash('sha256').update(body).digest('hex'),
  };
}

/** In a time that depends on how many there are, and not on what they say. */
function isAnyOf(presented: readonly Buffer[], expected: readonly Buffer[]): boolean {
  let matches = 0;
  for (const one of presented) for (const other of expected) matches += Number(timingSafeEqual(one, other));
  return matches > 0;
}

/** Of a header that came twice it is not known which is meant. */
function textOf(headers: HookHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}
