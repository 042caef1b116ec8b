import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatMemory, type MemoryAnalysis, type MemoryRecommendation, type MemoryTrace } from '@openclaw/protocol';
import fc from 'fast-check';

import { analyseMemory, recommendMemory, renderRecommendation } from './index.ts';
import { roundUpAsPeople, sizingRules } from './right-size.ts';
import { createRandom, hourMs, mebibyte, originAt, traceOf } from './trace.fixture.ts';

const steady: Pick<MemoryAnalysis, 'verdict' | 'summary'> = { verdict: 'steady', summary: 'steady' };

/** Working sets in MiB, one a minute. */
function traceOfSets(sets: readonly number[], more: Partial<MemoryTrace> = {}): MemoryTrace {
  const trace = traceOf({ hours: (sets.length - 1) / 60, memory: () => 1 });
  const samples = trace.samples.map((sample, index) => ({ ...sample, workingSetBytes: (sets[index] ?? 0) * mebibyte }));
  return { ...trace, samples, ...more };
}

const recommend = (trace: MemoryTrace, analysis = steady): MemoryRecommendation => recommendMemory(trace, analysis);

test('a P95 of 1843Mi is answered in the words and figures of the article', () => {
  // A little less than a twentieth lies above.
  const sets = Array.from({ length: 1441 }, (_, index) => (index % 22 === 0 ? 1900 : index % 22 === 1 ? 1843 : 1500 + (index % 17)));
  const text = renderRecommendation(recommend(traceOfSets(sets)));
  assert.deepEqual(text.split('\n').slice(0, 3), [
    'Current P95 Memory: 1843Mi',
    'Recommended Limit: 3072Mi (P95 * 1.5 safety factor)',
    'Recommended Request: 2048Mi (P95 * 1.1)',
  ]);
  assert.match(text, /It rests on 1441 samples over 24 h; the P95 lies between \d+Mi and 1900Mi \(95 %\)\./);
});

test('sizes are rounded up in steps of a quarter of the power of two below', () => {
  const examples = {
    3: 3,
    10: 10,
    15: 16,
    33: 40,
    100: 112,
    130: 160,
    200: 224,
    300: 320,
    700: 768,
    1100: 1280,
    2027: 2048,
    2049: 2560,
    2765: 3072,
    5000: 5120,
  };
  for (const [from, to] of Object.entries(examples)) assert.equal(formatMemory(roundUpAsPeople(Number(from) * mebibyte)), `${to}Mi`);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 45 }), (bytes) => {
      const rounded = roundUpAsPeople(bytes);
      assert.equal(rounded % mebibyte, 0);
      assert.ok(rounded >= bytes && (rounded <= bytes * 1.25 || rounded <= bytes + mebibyte));
      assert.equal(roundUpAsPeople(rounded), rounded);
    }),
  );
});

test('with samples of one age the percentile is the smallest that nineteen in twenty do not exceed', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 60 }), (sets) => {
      // Within an hour the weights differ by a part in forty: copies at both ends keep them even.
      const order = sets.toSorted((left, right) => left - right);
      const { value, low, high } = recommend(traceOfSets(sets)).p95Bytes;
      assert.ok(low <= value && value <= high);
      const below = order.filter((set) => set * mebibyte <= value).length / sets.length;
      const underneath = order.filter((set) => set * mebibyte < value).length / sets.length;
      assert.ok(below >= 0.95 - 0.03 && underneath <= 0.95 + 0.03, `${underneath} ${below}`);
    }),
  );
});

test('what was used a day ago counts half: three days of little use do not hide the last one', () => {
  const hours = (count: number, mib: number): number[] => Array.from({ length: count * 60 }, () => mib);
  const old = recommend(traceOfSets([...hours(24, 3000), ...hours(96, 500)]));
  assert.equal(old.p95Bytes.value, 500 * mebibyte, 'four half lives later a day weighs a 32nd');
  const young = recommend(traceOfSets([...hours(96, 500), ...hours(3, 3000)]));
  assert.equal(young.p95Bytes.value, 3000 * mebibyte, 'three hours of the last day weigh more than a twentieth');
});

