import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isUsageOnlyEvent, readEnvelope, replaceModel } from './passthrough.ts';

const replaced = (text: string, options?: { includeUsage?: boolean }): string => replaceModel(Buffer.from(text), 'm-2', options).toString();

test('only the bytes of the top-level model change', () => {
  assert.equal(replaced('{"model":"m-1"}'), '{"model":"m-2"}');
  assert.equal(
    replaced(' {\n  "messages" : [{"model": "inner", "text": "\\"model\\": \\\\"}],\t"model" :\r\n"acme/m-1" , "x": 1.50e+2 } '),
    ' {\n  "messages" : [{"model": "inner", "text": "\\"model\\": \\\\"}],\t"model" :\r\n"m-2" , "x": 1.50e+2 } ',
  );
  assert.equal(replaced('{"a":"model","model":"m-1","b":{"model":1}}'), '{"a":"model","model":"m-2","b":{"model":1}}');
});

test('a key that occurs twice, or is spelt with escapes, is replaced at each place', () => {
  assert.equal(replaced('{"model":"a","model":"b"}'), '{"model":"m-2","model":"m-2"}');
  assert.equal(replaced('{"mod\\u0065l":"a"}'), '{"mod\\u0065l":"m-2"}');
});

test('a model name is written as JSON', () => {
  assert.equal(replaceModel(Buffer.from('{"model":"a"}'), 'quo"te').toString(), '{"model":"quo\\"te"}');
});

test('usage is asked for where the request streams and does not ask yet', () => {
  const options = { includeUsage: true };
  assert.equal(replaced('{"model":"a","stream":true }', options), '{"model":"m-2","stream":true ,"stream_options":{"include_usage":true}}');
  assert.equal(replaced('{"model":"a","stream":false}', options), '{"model":"m-2","stream":false}');
  assert.equal(replaced('{"model":"a"}', options), '{"model":"m-2"}');
  assert.equal(replaced('{"stream_options":null,"stream":true}', options), '{"stream_options":{"include_usage":true},"stream":true}');
  assert.equal(
    replaced('{"stream":true,"stream_options":{ "include_usage" : true }}', options),
    '{"stream":true,"stream_options":{ "include_usage" : true }}',
  );
  assert.equal(
    replaced('{"stream":true,"stream_options":{"include_obfuscation":false,"include_usage":false}}', options),
    '{"stream":true,"stream_options":{"include_obfuscation":false,"include_usage":true}}',
  );
});

test('what is no object is refused', () => {
  for (const text of [
    '',
    '[]',
    '"model"',
    '{"model"',
    '{"model":',
    '{"model":"a"',
    '{"model":"a" "b"}',
    '{model:1}',
    '{"a":[}',
    '{"a":}',
  ]) {
    assert.throws(() => replaced(text), { code: 'invalid_json' }, text);
  }
});

const value = fc.jsonValue({ depthSize: 'small' });
const entries = fc.array(fc.tuple(fc.oneof(fc.constantFrom('model', 'stream', 'stream_options', 'messages'), fc.string()), value), {
  maxLength: 8,
});

test('for any body the model is replaced and everything else means what it meant', () => {
  fc.assert(
    fc.property(entries, fc.constantFrom(0, 2, '\t'), (pairs, space) => {
      const text = JSON.stringify(Object.fromEntries([...pairs, ['model', 'm-1']]), null, space);
      const body = JSON.parse(text) as Record<string, unknown>;
      const out = replaceModel(Buffer.from(text), 'm-2').toString();
      assert.deepEqual(JSON.parse(out), { ...body, model: 'm-2' });
    }),
  );
});

test('a chunk with usage and nothing else is told from one with choices', () => {
  const event = (data: string | undefined) => ({ name: 'message', data, raw: Buffer.alloc(0) });
  assert.equal(isUsageOnlyEvent(event('{"id":"a","choices": [ ],"usage":{"prompt_tokens":1}}')), true);
  for (const data of [
    undefined,
    '[DONE]',
    '{"choices":[],"usage":null}',
    '{"choices":[],"prompt_filter_results":[{"usage":1}]}',
    '{"choices":[{"delta":{"content":"\\"choices\\":[] \\"usage\\""}}],"usage":null}',
    '{"choices":[{"delta":{}}],"usage":{"prompt_tokens":1}}',
    '{"choices":[],"usage":{',
  ])
    assert.equal(isUsageOnlyEvent(event(data)), false, data);
});

test('the envelope is read by type, and by nothing else of the body', () => {
  assert.deepEqual(readEnvelope({ model: 'm', stream: true, stream_options: { include_usage: true }, messages: 7 }), {
    model: 'm',
    stream: true,
    includeUsage: true,
  });
  assert.deepEqual(readEnvelope({ model: 'm', stream: null }), { model: 'm', stream: false, includeUsage: false });
  assert.throws(() => readEnvelope({ model: 7 }), { code: 'invalid_request', param: 'model' });
  assert.throws(() => readEnvelope({ model: 'm', stream: 'yes' }), { param: 'stream' });
});
