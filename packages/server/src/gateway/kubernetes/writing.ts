/** POST, PUT, PATCH and DELETE of objects of our kinds. What fits is decided by their schemas, and who was first by the store. */
import { workloadsApiVersion, type ApiObject } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { readObject, type FieldValidation, type Kind, type ReadObject } from '../../workloads/index.ts';
import { audit } from './audit.ts';
import { answer, readDryRun, warn, wrong, type Call, type ObjectCall } from './call.ts';
import { groupVersionOf } from './collection.ts';
import { jsonPatch, mergePatch } from './json-patch.ts';
import { tableOptions } from './reading.ts';
import { readObjectBody, readOptionalBody, readPatchBody, type ReadPatch } from './read-request-body.ts';
import { readSelectors } from './selectors.ts';
import { successOf } from './status.ts';
import { listBody, objectBody } from './table.ts';

/** The whole object, or its status alone. */
export type Part = 'object' | 'status';

export async function createObject(call: Call, kind: Kind): Promise<void> {
  const { request, query, address, api } = call;
  const { namespace = '' } = address;
  const body = await readObjectBody(call);
  const wanted = readObject(kind, body, { fieldValidation: fieldValidationOf(query), host: api.host, namespace });
  const dryRun = readDryRun(query);
  const object = await api.store.create(
    {
      ...{ apiVersion: workloadsApiVersion, kind: kind.kind },
      key: { resource: kind.resource, namespace, name: wanted.name },
      ...{ metadata: wanted.metadata, spec: wanted.spec },
    },
    { dryRun },
  );
  if (!dryRun) await audit(call, { kind, deed: 'created', object });
  warn(request, wanted.warnings);
  answer(request, 201, objectBody(object, tableOptions(call)));
}

export async function replaceObject(call: ObjectCall, kind: Kind, part: Part): Promise<void> {
  const body = await readObjectBody(call);
  await changeObject(call, kind, { part, next: () => body });
}

export async function patchObject(call: ObjectCall, kind: Kind, part: Part): Promise<void> {
  const patch = await readPatchBody(call);
  await changeObject(call, kind, { part, next: (current) => applyPatch(current as unknown as JsonValue, patch) });
}

export function applyPatch(current: JsonValue, { form, patch }: ReadPatch): JsonObject {
  const patched = form === 'merge' ? mergePatch(current, patch) : jsonPatch(current, patch);
  if (!isJsonObject(patched)) throw wrong('patch', 'must leave an object');
  return patched;
}

export interface Change {
  readonly part: Part;
  /** What is to be there; asked again where somebody else came between. */
  readonly next: (current: ApiObject) => JsonObject;
}

async function changeObject(call: ObjectCall, kind: Kind, change: Change): Promise<void> {
  const { object, warnings } = await writeObject(call, kind, change);
  warn(call.request, warnings);
  answer(call.request, 200, objectBody(object, tableOptions(call)));
}

export interface Written {
  readonly object: ApiObject;
  readonly warnings: readonly string[];
}

/** @throws OpenClawError `workload_not_found`, `workload_conflict`, `workload_invalid`, `invalid_request` */
export async function writeObject(call: ObjectCall, kind: Kind, { part, next }: Change): Promise<Written> {
  const { query, namespace, name, api } = call;
  const key = { resource: kind.resource, namespace, name };
  const fieldValidation = fieldValidationOf(query);
  const dryRun = readDryRun(query);
  let warnings: readonly string[] = [];
  let before: ApiObject | undefined;
  const decide = (current: ApiObject): ApiObject => {
    before = current;
    const body = next(current);
    refuseOther(key, current, body);
    if (part === 'status') return { ...current, status: statusIn(body) };
    const wanted = readObject(kind, body, { fieldValidation, host: api.host, namespace, name, current });
    warnings = wanted.warnings;
    return { ...current, metadata: { ...current.metadata, ...writtenMetadata(wanted) }, spec: wanted.spec };
  };
  const object = await api.store.update(key, decide, { dryRun });
  const isChanged = !dryRun && object.metadata.resourceVersion !== before?.metadata.resourceVersion;
  if (isChanged) await audit(call, { kind, deed: part === 'status' ? 'status-changed' : 'changed', object, before });
  return { object, warnings };
}

