import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { formatPath, parsePath } from './path.ts';

test('a path is read as it is written', () => {
  assert.deepEqual(parsePath('models.routes["gpt-4.1"].targets[0]'), ['models', 'routes', 'gpt-4.1', 'targets', 0]);
  assert.equal(formatPath(['models', 'routes', 'gpt-4.1', 'targets', 0]), 'models.routes["gpt-4.1"].targets[0]');
  assert.deepEqual(parsePath(''), []);
});

test('every path survives being written and read', () => {
  const segment = fc.oneof(fc.nat(99), fc.string({ unit: 'binary', minLength: 1 }));
  fc.assert(fc.property(fc.array(segment, { maxLength: 5 }), (path) => assert.deepEqual(parsePath(formatPath(path)), path)));
});

test('what is no path is refused', () => {
  for (const text of ['a..b', '.a', 'a.', 'a[', 'a[x]', 'a b', 'a["]', '["a"]b']) {
    assert.throws(() => parsePath(text), { code: 'usage_error', message: `${text} is not the path of a setting.` }, text);
  }
});
