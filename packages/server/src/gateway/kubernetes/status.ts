/** Failures as Kubernetes' `Status`, by whose reason and code clients decide what to do. Pure. */
import { workloadsGroup, type ApiStatus, type StatusCause } from '@openclaw/protocol';
import type { ErrorCode, OpenClawError } from '../../core/errors.ts';

const reasonsByStatus: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

type Writer = (error: OpenClawError) => Pick<ApiStatus, 'message' | 'details'> & { readonly reason?: string };

/** Those whose words Kubernetes' clients know. */
const writers: Partial<Record<ErrorCode, Writer>> = {
  workload_not_found: (error) => ({ message: `${qualified(error)} not found`, details: named(error) }),
  workload_exists: (error) => ({ reason: 'AlreadyExists', message: `${qualified(error)} already exists`, details: named(error) }),
  workload_conflict: (error) => ({
    message: `Operation cannot be fulfilled on ${qualified(error)}: the object has been modified; please apply your changes to the latest version and try again`,
    details: named(error),
  }),
  workload_invalid: (error) => {
    const all = [error, ...error.others];
    const { kind, name } = error.details;
    const reasons = all.map(({ details }) => String(details['reason']));
    const said = reasons.length === 1 ? reasons[0] : `[${reasons.join(', ')}]`;
    return {
      message: `${kind}.${workloadsGroup} ${JSON.stringify(name)} is invalid: ${said}`,
      details: { name: String(name), group: workloadsGroup, kind: String(kind), causes: all.map(causeOf) },
    };
  },
};

export function statusOf(error: OpenClawError): ApiStatus {
  const code = error.status || 500;
  const words = writers[error.code]?.(error) ?? { message: `${error.message} ${error.hint}`.trim() };
  const retry = error.retryAfterMs === undefined ? {} : { retryAfterSeconds: Math.max(1, Math.ceil(error.retryAfterMs / 1000)) };
  const details = { ...words.details, ...retry };
  return {
    ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' },
    message: words.message ?? error.message,
    reason: words.reason ?? reasonsByStatus[code] ?? 'Unknown',
    ...(Object.keys(details).length > 0 ? { details } : {}),
    code,
  };
}

export function successOf(details: NonNullable<ApiStatus['details']>): ApiStatus {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

function causeOf({ details, param }: OpenClawError): StatusCause {
  return {
    reason: String(details['cause'] ?? 'FieldValueInvalid'),
    message: String(details['says'] ?? details['reason']),
    ...(param === undefined ? {} : { field: param }),
  };
}

function groupOf(resource: string): string | undefined {
  return resource === 'pods' || resource === 'events' || resource === 'namespaces' ? undefined : workloadsGroup;
}

function qualified({ details }: OpenClawError): string {
  const resource = String(details['resource']);
  const group = groupOf(resource);
  return `${group === undefined ? resource : `${resource}.${group}`} ${JSON.stringify(String(details['name']))}`;
}

function named({ details }: OpenClawError): NonNullable<ApiStatus['details']> {
  const resource = String(details['resource']);
  const group = groupOf(resource);
  return { name: String(details['name']), ...(group === undefined ? {} : { group }), kind: resource };
}
