/** Bodies of requests: JSON within the gateway's bounds. YAML is for the command lines, which say the line of a mistake. */
import { OpenClawError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { parseJsonBody } from '../../core/parse-json.ts';
import { readBody } from '../body.ts';
import type { Call } from './call.ts';
import { protobufType, readProtobufReview } from './protobuf-review.ts';

/** Of one object, as in Kubernetes; a gateway may allow less. */
const mostBytes = 3 * 1024 * 1024;
const depthLimit = 64;

const applyPatch = 'application/apply-patch';
const strategicPatch = 'application/strategic-merge-patch+json';

export type PatchForm = 'merge' | 'json';

/** @throws OpenClawError `invalid_json`, `unsupported_media_type`, `body_too_large`, … */
export async function readObjectBody(call: Pick<Call, 'request' | 'api' | 'principal'>): Promise<JsonObject> {
  const type = contentTypeOf(call);
  if (type !== '' && type !== 'application/json') throw refuseType(type);
  return withBytes(call, (bytes) => parseJsonBody(bytes, { depthLimit }));
}

/** An access review, in either of the forms in which it comes. */
export async function readReviewBody(call: Pick<Call, 'request' | 'api' | 'principal'>): Promise<JsonObject> {
  return contentTypeOf(call) === protobufType ? withBytes(call, readProtobufReview) : readObjectBody(call);
}

/** The body of a DELETE, which many leave out. */
export async function readOptionalBody(call: Pick<Call, 'request' | 'api' | 'principal'>): Promise<JsonObject> {
  return withBytes(call, (bytes) => (bytes.length === 0 ? {} : parseJsonBody(bytes, { depthLimit })));
}

export interface ReadPatch {
  readonly form: PatchForm;
  readonly patch: JsonValue;
}

/** @throws OpenClawError `workload_patch_unsupported`, and as `readObjectBody` */
export async function readPatchBody(call: Pick<Call, 'request' | 'api' | 'principal'>): Promise<ReadPatch> {
  const form = patchFormOf(contentTypeOf(call));
  // A list is no object, and what a patch says below it is looked at like one.
  const patch = await withBytes(call, (bytes) => {
    if (form === 'merge') return parseJsonBody(bytes, { depthLimit });
    return parseJsonBody(Buffer.concat([Buffer.from('{"patch":'), bytes, Buffer.from('}')]), { depthLimit })['patch'] ?? null;
  });
  return { form, patch };
}

function patchFormOf(type: string): PatchForm {
  if (type === 'application/merge-patch+json') return 'merge';
  if (type === 'application/json-patch+json') return 'json';
  if (type.startsWith(applyPatch))
    throw refusePatch(type, 'fields have no owners here, so there is no server-side apply', 'Leave --server-side out.');
  if (type === strategicPatch)
    throw refusePatch(type, 'as for all custom resources, there is no strategic merge', 'Use --type=merge or --type=json.');
  throw refusePatch(type, 'it is no patch', 'Send application/merge-patch+json or application/json-patch+json.');
}

async function withBytes<T>(
  { request, api, principal }: Pick<Call, 'request' | 'api' | 'principal'>,
  use: (bytes: Buffer) => T,
): Promise<T> {
  const holding = api.bodyBudget.open(principal.id);
  try {
    return use(await readBody(request.raw, Math.min(mostBytes, api.bodyLimitBytes()), holding));
  } finally {
    holding.release();
  }
}

function contentTypeOf({ request }: Pick<Call, 'request'>): string {
  const [type = ''] = (request.raw.headers['content-type'] ?? '').split(';');
  return type.trim().toLowerCase();
}

function refuseType(contentType: string): OpenClawError {
  return new OpenClawError('unsupported_media_type', { details: { contentType: contentType.slice(0, 100) } });
}

function refusePatch(contentType: string, reason: string, suggestion: string): OpenClawError {
  return new OpenClawError('workload_patch_unsupported', { details: { contentType: contentType.slice(0, 100), reason, suggestion } });
}
