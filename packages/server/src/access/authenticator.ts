/**
 * Finds out who asks over HTTP, from `Authorization: Bearer …` and `x-api-key: …`, or from what a trusted proxy says.
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
import { operatorScopes } from '@openclaw/protocol';
import { OpenClawError } from '../core/errors.ts';
import type { TokenHolder } from './devices/held-devices.ts';
import { createGate, type FailingCaller, type Gate, type GateOptions, type GateSettings } from './gate.ts';
import { cappedScopes, httpScopes } from './operator-scopes.ts';
import { anonymousPrincipal, gatewayPrincipal, type Principal } from './principal.ts';
import { refuse } from './refusal.ts';
import { isFromThisMachine, readCredentials, type RequestHeaders, whereFrom } from './request-credentials.ts';
import type { VirtualKeys } from './virtual-keys.ts';

export type { RequestHeaders };

export interface AuthenticatorOptions extends GateOptions {
  readonly keys: Pick<VirtualKeys, 'find'>;
  /** Whose tokens are accepted too. @default nobody's */
  readonly devices?: { findToken(token: string): TokenHolder | undefined };
}

export interface Authenticator {
  /**
   * @throws OpenClawError `missing_credentials`, `invalid_credentials`, `unexpanded_credentials`, `secret_not_configured`, `key_revoked`,
   * `key_expired`, `device_token_refused`, `proxy_identity_missing`, `proxy_user_refused`, `too_many_failures`
   */
  authenticate(headers: RequestHeaders, address: string): Principal;
  /**
   * Something was signed with a secret that it is not: it counts as a wrong credential.
   * @returns what to answer whoever has sent too many of them
   */
  noteWrongSignature(headers: RequestHeaders, address: string): OpenClawError | undefined;
  /**
   * Another token, password, mode or proxy, from the next request on; keys and devices hold as before.
   * @returns whether anything is different, so that connections made under the old settings must end
   */
  replace(settings: GateSettings): boolean;
  /** For the other door, which must agree with this one. */
  readonly gate: Gate;
}

export function createAuthenticator({ keys, devices, ...settings }: AuthenticatorOptions): Authenticator {
  const gate = createGate(settings);

  /** The principal, an error that speaks of this very credential, or undefined if nobody knows it. */
  const identify = (text: string, headers: RequestHeaders, secretAllowed: boolean): Principal | OpenClawError | undefined => {
    // Keys first: most callers have one, and the comparison with the secret takes as long as finding it.
    const key = keys.find(text);
    if (key !== undefined) return key;
    const holder = devices?.findToken(text);
    if (holder !== undefined) return devicePrincipal(holder, headers);
    return secretAllowed && gate.isSecret(text) ? gatewayPrincipal : undefined;
  };

  return {
    gate,
    replace: (next) => gate.replace(next),
    noteWrongSignature(headers, address) {
      const caller = callerOf(headers, address);
      const waitMs = gate.waitMs(caller, 'signature');
      if (waitMs > 0) {
        return new OpenClawError('too_many_failures', { details: { address: whereFrom(address, false) }, retryAfterMs: waitMs });
      }
      gate.noteFailure(caller, 'signature');
      return undefined;
    },
    authenticate(headers, address) {
      const credentials = readCredentials(headers);
      const known: OpenClawError[] = [];
      // A token cannot be guessed, so only a password needs the look at the address, which costs more than the rest.
      const isPassword = gate.mode === 'password';
      const secretAllowed = gate.mode !== 'none' && !(isPassword && gate.waitMs(callerOf(headers, address), 'secret') > 0);
      for (const { text } of credentials) {
        const found = identify(text, headers, secretAllowed);
        if (found instanceof OpenClawError) known.push(found);
        else if (found !== undefined) return found;
      }
      if (known[0] !== undefined) throw known[0];
      const user = gate.proxyUser(headers, address);
      if (user !== undefined) return userPrincipal(user, headers);
      // SDKs insist on sending something, so whatever they send is nobody in particular.
      if (gate.mode === 'none') return anonymousPrincipal;
      const caller = callerOf(headers, address);
      throw refuse({ credentials, from: whereFrom(address, caller.isExempt), caller }, gate);
    },
  };
}

function callerOf(headers: RequestHeaders, address: string): FailingCaller {
  return { address, isExempt: isFromThisMachine(headers, address) };
}

function devicePrincipal({ deviceId, scopes }: TokenHolder, headers: RequestHeaders): Principal {
  return { kind: 'device', id: `device:${deviceId}`, scopes: httpScopes(cappedScopes(scopes, headers)), models: undefined };
}

function userPrincipal(user: string, headers: RequestHeaders): Principal {
  return { kind: 'user', id: `user:${user}`, scopes: httpScopes(cappedScopes(operatorScopes, headers)), models: undefined };
}
