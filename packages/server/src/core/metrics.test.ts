import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createMetrics, durationBuckets } from './metrics.ts';

interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface ParsedText {
  readonly help: Map<string, string>;
  readonly type: Map<string, string>;
  readonly samples: ParsedSample[];
}

/** A reader of the text format written from its description, character by character; shares nothing with the writer. */
function parseExposition(text: string): ParsedText {
  const result: ParsedText = { help: new Map(), type: new Map(), samples: [] };
  assert.ok(text.endsWith('\n'), 'the last line ends with a line feed');
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP (\S+) (.*)$/s.exec(line);
    const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line);
    if (help) result.help.set(help[1]!, unescape(help[2]!, { n: '\n', '\\': '\\' }));
    else if (type) {
      assert.ok(!result.type.has(type[1]!), `TYPE of ${type[1]} comes once`);
      result.type.set(type[1]!, type[2]!);
    } else result.samples.push(parseSample(line));
  }
  return result;
}

function parseSample(line: string): ParsedSample {
  let at = 0;
  const takeWhile = (pattern: RegExp): string => {
    const start = at;
    while (at < line.length && pattern.test(line[at]!)) at += 1;
    return line.slice(start, at);
  };
  const name = takeWhile(/[a-zA-Z0-9_:]/);
  const labels: Record<string, string> = {};
  if (line[at] === '{') {
    at += 1;
    while (line[at] !== '}') {
      const label = takeWhile(/[a-zA-Z0-9_]/);
      assert.equal(line.slice(at, at + 2), '="', line);
      at += 2;
      const start = at;
      while (line[at] !== '"') at += line[at] === '\\' ? 2 : 1;
      labels[label] = unescape(line.slice(start, at), { n: '\n', '\\': '\\', '"': '"' });
      at += 1;
      if (line[at] === ',') at += 1;
    }
    at += 1;
  }
  assert.equal(line[at], ' ', line);
  const value = line.slice(at + 1);
  return { name, labels, value: value === '+Inf' ? Infinity : Number(value) };
}

function unescape(text: string, escapes: Readonly<Record<string, string>>): string {
  let result = '';
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] !== '\\') result += text[index];
    else {
      index += 1;
      const meaning = escapes[text[index] ?? ''];
      assert.notEqual(meaning, undefined, `\\${text[index]} is no escape here`);
      result += meaning;
    }
  }
  return result;
}

const find = (parsed: ParsedText, name: string, labels: Record<string, string> = {}): number | undefined =>
  parsed.samples.find((sample) => sample.name === name && JSON.stringify(sample.labels) === JSON.stringify(labels))?.value;

test('a counter without labels is there from the beginning, as 0', () => {
  const metrics = createMetrics();
  const requests = metrics.counter({ name: 'requests_total', help: 'Requests.' });
  assert.equal(find(parseExposition(metrics.text()), 'requests_total'), 0);
  requests.labels().increment();
  requests.labels().increment(2.5);
  const parsed = parseExposition(metrics.text());
  assert.equal(find(parsed, 'requests_total'), 3.5);
  assert.equal(parsed.type.get('requests_total'), 'counter');
  assert.equal(parsed.help.get('requests_total'), 'Requests.');
});

test('the same label values are the same series, others are not', () => {
  const metrics = createMetrics();
  const family = metrics.gauge({ name: 'queued', help: 'Waiting.', labelNames: ['provider', 'model'] });
  family.labels('a,', 'b').set(1);
  family.labels('a', ',b').set(2);
  family.labels('a,', 'b').add(10);
  const parsed = parseExposition(metrics.text());
  assert.equal(find(parsed, 'queued', { provider: 'a,', model: 'b' }), 11);
  assert.equal(find(parsed, 'queued', { provider: 'a', model: ',b' }), 2);
});

test('any label value and any help text comes back as it was', () => {
  const awkward = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('\\', '"', '\n', 'n', '}', ',', '=', ' ', '#', '\r') }),
  );
  fc.assert(
    fc.property(awkward, awkward, awkward, (first, second, help) => {
      const metrics = createMetrics();
      metrics
        .counter({ name: 'x_total', help, labelNames: ['a', 'b'] })
        .labels(first, second)
        .increment();
      const parsed = parseExposition(metrics.text());
      assert.deepEqual(
        parsed.samples.filter((sample) => sample.name === 'x_total'),
        [{ name: 'x_total', labels: { a: first, b: second }, value: 1 }],
      );
      assert.equal(parsed.help.get('x_total'), help);
    }),
    { numRuns: 300 },
  );
});

