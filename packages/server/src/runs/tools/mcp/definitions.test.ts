import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { outputLimitCharacters } from '../contract.ts';
import { readAnswer, readDefinitions, toolName } from './definitions.ts';

const tool = (more: object) => ({ name: 'a', inputSchema: { type: 'object' }, ...more });
const effectOf = (definition: unknown, settings = {}) => readDefinitions([definition], { name: 's', ...settings }).tools[0]?.effect;

test('the effect is what the operator says, else what the server says, else `once`', () => {
  assert.equal(effectOf(tool({})), 'once');
  assert.equal(effectOf(tool({ annotations: { readOnlyHint: true } })), 'read');
  assert.equal(effectOf(tool({ annotations: { idempotentHint: true, readOnlyHint: false } })), 'idempotent');
  assert.equal(effectOf(tool({ annotations: { readOnlyHint: 'true', idempotentHint: 1 } })), 'once');
  assert.equal(effectOf(tool({ annotations: { readOnlyHint: true } }), { effects: { a: 'once' } }), 'once');
  assert.equal(effectOf({ ...tool({}), name: 'constructor' }, { effects: {} }), 'once');
});

test('a name is one that every provider takes, and different tools keep different names', () => {
  assert.equal(toolName('files', 'read_file'), 'files__read_file');
  assert.equal(toolName('my.server', 'a b'), 'my_server__a_b');
  const [one, two] = ['1', '2'].map((end) => toolName('server', `${'x'.repeat(100)}${end}`));
  assert.notEqual(one, two);
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1, maxLength: 200 }), (server, name) => {
      assert.match(toolName(server, name), /^[A-Za-z0-9_-]{1,64}$/);
    }),
  );
});

test('whatever a server defines or answers, it is read without an error and within bounds', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.jsonValue(), (definitions, answer) => {
      readDefinitions(definitions, { name: 's' });
      assert.ok(readAnswer(answer).text.length <= outputLimitCharacters);
      assert.ok(readAnswer({ content: answer }).text !== '');
      assert.ok(readAnswer({ content: [answer] }).text !== '');
    }),
  );
});
