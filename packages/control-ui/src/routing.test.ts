import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseRoute, routeHash, takeToken } from './routing.ts';

test('an address is a page, further words and values', () => {
  assert.deepEqual(parseRoute('#/models/requests/req_1?window=1h'), {
    page: 'models',
    rest: ['requests', 'req_1'],
    query: { window: '1h' },
  });
  assert.deepEqual(parseRoute(''), { page: '', rest: [], query: {} });
  assert.deepEqual(parseRoute('#/'), { page: '', rest: [], query: {} });
});

test('words and values survive being written into an address and read from it', () => {
  const word = fc.string({ minLength: 1 });
  fc.assert(
    fc.property(word, fc.array(word), fc.dictionary(fc.stringMatching(/^[a-z]+$/), word), (page, rest, query) => {
      assert.deepEqual(parseRoute(routeHash([page, ...rest], query)), { page, rest, query: { ...query } });
    }),
  );
});

test('an address that cannot be unescaped is taken as it stands', () => {
  assert.equal(parseRoute('#/models/%E0%A4%A').rest[0], '%E0%A4%A');
});

test('a token in the address is found and taken out, and where the link led to stays', () => {
  assert.deepEqual(takeToken('#token=abc'), { token: 'abc', restHash: '' });
  assert.deepEqual(takeToken('#token=a%2Bb%3D'), { token: 'a+b=', restHash: '' });
  assert.deepEqual(takeToken('#/models?token=abc&window=1h'), { token: 'abc', restHash: '#/models?window=1h' });
  assert.deepEqual(takeToken('#/chat?token=abc'), { token: 'abc', restHash: '#/chat' });
});

test('an address without a token is left alone', () => {
  for (const hash of ['', '#', '#/models', '#/logs?filter=token']) assert.equal(takeToken(hash), undefined);
});
