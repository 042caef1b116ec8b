/**
 * Finds out who asks, from `Authorization: Bearer …` and `x-api-key: …`.
 *
 * Both headers are read, because clients send either: today's OpenAI and Anthropic SDKs send `Authorization`, older Anthropic
 * SDKs and curl examples `x-api-key`, and some tools both, one of them with a left-over key of a provider. So either is enough:
 * `Authorization` is tried first and wins if both are valid; a wrong one does not spoil a right one. If none is valid, the
 * error names what was seen.
 *
 * Wrong credentials are counted per address, and after some of them answered with `too_many_failures`. A right token or key is never
 * held up by that: it cannot be guessed, and behind a proxy everybody has the same address. A password can be guessed, so
 * in mode `password` an address that has used up its failures has to wait even with the right one.
 *
 * It knows nothing of scopes and models: the principal carries them.
 */
import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { OpenClawError } from '../core/errors.ts';
import { createFailures, type FailureOptions } from './failures.ts';
import { anonymousPrincipal, gatewayPrincipal, type Principal } from './principal.ts';
import type { VirtualKeys } from './virtual-keys.ts';

export interface AuthenticatorOptions {
  /** With `trusted-proxy` the gateway's secret is nobody's: only virtual keys are accepted here. */
  readonly mode: 'token' | 'password' | 'trusted-proxy' | 'none';
  /** The gateway's token or password. Absent or empty: only virtual keys are accepted. */
  readonly secret?: string | undefined;
  readonly keys: Pick<VirtualKeys, 'find'>;
  readonly clock: Clock;
  readonly failures?: FailureOptions;
}

/** Names in lower case, as `node:http` has them. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface Authenticator {
  /**
   * @throws OpenClawError `missing_credentials`, `invalid_credentials`, `unexpanded_credentials`, `key_revoked`, `key_expired`,
   * `too_many_failures`
   */
  authenticate(headers: RequestHeaders, address: string): Principal;
}

interface Credential {
  /** For people: which header it came in. */
  readonly source: string;
  readonly text: string;
}

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { mode, keys, clock } = options;
  const failures = createFailures(clock, options.failures);
  const isGatewaySecret = createComparison(options.secret);

  /** The principal, an error that speaks of this very credential, or undefined if nobody knows it. */
  const identify = ({ text }: Credential, passwordAllowed: boolean): Principal | OpenClawError | undefined => {
    // Keys first: most callers have one, and the comparison with the secret takes as long as finding it.
    return keys.find(text) ?? (passwordAllowed && isGatewaySecret(text) ? gatewayPrincipal : undefined);
  };

  return {
    authenticate(headers, address) {
      const credentials = readCredentials(headers);
      const known: OpenClawError[] = [];
      // A token cannot be guessed, so only a password needs the look at the address, which costs more than the rest.
      const secretAllowed = mode === 'token' || (mode === 'password' && failures.waitMs(address) === 0);
      for (const credential of credentials) {
        const found = identify(credential, secretAllowed);
        if (found instanceof OpenClawError) known.push(found);
        else if (found !== undefined) return found;
      }
      if (known[0] !== undefined) throw known[0];
      // SDKs insist on sending something, so whatever they send is nobody in particular.
      if (mode === 'none') return anonymousPrincipal;
      if (credentials.length === 0) throw new OpenClawError('missing_credentials');
      throw refusal(credentials, address, { waitMs: failures.waitMs(address), count: () => failures.add(address) });
    },
  };
}

/** Room for the longest credential that anybody sets; longer ones are nobody's. */
const comparedBytes = 1024;

/**
 * Compares in a time that depends on neither text: both lie in buffers of the same length, padded with zeros. Cheaper by far than
 * comparing digests, which would be taken anew with every request.
 */
function createComparison(secret: string | undefined): (text: string) => boolean {
  if (secret === undefined || secret === '') return () => false;
  if (Buffer.byteLength(secret) > comparedBytes) throw new RangeError(`the gateway's secret is longer than ${comparedBytes} bytes`);
  const expected = Buffer.alloc(comparedBytes);
  expected.write(secret);
  const candidate = Buffer.alloc(comparedBytes);
  return (text) => {
    // Three bytes a character at most, so nothing is cut off that could have differed; no credential has a NUL in it.
    if (text.length > comparedBytes / 3 && Buffer.byteLength(text) > comparedBytes) return false;
    candidate.fill(0);
    candidate.write(text);
    return timingSafeEqual(candidate, expected) && !text.includes('\0');
  };
}

function readCredentials(headers: RequestHeaders): Credential[] {
  const credentials: Credential[] = [];
  const authorization = single(headers['authorization']);
  const hasScheme = /^bearer(?:\s|$)/i.test(authorization);
  const token = hasScheme ? authorization.slice('bearer'.length).trim() : authorization;
  if (token !== '') credentials.push({ source: hasScheme ? 'Authorization' : 'Authorization (without Bearer)', text: token });
  const apiKey = single(headers['x-api-key']);
  if (apiKey !== '') credentials.push({ source: 'x-api-key', text: apiKey });
  return credentials;
}

function single(value: string | readonly string[] | undefined): string {
  return (typeof value === 'string' ? value : (value?.[0] ?? '')).trim();
}

interface FailureCount {
  readonly waitMs: number;
  count(): void;
}

function refusal(credentials: readonly Credential[], address: string, failure: FailureCount): OpenClawError {
  if (failure.waitMs === 0) failure.count();
  const unexpanded = credentials.find(({ text }) => isUnexpanded(text));
  if (unexpanded !== undefined) {
    return new OpenClawError('unexpanded_credentials', { details: { source: unexpanded.source, credential: unexpanded.text } });
  }
  if (failure.waitMs > 0) return new OpenClawError('too_many_failures', { details: { address }, retryAfterMs: failure.waitMs });
  return new OpenClawError('invalid_credentials', { details: { source: credentials.map(({ source }) => source).join(' and ') } });
}

/** `$NAME`, `${NAME}`, `$(command)`, `%NAME%`, `{{ name }}`, `<your-key>`: what a shell, a template or a reader was to fill in. */
function isUnexpanded(text: string): boolean {
  return text.length <= 80 && /^(?:\$\w+|\$\{\w+\}|\$\([\w ./-]+\)|%\w+%|\{\{ ?[\w.]+ ?\}\}|<[\w -]+>)$/.test(text);
}
