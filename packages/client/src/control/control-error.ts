/**
 * Any failure of a control connection, its handshake or one of its requests.
 *
 * It knows what was said; whether to connect again is decided by `ControlClient`, from `patience`.
 */
import { errorCatalogue, type ErrorCode, type WireError, type WireErrorCode } from '@openclaw/protocol';
import { clientError, OpenClawError } from '../errors.ts';
import { refusalOf, type Patience } from './refusals.ts';

export interface Close {
  readonly code: number;
  readonly reason: string;
}

/**
 * What a gateway refused, or why it could not be asked.
 *
 * @example
 * try {
 *   await client.connect();
 * } catch (error) {
 *   if (error instanceof ControlError && error.code === 'PAIRING_REQUIRED') console.log(error.pairingRequestId, error.hint);
 *   else throw error;
 * }
 */
export class ControlError extends OpenClawError {
  /** The coarse word of the wire; `code` is the finer one where there is one. Undefined where no gateway spoke. */
  readonly wireCode: WireErrorCode | undefined;
  readonly details: Readonly<Record<string, unknown>>;
  /** How the connection ended, where it did. */
  readonly closeCode: number | undefined;
  readonly closeReason: string | undefined;
  /** Of the request that waits for approval. */
  readonly pairingRequestId: string | undefined;
  /** `retry_with_device_token`, `update_auth_credentials`, …: the gateway's advice to programs; for people: `hint`. */
  readonly nextStep: string | undefined;
  /** Whether connecting again by itself makes sense. */
  readonly patience: Patience;
  /** The state directory of the gateway that refused, where it told. */
  readonly stateId: string | undefined;

  constructor(error: OpenClawError, said: ControlErrorOptions = {}) {
    const { message, code, status, retryable, retryAfterMs, hint, requestId } = error;
    super({ message, code, status, retryable, retryAfterMs, hint, requestId, cause: error.cause });
    const { wireCode, details = {}, close, patience, stateId } = said;
    this.wireCode = wireCode;
    this.details = details;
    this.closeCode = close?.code;
    this.closeReason = close?.reason;
    this.pairingRequestId = code === 'PAIRING_REQUIRED' ? (text(details['requestId']) ?? idIn(close?.reason)) : undefined;
    this.nextStep = text(details['recommendedNextStep']);
    this.patience = patience ?? (retryable ? 'soon' : 'never');
    this.stateId = text(details['stateId']) ?? stateId;
  }
}

export interface ControlErrorOptions {
  readonly wireCode?: WireErrorCode | undefined;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly close?: Close | undefined;
  readonly patience?: Patience;
  readonly stateId?: string | undefined;
}

/** An error of this package itself, with a row of the catalogue. */
export function localError(
  code: ErrorCode,
  details: Readonly<Record<string, string | number>>,
  said: ControlErrorOptions & { readonly cause?: unknown } = {},
): ControlError {
  return new ControlError(clientError(code, { details, ...(said.cause === undefined ? {} : { cause: said.cause }) }), said);
}

/** What a gateway answered in place of what was asked for. */
export function errorFromWire(error: WireError, said: Pick<ControlErrorOptions, 'close' | 'stateId'> = {}): ControlError {
  const details = error.details ?? {};
  const code = text(details['code']) ?? error.code;
  const known = refusalOf(code);
  const retryable = error.retryable ?? known?.patience === 'soon';
  return new ControlError(
    new OpenClawError({
      message: error.message,
      code,
      retryable,
      retryAfterMs: error.retryAfterMs,
      hint: hintOf(code, details),
    }),
    { ...said, wireCode: error.code, details, ...(known ? { patience: known.patience } : {}) },
  );
}

/** The gateway's own words first: it knows more. */
function hintOf(code: string, details: Readonly<Record<string, unknown>>): string | undefined {
  const said = text(details['hint']) ?? text(details['remediationHint']);
  const requestId = text(details['requestId']);
  if (said !== undefined) return said;
  if (code === 'PAIRING_REQUIRED' && requestId !== undefined) {
    return `Approve it where the gateway runs: openclaw devices approve ${requestId}`;
  }
  const row = (errorCatalogue as Readonly<Record<string, { readonly hint: string }>>)[code];
  return refusalOf(code)?.hint ?? (row?.hint.includes('{') ? undefined : row?.hint);
}

/** The same refusal, once it is known how the connection ended. */
export function withClose(error: ControlError, close: Close): ControlError {
  const { wireCode, details, patience, stateId } = error;
  return new ControlError(error, { wireCode, details, patience, stateId, close });
}

/** A connection that ended before it was one, with nothing said but the close itself. */
export function errorFromClose(
  url: string,
  close: Close,
  { wasConnected, stateId }: { readonly wasConnected: boolean; readonly stateId: string | undefined },
): ControlError {
  const reason = close.reason === '' ? `it was closed with code ${close.code}` : `${close.reason} (code ${close.code})`;
  if (!wasConnected && close.code === 1008) {
    const isPairing = close.reason.startsWith('pairing required');
    const details = isPairing ? { code: 'PAIRING_REQUIRED', requestId: idIn(close.reason) } : {};
    return errorFromWire({ code: isPairing ? 'NOT_PAIRED' : 'INVALID_REQUEST', message: close.reason, details }, { close, stateId });
  }
  const patience = close.code === 1002 ? 'never' : 'soon';
  return localError(wasConnected ? 'connection_lost' : 'connection_failed', { url, reason }, { close, stateId, patience });
}

function idIn(reason: string | undefined): string | undefined {
  return /\(requestId: ([^)\s]+)\)/.exec(reason ?? '')?.[1];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
