/**
 * The one error class: a row of the catalogue with its details filled in.
 *
 * It does not decide how an error looks to a client (the dialects do) or on a terminal (`cli/` does).
 */
import { errorCatalogue, type ErrorCode, type ErrorEntry } from '@openclaw/protocol';

export type { ErrorCode };

export interface ErrorOptions {
  /** Values for the `{name}` places in the catalogue's message and hint. Never secrets. */
  readonly details?: Readonly<Record<string, string | number>>;
  /** The field or setting at fault, as a path (`messages[0].content`); OpenAI's `param`. */
  readonly param?: string;
  /** No earlier than this may the request be tried again. */
  readonly retryAfterMs?: number;
  /** Overrides the catalogue's status where an upstream's own status must reach the client. */
  readonly status?: number;
  /** Further failures that were found at the same time, such as the other mistakes of a configuration. */
  readonly others?: readonly OpenClawError[];
  /** The catalogue's words with their places filled in, where the error comes back from a wire and its details do not. */
  readonly words?: { readonly message: string; readonly hint: string };
  readonly cause?: unknown;
}

/** Any failure that OpenClaw tells somebody about. */
export class OpenClawError extends Error {
  override readonly name = 'OpenClawError' as const;
  readonly code: ErrorCode;
  readonly status: number;
  readonly retryable: boolean;
  readonly hint: string;
  readonly details: Readonly<Record<string, string | number>>;
  readonly param: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly others: readonly OpenClawError[];

  constructor(code: ErrorCode, options: ErrorOptions = {}) {
    const entry: ErrorEntry = errorCatalogue[code];
    const details = options.details ?? {};
    super(options.words?.message ?? fillIn(entry.message, details), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = options.status ?? entry.status;
    this.retryable = entry.retryable;
    this.hint = options.words?.hint ?? fillIn(entry.hint, details);
    this.details = details;
    this.param = options.param;
    this.retryAfterMs = options.retryAfterMs;
    this.others = options.others ?? [];
  }
}

/** Turns anything thrown into an OpenClawError; what is not one becomes `internal_error` with the original as cause. */
export function toOpenClawError(thrown: unknown, requestId = '-'): OpenClawError {
  if (thrown instanceof OpenClawError) return thrown;
  return new OpenClawError('internal_error', { details: { requestId }, cause: thrown });
}

/** The message of anything thrown, for a `{reason}`: one line, without a full stop at its end. */
export function reasonOf(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message.replace(/\s+/g, ' ').replace(/\.$/, '');
}

function fillIn(template: string, details: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (place, name: string) => String(details[name] ?? place));
}