test('a gap in the samples is not time spent at the value before it', () => {
  const trace = traceOfSets([...Array.from({ length: 60 }, () => 500), 3000, ...Array.from({ length: 60 }, () => 500)]);
  const samples = trace.samples.map((sample, index) => (index > 60 ? { ...sample, at: sample.at + 20 * hourMs } : sample));
  assert.equal(recommend({ ...trace, samples }).p95Bytes.value, 500 * mebibyte);
});

test('after a kill the limit is what was used then and a fifth more, or 100Mi', () => {
  const marks = [{ at: originAt + 20 * hourMs, kind: 'oom' as const }];
  const large = recommend(
    traceOfSets(
      Array.from({ length: 1441 }, () => 900),
      { marks, limitBytes: 2048 * mebibyte },
    ),
  );
  assert.equal(formatMemory(large.limitBytes ?? 0), '2560Mi');
  assert.match(large.notes.join(), /The kernel killed it for memory: the limit is raised to 2458Mi at the least/);
  const small = recommend(
    traceOfSets(
      Array.from({ length: 1441 }, () => 90),
      { marks, limitBytes: 200 * mebibyte },
    ),
  );
  assert.equal(formatMemory(small.limitBytes ?? 0), '320Mi', '200 + 100, rounded up');
});

test('nothing is recommended for a leak, and why is said', () => {
  const trace = traceOf({ hours: 12, memory: (hours) => 600 + 60 * hours });
  const refused = recommend(trace, analyseMemory(trace));
  assert.equal(refused.limitBytes, undefined);
  assert.equal(refused.requestBytes, undefined);
  const text = renderRecommendation(refused);
  assert.match(text, /^Current P95 Memory: \d+Mi\nNothing is recommended\. It is a leak \(leak, OOM in \d+–\d+ h\)/);
  assert.doesNotMatch(text, /Recommended (Limit|Request)/);
});

test('too few samples are said to be too few, and so is less than a day', () => {
  assert.match(recommend(traceOfSets(Array.from({ length: 31 }, () => 500))).notes.join(), /too few to rely on: 31 samples over 30 min/);
  assert.match(recommend(traceOfSets(Array.from({ length: 301 }, () => 500))).notes.join(), /A whole day was not seen yet/);
  assert.deepEqual(recommend(traceOfSets(Array.from({ length: 1441 }, () => 500))).notes, []);
  assert.deepEqual(recommend(traceOfSets([])).notes, ['There are no samples.']);
});

test('bursts above the recommended limit are named', () => {
  const sets = Array.from({ length: 1441 }, (_, index) => (index % 100 === 0 ? 2000 : 500));
  assert.match(recommend(traceOfSets(sets)).notes.join(), /It stood at 2000Mi once, above the recommended limit/);
});

test('Node is told what its old space may take: less where much lies outside of the heap', () => {
  const random = createRandom();
  const node = (outside: number): MemoryTrace => {
    const heap = (hours: number): number => Math.round((200 + 5 * Math.sin(Math.floor(hours * 10)) + random()) * mebibyte);
    return traceOf({
      hours: 24,
      memory: () => 205 + outside,
      more: (hours) => ({ heapAfterGcBytes: heap(Math.floor(hours * 10) / 10) }),
      runtime: 'node',
    });
  };
  const little = recommend(node(30));
  const much = recommend(node(800));
  const share = ({ maxOldSpaceMebibytes = 0, limitBytes = 0 }: MemoryRecommendation): number =>
    (maxOldSpaceMebibytes * mebibyte) / limitBytes;
  assert.ok(share(little) > 0.7 && share(little) <= sizingRules.oldSpaceShare, String(share(little)));
  assert.ok(share(much) >= sizingRules.leastOldSpaceShare - 0.02 && share(much) < 0.55, String(share(much)));
  assert.match(renderRecommendation(little), /For Node: --max-old-space-size=\d+\n/);
  assert.equal(recommend({ ...node(30), runtime: 'python' }).maxOldSpaceMebibytes, undefined);
});

test('confidence and bounds are those of VPA', () => {
  const day = recommend(traceOfSets(Array.from({ length: 1441 }, () => 1000)));
  assert.ok(Math.abs(day.confidenceDays - 1) < 0.01);
  assert.ok(Math.abs(day.boundsBytes.high / mebibyte - 2000) < 10 && Math.abs(day.boundsBytes.low / mebibyte - 998) < 1);
});
