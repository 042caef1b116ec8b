import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenClawError } from '../../core/errors.ts';
import { readProtobufReview } from './protobuf-review.ts';

/** A field that is a text or a message. */
function field(number: number, content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

function review(kind: string, spec: Buffer): Buffer {
  const meta = Buffer.concat([field(1, 'authorization.k8s.io/v1'), field(2, kind)]);
  // The empty metadata and status, and the content type, which kubectl sends along.
  const raw = Buffer.concat([field(1, ''), field(2, spec), field(3, Buffer.from([0x08, 0x00]))]);
  return Buffer.concat([Buffer.from('k8s\0'), field(1, meta), field(2, raw), field(3, ''), field(4, '')]);
}

test('a review of access is read as if it were JSON', () => {
  const attributes = Buffer.concat([field(1, 'default'), field(2, 'create'), field(3, 'openclaw.io'), field(5, 'workloads')]);
  assert.deepEqual(readProtobufReview(review('SelfSubjectAccessReview', field(1, attributes))), {
    ...{ apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview' },
    spec: { resourceAttributes: { namespace: 'default', verb: 'create', group: 'openclaw.io', resource: 'workloads' } },
  });
  assert.deepEqual(readProtobufReview(review('SelfSubjectRulesReview', field(1, 'prod')))['spec'], { namespace: 'prod' });
});

test('whatever else comes is refused, or read; never anything else', () => {
  const refused = (thrown: unknown): boolean => thrown instanceof OpenClawError && thrown.code === 'invalid_request';
  assert.throws(() => readProtobufReview(review('Pod', Buffer.alloc(0))), refused);
  assert.throws(() => readProtobufReview(Buffer.from('{}')), refused);
  const whole = review('SelfSubjectAccessReview', field(1, field(2, 'get')));
  for (let length = 0; length < whole.length - 4; length += 1) assert.throws(() => readProtobufReview(whole.subarray(0, length)), refused);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        readProtobufReview(Buffer.concat([Buffer.from('k8s\0'), bytes]));
      } catch (thrown) {
        assert.ok(refused(thrown));
      }
    }),
  );
});
