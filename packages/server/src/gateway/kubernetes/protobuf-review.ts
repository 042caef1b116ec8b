/**
 * Reads the two access reviews out of Kubernetes' protobuf: `kubectl auth can-i` sends them in no other form, whatever the server says that it
 * takes. Answers are JSON, which it reads.
 *
 * It is no decoder of protobuf in general: fields that are texts or messages, and nothing else.
 */
import { OpenClawError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';

export const protobufType = 'application/vnd.kubernetes.protobuf';

const magic = Buffer.from('k8s\0');

/** Numbers of fields and what they are called; a message has those below it. */
interface Message {
  readonly [field: number]: string | { readonly name: string; readonly fields: Message };
}

const envelope: Message = { 1: { name: 'typeMeta', fields: { 1: 'apiVersion', 2: 'kind' } }, 2: 'raw' };
const reviews: Readonly<Record<string, Message>> = {
  SelfSubjectAccessReview: {
    2: {
      name: 'spec',
      fields: {
        1: {
          name: 'resourceAttributes',
          fields: { 1: 'namespace', 2: 'verb', 3: 'group', 4: 'version', 5: 'resource', 6: 'subresource', 7: 'name' },
        },
        2: { name: 'nonResourceAttributes', fields: { 1: 'path', 2: 'verb' } },
      },
    },
  },
  SelfSubjectRulesReview: { 2: { name: 'spec', fields: { 1: 'namespace' } } },
};

/** @throws OpenClawError `invalid_request` */
export function readProtobufReview(bytes: Buffer): JsonObject {
  if (!bytes.subarray(0, magic.length).equals(magic)) throw malformed();
  const { typeMeta, raw } = read(bytes.subarray(magic.length), envelope, 'raw') as { typeMeta?: JsonObject; raw?: Buffer };
  const fields = reviews[String(typeMeta?.['kind'])];
  if (!fields || !Buffer.isBuffer(raw)) throw malformed();
  return { ...typeMeta, ...read(raw, fields) } as JsonObject;
}

function read(bytes: Buffer, message: Message, asBytes?: string): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (let at = 0; at < bytes.length;) {
    const tag = readVarint(bytes, at);
    const field = message[tag.value >>> 3];
    if ((tag.value & 7) === 0) {
      at = readVarint(bytes, tag.next).next;
      continue;
    }
    if ((tag.value & 7) !== 2) throw malformed();
    const length = readVarint(bytes, tag.next);
    at = length.next + length.value;
    if (at > bytes.length) throw malformed();
    const content = bytes.subarray(length.next, at);
    if (typeof field === 'string') values[field] = field === asBytes ? content : content.toString('utf8');
    else if (field) values[field.name] = read(content, field.fields);
  }
  return values;
}

function readVarint(bytes: Buffer, from: number): { readonly value: number; readonly next: number } {
  let value = 0;
  // Four bytes are 256 MiB, and no review is so long.
  for (let index = 0; index < 4; index += 1) {
    const byte = bytes[from + index];
    if (byte === undefined) throw malformed();
    value |= (byte & 0x7f) << (7 * index);
    if (byte < 0x80) return { value, next: from + index + 1 };
  }
  throw malformed();
}

function malformed(): OpenClawError {
  return new OpenClawError('invalid_request', {
    details: { path: 'body', reason: 'must be an access review in the protobuf of Kubernetes' },
  });
}
