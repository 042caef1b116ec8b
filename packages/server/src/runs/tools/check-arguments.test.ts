import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../../core/json.ts';
import { argumentsLimitBytes, checkArguments, faultIn } from './check-arguments.ts';

interface CheckedTool {
  readonly name: string;
  readonly parameters: JsonObject;
}

const tool: CheckedTool = {
  name: 'read',
  parameters: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'], additionalProperties: false },
};
const anything: CheckedTool = { name: 'any', parameters: { type: 'object' } };

const refusal = (text: string, of = tool): string => {
  const checked = checkArguments(of, text);
  return checked.ok ? 'it was taken' : checked.text;
};

test('arguments that fit are handed on as they are', () => {
  assert.deepEqual(checkArguments(tool, '{"path":"a"}'), { ok: true, arguments: { path: 'a' } });
  assert.deepEqual(checkArguments(anything, ' '), { ok: true, arguments: {} });
});

test('what is wrong is said with the name of the tool and the place', () => {
  assert.match(refusal('{"path":1}'), /arguments of read are not valid.*\n- `path` must be a string, not a number\n/);
  assert.match(refusal(''), /`path` is required/);
  assert.match(refusal('{"path":'), /not JSON: the text ends too early, at line 1, column 9/);
  assert.match(refusal("{path:'a'}"), /not JSON: see line 1, column 2/);
  assert.match(refusal('["path"]'), /must be one JSON object/);
});

test('too many bytes and too many levels are refused before anything is parsed', () => {
  assert.match(refusal(`{"a":"${'x'.repeat(argumentsLimitBytes)}"}`, anything), /at most 2097152 are taken/);
  assert.match(refusal(`{"a":${'['.repeat(100_000)}`, anything), /more than 64 levels/);
});

test('no argument reaches a prototype', () => {
  assert.match(refusal('{"__proto__":{"isAdmin":true}}', anything), /must not be named/);
  assert.match(refusal('{"a":[{"\\u005f_proto__":{}}]}', anything), /must not be named/);
  const checked = checkArguments(anything, '{"constructor":{"prototype":{"isAdmin":true}}}');
  assert.ok(checked.ok);
  assert.equal(({} as { isAdmin?: boolean }).isAdmin, undefined);
});

test('whatever a model writes, the answer is arguments or words', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), fc.string({ unit: 'binary' })), (text) => {
      const checked = checkArguments(tool, text);
      assert.ok(checked.ok ? typeof checked.arguments['path'] === 'string' : checked.text.includes('read'));
    }),
  );
});

test('arguments that somebody has parsed are checked by the same rules', () => {
  assert.equal(faultIn(tool, { path: 'a' }), undefined);
  assert.equal(faultIn(tool, { path: 1 }), refusal('{"path":1}'));
  assert.match(faultIn(anything, JSON.parse('{"a":[{"__proto__":{}}]}') as JsonObject) ?? '', /must not be named/);
  assert.match(
    faultIn(anything, JSON.parse(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`) as JsonObject) ?? '',
    /more than 64 levels/,
  );
});
