/** Claude on Vertex AI: the same messages, asked for in another place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../../core/json.ts';
import { dialects } from '../index.ts';
import { encodeRequest } from './encode-request.ts';

const hello = [{ role: 'user', content: 'Hello' }];
const target = { provider: 'vertex-claude', model: 'claude-sonnet-4-5@20250929', quirks: { modelInPath: true }, maxOutputTokens: 10 };

function encode(fields: JsonObject) {
  return encodeRequest(dialects['anthropic-messages'].decodeRequest({ model: 'm', max_tokens: 5, messages: hello, ...fields }), target);
}

test('the model is in the path, the version in the body, and the rest is as it was', () => {
  assert.deepEqual(encode({ a_field_of_tomorrow: 1 }), {
    path: '/models/claude-sonnet-4-5@20250929:rawPredict',
    body: { anthropic_version: 'vertex-2023-10-16', max_tokens: 5, messages: hello, a_field_of_tomorrow: 1 },
    headers: {},
  });
});

test('a stream is asked for by its method and by its field', () => {
  const { path, body } = encode({ stream: true });
  assert.equal(path, '/models/claude-sonnet-4-5@20250929:streamRawPredict');
  assert.equal(body['stream'], true);
});
