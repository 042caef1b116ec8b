import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import {
  explainQuantity,
  formatBytes,
  formatMemory,
  formatMilli,
  formatQuantity,
  parseBytes,
  parseMilli,
  parseQuantity,
  type Quantity,
} from './quantity.ts';

/** Text, Value(), MilliValue() and String() as k8s.io/apimachinery v0.29.0 gives them (`resource.ParseQuantity`). */
const reference: readonly (readonly [string, number, number, string])[] = [
  ['0', 0, 0, '0'],
  ['256Mi', 268435456, 268435456000, '256Mi'],
  ['1G', 1000000000, 1000000000000, '1G'],
  ['0.5', 1, 500, '500m'],
  ['500m', 1, 500, '500m'],
  ['128974848', 128974848, 128974848000, '128974848'],
  ['129e6', 129000000, 129000000000, '129e6'],
  ['129M', 129000000, 129000000000, '129M'],
  ['123Mi', 128974848, 128974848000, '123Mi'],
  ['1.5Gi', 1610612736, 1610612736000, '1536Mi'],
  ['0.5Mi', 524288, 524288000, '512Ki'],
  ['2048Mi', 2147483648, 2147483648000, '2Gi'],
  ['1843Mi', 1932525568, 1932525568000, '1843Mi'],
  ['1023', 1023, 1023000, '1023'],
  ['1025Ki', 1049600, 1049600000, '1025Ki'],
  ['1Ti', 1099511627776, 1099511627776000, '1Ti'],
  ['1E3', 1000, 1000000, '1e3'],
  ['1E-3', 1, 1, '1e-3'],
  ['1e-9', 1, 1, '1e-9'],
  ['1e-10', 1, 1, '1e-9'],
  ['1e+3', 1000, 1000000, '1e3'],
  ['1.5e3', 1500, 1500000, '1500'],
  ['1e1', 10, 10000, '10'],
  ['1e2', 100, 100000, '100'],
  ['1e-100', 1, 1, '1e-9'],
  ['0e100', 0, 0, '0'],
  ['1m', 1, 1, '1m'],
  ['0.1m', 1, 1, '100u'],
  ['1u', 1, 1, '1u'],
  ['0.1n', 1, 1, '1n'],
  ['1.1n', 1, 1, '2n'],
  ['2500m', 3, 2500, '2500m'],
  ['.5', 1, 500, '500m'],
  ['.5Gi', 536870912, 536870912000, '512Mi'],
  ['5.', 5, 5000, '5'],
  ['+1.5Gi', 1610612736, 1610612736000, '1536Mi'],
  ['1000', 1000, 1000000, '1k'],
  ['1500k', 1500000, 1500000000, '1500k'],
  ['1000k', 1000000, 1000000000, '1M'],
  ['0.001k', 1, 1000, '1'],
  ['1.0000000001', 2, 1001, '1000000001n'],
  ['000123', 123, 123000, '123'],
  ['1.7976931348623157', 2, 1798, '1797693135n'],
  ['1.0001Ki', 1025, 1024103, '1024102400u'],
  ['1023.5Ki', 1048064, 1048064000, '1048064'],
  ['0.9Ki', 922, 921600, '921600m'],
  ['1000.5', 1001, 1000500, '1000500m'],
  ['1e5', 100000, 100000000, '100e3'],
  ['1.5e-3', 1, 2, '1500e-6'],
  ['0.1234567891', 1, 124, '123456790n'],
];

test('a quantity is read, rounded and written again as the reference implementation does', () => {
  for (const [text, value, milli, canonical] of reference) {
    const quantity = parseQuantity(text);
    assert.ok(quantity, text);
    assert.deepEqual([text, parseBytes(text), parseMilli(text), formatQuantity(quantity)], [text, value, milli, canonical]);
  }
  for (const [text, canonical] of Object.entries({ '-1Ki': '-1Ki', '-0.5': '-500m', '-0.1n': '-1n', '7Ei': '7Ei', '1E': '1E', '1P': '1P' }))
    assert.equal(formatQuantity(parseQuantity(text) as Quantity), canonical, text);
});

