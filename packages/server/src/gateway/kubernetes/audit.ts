/**
 * Who wrote what over this API, for the audit log: after the write, and only where it changed something. Values are not told: among them may be secrets.
 *
 * What controllers write is no entry; what it leads to is an event.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ApiObject } from '@openclaw/protocol';
import { actorOf, type AuditSink, type Principal } from '../../access/index.ts';
import type { Kind } from '../../workloads/index.ts';

export type Deed = 'created' | 'changed' | 'status-changed' | 'deleted';

interface Writer {
  readonly principal: Principal;
  readonly api: { readonly audit: AuditSink };
}

interface Entry {
  readonly kind: Kind;
  readonly deed: Deed;
  readonly object: ApiObject;
  /** What it was. */
  readonly before?: ApiObject | undefined;
}

/** Paths of one entry. */
const namedPaths = 12;

/** Durable when it resolves. */
export async function audit({ principal, api }: Writer, { kind, deed, object, before }: Entry): Promise<void> {
  const { namespace = '', name, uid } = object.metadata;
  const paths = before === undefined ? [] : changedPaths(written(before), written(object));
  const named = paths.slice(0, namedPaths).join(', ');
  await api.audit.record({
    actor: actorOf(principal),
    action: `${kind.singular}.${deed}`,
    subject: `${namespace}/${name}`,
    detail: {
      uid,
      ...(paths.length === 0 ? {} : { changed: paths.length > namedPaths ? `${named} and ${paths.length - namedPaths} more` : named }),
    },
  });
}

/** Of its metadata what people write. */
function written({ metadata: { labels, annotations, finalizers, ownerReferences }, spec, status }: ApiObject): object {
  return { metadata: { labels, annotations, finalizers, ownerReferences }, spec, status };
}

/** `spec.containers[0].resources.limits.memory`, down to what differs. */
function changedPaths(before: unknown, after: unknown, path = ''): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((item, index) => changedPaths(item, after[index], `${path}[${index}]`));
  if (!isRecord(before) || !isRecord(after)) return [path];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => changedPaths(before[name], after[name], path === '' ? name : `${path}.${name}`));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