test('a histogram counts each value in every bucket whose bound it does not exceed', () => {
  const buckets = [0.1, 1, 10];
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom(0.1, 1, 10, 0, Infinity), fc.double({ min: 0, max: 20, noNaN: true }))), (values) => {
      const metrics = createMetrics();
      const histogram = metrics.histogram({ name: 'seconds', help: 'Time.', labelNames: ['path'], buckets }).labels('/v1');
      for (const value of values) histogram.observe(value);
      const parsed = parseExposition(metrics.text());
      for (const bound of buckets) {
        assert.equal(find(parsed, 'seconds_bucket', { path: '/v1', le: String(bound) }), values.filter((value) => value <= bound).length);
      }
      assert.equal(find(parsed, 'seconds_bucket', { path: '/v1', le: '+Inf' }), values.length);
      assert.equal(find(parsed, 'seconds_count', { path: '/v1' }), values.length);
      assert.equal(
        find(parsed, 'seconds_sum', { path: '/v1' }),
        values.reduce((sum, value) => sum + value, 0),
      );
    }),
  );
});

test('values beyond the limit of series are counted under other, and how often is counted too', () => {
  const metrics = createMetrics();
  const family = metrics.counter({ name: 'calls_total', help: 'Calls.', labelNames: ['model', 'outcome'], seriesLimit: 3 });
  for (let index = 0; index < 1000; index += 1) family.labels(`model-${index}`, 'ok').increment();
  family.labels('model-1', 'ok').increment();
  const parsed = parseExposition(metrics.text());
  assert.equal(parsed.samples.filter((sample) => sample.name === 'calls_total').length, 4);
  assert.equal(find(parsed, 'calls_total', { model: 'model-1', outcome: 'ok' }), 2);
  assert.equal(find(parsed, 'calls_total', { model: 'other', outcome: 'other' }), 997);
  assert.equal(find(parsed, 'openclaw_metrics_series_limited_total', { metric: 'calls_total' }), 997);
});

test('a callback is asked at each exposition; NaN and an empty list are no series', () => {
  const metrics = createMetrics();
  let now = 1;
  metrics.callback({ type: 'gauge', name: 'one', help: 'One.', read: () => now });
  metrics.callback({ type: 'gauge', name: 'none', help: 'None.', read: () => Number.NaN });
  metrics.callback({ type: 'gauge', name: 'empty', help: 'Empty.', labelNames: ['a'], read: () => [] });
  metrics.callback({
    type: 'counter',
    name: 'many_total',
    help: 'Many.',
    labelNames: ['a'],
    read: () => [
      { labels: ['x'], value: 1 },
      { labels: ['y'], value: 2 },
    ],
  });
  assert.equal(find(parseExposition(metrics.text()), 'one'), 1);
  now = 2;
  const parsed = parseExposition(metrics.text());
  assert.equal(find(parsed, 'one'), 2);
  assert.equal(find(parsed, 'many_total', { a: 'y' }), 2);
  assert.ok(!parsed.type.has('none') && !parsed.type.has('empty'));
});

test('mistakes of the program are refused when they are made', () => {
  const metrics = createMetrics();
  const family = metrics.counter({ name: 'a_total', help: 'A.', labelNames: ['x'] });
  assert.throws(() => metrics.counter({ name: 'a_total', help: 'Again.' }), /twice/);
  assert.throws(() => metrics.counter({ name: 'a', help: 'A.' }), /_total/);
  assert.throws(() => metrics.gauge({ name: 'a b', help: 'A.' }), /name of a metric/);
  assert.throws(() => metrics.gauge({ name: 'b', help: 'B.', labelNames: ['a-b'] }), /label/);
  assert.throws(() => family.labels(), /0 label values/);
  assert.throws(() => family.labels('y').increment(-1), /-1/);
  assert.throws(() => family.labels('y').increment(Number.NaN), /NaN/);
  assert.throws(() => metrics.histogram({ name: 'h', help: 'H.', buckets: [2, 1] }).labels(), /rise/);
});

test('the buckets for durations rise', () => {
  assert.deepEqual(
    [...durationBuckets].sort((a, b) => a - b),
    durationBuckets,
  );
});