test('what is beyond 2^63 - 1 is held there, however large its exponent, and is no number of bytes', () => {
  for (const text of ['8Ei', '9223372036854775808', '1e100', '1e999999999', '9999999999999999999E'])
    assert.equal(parseQuantity(text)?.nanos, (2n ** 63n - 1n) * 10n ** 9n, text);
  assert.equal(parseQuantity('-1e999999999')?.nanos, -(2n ** 63n - 1n) * 10n ** 9n);
  assert.equal(parseQuantity('1e-999999999')?.nanos, 1n);
  assert.equal(parseBytes('8Pi'), undefined);
  assert.equal(parseBytes('7Pi'), 7 * 2 ** 50);
  assert.equal(parseMilli('-1'), undefined);
});

test('what is no quantity is refused, and the nearest one is named', () => {
  const near: Readonly<Record<string, string | undefined>> = {
    '256MB': '256M',
    '256MiB': '256Mi',
    '256mi': '256Mi',
    '1K': '1k',
    '1 Gi': '1Gi',
    '1g': '1G',
    '12 bytes': '12',
    '1,000': '1000',
    '': undefined,
    Mi: undefined,
    '.': undefined,
    '-': undefined,
    '1.2.3': undefined,
    '--1': undefined,
    '1e': '1E',
    '1e1.5': undefined,
    '1e3Mi': undefined,
    '0x10': undefined,
    NaN: undefined,
    '١': undefined,
    '256 megs': undefined,
  };
  for (const [text, wanted] of Object.entries(near)) {
    assert.equal(parseQuantity(text), undefined, text);
    assert.equal(/did you mean (.*)\?$/.exec(explainQuantity(text))?.[1], wanted, text);
  }
  assert.equal(parseQuantity('1'.repeat(65)), undefined);
  assert.equal(parseQuantity(Number.NaN), undefined);
});

test('a number from YAML stands for itself', () => {
  assert.equal(parseBytes(128974848), 128974848);
  assert.equal(parseMilli(0.5), 500);
  assert.equal(parseBytes(1e21), undefined);
});

test('a size is shown in mebibytes, as messages have it, and written exactly where it matters', () => {
  assert.deepEqual(
    [1843 * 2 ** 20, 2 ** 31, 1843245056, 300_000].map((bytes) => formatMemory(bytes)),
    ['1843Mi', '2048Mi', '1758Mi', '293Ki'],
  );
  assert.deepEqual([formatBytes(2 ** 32), formatBytes(128974849), formatMilli(500), formatMilli(2000)], ['4Gi', '128974849', '500m', '2']);
});

const quantities = fc.record({
  nanos: fc.bigInt({ min: -(2n ** 63n - 1n) * 10n ** 9n, max: (2n ** 63n - 1n) * 10n ** 9n }),
  form: fc.constantFrom('binary', 'decimal', 'exponent') satisfies fc.Arbitrary<Quantity['form']>,
});

test('every quantity reads back from its canonical text as the same amount, and that text is canonical', () => {
  fc.assert(
    fc.property(quantities, (quantity) => {
      const text = formatQuantity(quantity);
      const back = parseQuantity(text) as Quantity;
      assert.equal(back.nanos, quantity.nanos);
      assert.equal(formatQuantity(back), text);
    }),
  );
});

test('a decimal number is worth what its digits say, to the billionth and rounded up', () => {
  const suffixes = { Ki: 1024n, Mi: 1024n ** 2n, '': 1n, k: 1000n, M: 1000n ** 2n };
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 6n }),
      fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 15 }),
      fc.constantFrom(...Object.entries(suffixes)),
      (whole, digits, [suffix, factor]) => {
        const fraction = digits.join('');
        const numerator = BigInt(`${whole}${fraction}`) * factor * 10n ** 9n;
        const denominator = 10n ** BigInt(fraction.length);
        const nanos = parseQuantity(`${whole}.${fraction}${suffix}`)?.nanos ?? -1n;
        assert.ok(nanos * denominator >= numerator && (nanos - 1n) * denominator < numerator);
      },
    ),
  );
});

test('no text makes it throw, and what it accepts is bounded', () => {
  const texts = fc.oneof(fc.string(), fc.stringMatching(/^[+-]?[0-9.]{0,40}[eEKMGi+-]{0,3}[0-9]{0,12}$/));
  fc.assert(
    fc.property(texts, (text) => {
      const quantity = parseQuantity(text);
      assert.equal(typeof explainQuantity(text), 'string');
      if (quantity) assert.ok(quantity.nanos <= (2n ** 63n - 1n) * 10n ** 9n && quantity.nanos >= -(2n ** 63n - 1n) * 10n ** 9n);
    }),
    { numRuns: 500 },
  );
});
