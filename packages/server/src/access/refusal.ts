/**
 * Why a credential was refused: which was seen, from where, and what it lacks. Both doors refuse with these rows of the catalogue, so an
 * operator reads the same words whichever way a program came.
 */
import { OpenClawError } from '../core/errors.ts';
import { deviceTokenPrefix } from './devices/held-devices.ts';
import type { CredentialKind } from './failures.ts';
import type { FailingCaller, Gate } from './gate.ts';
import { type Credential, isUnexpanded, sourcesOf } from './request-credentials.ts';

export interface RefusedAttempt {
  readonly credentials: readonly Credential[];
  /** As `whereFrom` says it. */
  readonly from: string;
  readonly caller: FailingCaller;
}

/** Counts the attempt as a failure, but for one without any credential. It is never the credential itself that the error repeats. */
export function refuse({ credentials, from, caller }: RefusedAttempt, gate: Gate): OpenClawError {
  if (credentials.length === 0) return new OpenClawError('missing_credentials', { details: { from } });
  const areDeviceTokens = credentials.every(({ text, isDeviceToken }) => isDeviceToken === true || text.startsWith(deviceTokenPrefix));
  const kind: CredentialKind = areDeviceTokens ? 'device-token' : 'secret';
  const waitMs = gate.waitMs(caller, kind);
  if (waitMs === 0) gate.noteFailure(caller, kind);
  const unexpanded = credentials.find(({ text }) => isUnexpanded(text));
  if (unexpanded !== undefined) {
    const { source, text: credential } = unexpanded;
    return new OpenClawError('unexpanded_credentials', { details: { source, from, credential } });
  }
  if (waitMs > 0) return new OpenClawError('too_many_failures', { details: { address: from }, retryAfterMs: waitMs });
  const details = { source: sourcesOf(credentials), from };
  if (kind === 'device-token') return new OpenClawError('device_token_refused', { details });
  if (!gate.hasSecret && (gate.mode === 'token' || gate.mode === 'password')) {
    return new OpenClawError('secret_not_configured', { details: { ...details, setting: `gateway.auth.${gate.mode}` } });
  }
  return new OpenClawError('invalid_credentials', { details });
}
