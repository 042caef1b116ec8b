import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeError } from './errors.ts';

test('an error is told once: the hint that ends its message is taken off, and the code of the catalogue goes before that of the wire', () => {
  const wire = Object.assign(new Error('gateway.prot is no setting. Did you mean port?'), {
    code: 'INVALID_REQUEST',
    hint: 'Did you mean port?',
    details: { openclawCode: 'config_invalid' },
  });
  assert.deepEqual(describeError(wire), { message: 'gateway.prot is no setting.', code: 'config_invalid', hint: 'Did you mean port?' });
  assert.deepEqual(describeError(new Error('no')), { message: 'no', code: undefined, hint: undefined });
  assert.deepEqual(describeError('gone'), { message: 'gone', code: undefined, hint: undefined });
});