/** Who sends a version or a uid along means that one. */
function refuseOther(
  key: { readonly resource: string; readonly namespace: string; readonly name: string },
  { metadata: is }: ApiObject,
  body: JsonObject,
): void {
  const metadata = isJsonObject(body['metadata']) ? body['metadata'] : {};
  const { resourceVersion: version = '', uid = '' } = metadata;
  const isOther = (version !== '' && version !== is.resourceVersion) || (uid !== '' && uid !== is.uid);
  if (isOther) throw new OpenClawError('workload_conflict', { details: { ...key } });
}

/** What is not sent is to be gone. */
function writtenMetadata({
  metadata,
}: ReadObject): Pick<ApiObject['metadata'], 'labels' | 'annotations' | 'finalizers' | 'ownerReferences'> {
  const { labels = {}, annotations = {}, finalizers = [], ownerReferences = [] } = metadata;
  return { labels, annotations, finalizers, ownerReferences };
}

function statusIn(body: JsonObject): JsonValue {
  const status = body['status'] ?? {};
  if (!isJsonObject(status)) throw wrong('status', 'must be an object');
  return status;
}

export async function deleteObject(call: ObjectCall, kind: Kind): Promise<void> {
  const { request, collection, namespace, name, api } = call;
  const options = await readDeleteOptions(call);
  const object = await api.store.delete({ resource: kind.resource, namespace, name }, options);
  if (!options.dryRun) await audit(call, { kind, deed: 'deleted', object });
  const { group, resource } = collection;
  answer(request, 200, successOf({ name, group, kind: resource, uid: object.metadata.uid }));
}

/** Those that fit, one after the other; what somebody else has deleted meanwhile is gone all the same. */
export async function deleteObjects(call: Call, kind: Kind): Promise<void> {
  const { request, collection, query, address, api } = call;
  const options = await readDeleteOptions(call);
  const matches = readSelectors(query, collection.selectable);
  const scope = address.namespace === undefined ? {} : { namespace: address.namespace };
  const page = await api.store.list({ resource: kind.resource, ...scope, ...(matches ? { matches } : {}) });
  for (const { metadata } of page.items) {
    const key = { resource: kind.resource, namespace: metadata.namespace ?? '', name: metadata.name };
    try {
      const object = await api.store.delete(key, { ...options, uid: metadata.uid });
      if (!options.dryRun) await audit(call, { kind, deed: 'deleted', object });
    } catch (thrown) {
      if (!(thrown instanceof OpenClawError) || (thrown.code !== 'workload_not_found' && thrown.code !== 'workload_conflict')) throw thrown;
    }
  }
  answer(request, 200, listBody(page, tableOptions(call)));
}

interface DeleteWish {
  readonly propagation: 'Background' | 'Foreground' | 'Orphan';
  readonly dryRun: boolean;
  readonly resourceVersion?: string;
  readonly uid?: string;
}

async function readDeleteOptions(call: Call): Promise<DeleteWish> {
  const body = await readOptionalBody(call);
  const propagation = body['propagationPolicy'] ?? call.query.get('propagationPolicy') ?? 'Background';
  if (propagation !== 'Background' && propagation !== 'Foreground' && propagation !== 'Orphan')
    throw wrong('propagationPolicy', 'must be Background, Foreground or Orphan');
  const preconditions = isJsonObject(body['preconditions']) ? body['preconditions'] : {};
  const { resourceVersion, uid } = preconditions;
  return {
    ...{ propagation, dryRun: readDryRun(call.query, body) },
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
    ...(typeof uid === 'string' ? { uid } : {}),
  };
}

function fieldValidationOf(query: URLSearchParams): FieldValidation {
  const value = query.get('fieldValidation') ?? '';
  if (value === '') return 'Warn';
  if (value === 'Strict' || value === 'Warn' || value === 'Ignore') return value;
  throw wrong('fieldValidation', 'must be Strict, Warn or Ignore');
}

/** For what is only read. */
export function refuseWriting({ collection, request }: Call): OpenClawError {
  return new OpenClawError('method_not_allowed', {
    details: { path: `${groupVersionOf(collection)} ${collection.resource}`, method: request.method, allow: 'GET' },
  });
}
