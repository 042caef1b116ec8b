/**
 * What the workload API says against a question: a `Status` object as an error. What no gateway said (a proxy's page) becomes one too, as far as
 * its status tells.
 */
import type { ApiStatus, StatusCause } from '@openclaw/protocol';
import { OpenClawError } from '../errors.ts';

/** The words of Kubernetes for statuses, in our own catalogue where it has them. */
const codes: Readonly<Record<string, string>> = {
  NotFound: 'workload_not_found',
  AlreadyExists: 'workload_exists',
  Conflict: 'workload_conflict',
  Invalid: 'workload_invalid',
  Expired: 'workload_version_gone',
  Gone: 'workload_version_gone',
};

export class ApiRefusal extends OpenClawError {
  /** `NotFound`, `Conflict`, `Invalid`, `Forbidden`, … */
  readonly reason: string;
  /** What is wrong with the object, each with its path. */
  readonly causes: readonly StatusCause[];
  /** Whether these are words of a gateway: what else answered may echo anything. */
  readonly isStatus: boolean;

  constructor(httpStatus: number, status: Partial<ApiStatus> | undefined) {
    const reason = status?.reason ?? reasonOfHttp(httpStatus);
    const retryAfterSeconds = status?.details?.retryAfterSeconds;
    super({
      message: status?.message ?? `The server answered with status ${httpStatus}.`,
      code: codes[reason] ?? `http_${httpStatus}`,
      status: httpStatus,
      retryable: httpStatus === 409 || httpStatus === 429 || httpStatus >= 500,
      retryAfterMs: retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1000,
    });
    this.reason = reason;
    this.causes = status?.details?.causes ?? [];
    this.isStatus = status !== undefined;
  }
}

/** @param text the body of an answer, whatever it is */
export function refusalFrom(httpStatus: number, text: string): ApiRefusal {
  return new ApiRefusal(httpStatus, statusIn(text));
}

function statusIn(text: string): Partial<ApiStatus> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // A proxy between answers with a page; its status says enough.
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if ('kind' in value && value.kind === 'Status') return value as Partial<ApiStatus>;
  // The doors of the gateway answer in the form of its other paths.
  const error = 'error' in value ? value.error : undefined;
  if (typeof error !== 'object' || error === null || !('message' in error) || !('openclaw' in error)) return undefined;
  return { message: String(error.message) };
}

function reasonOfHttp(status: number): string {
  const words: Readonly<Record<number, string>> = {
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'NotFound',
    409: 'Conflict',
    410: 'Gone',
    422: 'Invalid',
  };
  return words[status] ?? 'Unknown';
}
