import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryVerdicts, type MemoryAnalysis, type MemoryTrace } from '@openclaw/protocol';
import fc from 'fast-check';

import { analyseMemory } from './analyse.ts';
import { createRandom, hourMs, mebibyte, originAt, traceOf } from './trace.fixture.ts';

const evidenceOf = ({ evidence }: MemoryAnalysis): string => evidence.join('\n');
const mib = (count: number): number => count * mebibyte;

test('what only swings is steady', () => {
  const analysis = analyseMemory(traceOf({ hours: 12, memory: () => 600, noise: 10 }));
  assert.equal(analysis.summary, 'steady');
  assert.equal(analysis.hoursToLimit, undefined);
  assert.match(evidenceOf(analysis), /does not surely grow/);
  for (const noise of [20, 80, 120, 200]) assert.deepEqual(analyseMemory(traceOf({ hours: 3, memory: () => 600, noise })).grows, []);
});

test('what grows evenly is a leak, with its slope, the time of the kill and an interval that holds both', () => {
  const analysis = analyseMemory(traceOf({ hours: 12, memory: (hours) => 600 + 60 * hours, noise: 5 }));
  assert.equal(analysis.verdict, 'leak');
  const { low, value, high } = analysis.bytesPerHour ?? assert.fail();
  assert.ok(low <= mib(60) && high >= mib(60) && Math.abs(value - mib(60)) < mib(1));
  // 2048 − 600 − 12 × 60, at 60 an hour
  const { earliest, likely, latest = Infinity } = analysis.hoursToLimit ?? assert.fail();
  const truth = (2048 - 600 - 720) / 60;
  assert.ok(earliest < truth && truth < latest && Math.abs(likely - truth) < 0.5, `${earliest} ${likely} ${latest}`);
  assert.equal(analysis.summary, 'leak, OOM in 10–15 h');
});

test('a cache that fills flattens, and is warming up where the process is young', () => {
  const filling = (constant: number) => (hours: number) => 400 + 500 * (1 - Math.exp(-hours / constant));
  const cache = analyseMemory(traceOf({ hours: 10, memory: filling(3), startedAt: originAt }));
  assert.equal(cache.summary, 'cache-like (flattening)');
  assert.equal(cache.hoursToLimit, undefined);
  const young = analyseMemory(traceOf({ hours: 0.9, memory: filling(0.3), startedAt: originAt, intervalMs: 10_000 }));
  assert.equal(young.summary, 'warming up');
});

test('memory that follows counted work is load-driven; the same memory alone could not be told from a leak', () => {
  const rate = (hours: number): number => 100 * (1 + hours / 4) * (1 + 0.2 * Math.sin(9 * hours));
  let done = 0;
  const requests = Array.from({ length: 12 * 60 + 1 }, (_, minute) => Math.round((done += rate(minute / 60) * 60)));
  const memory = (hours: number): number => 300 + rate(hours);
  const counted = analyseMemory(traceOf({ hours: 12, memory, more: (hours) => ({ requests: requests[Math.round(hours * 60)] ?? 0 }) }));
  assert.equal(counted.verdict, 'load-driven');
  assert.match(evidenceOf(counted), /come and go with the load/);
  assert.equal(analyseMemory(traceOf({ hours: 12, memory })).verdict, 'leak');
});

test('a leak of each request is found beneath the load of a day, and said for each thousand of them', () => {
  const rate = (hours: number): number => 1000 * (1 + 0.7 * Math.sin((2 * Math.PI * hours) / 24));
  let done = 0;
  const requests = Array.from({ length: 24 * 60 + 1 }, (_, minute) => Math.round((done += rate(minute / 60) / 60)));
  const count = (hours: number): number => requests[Math.round(hours * 60)] ?? 0;
  const leak = traceOf({ hours: 24, memory: (hours) => 400 + 0.02 * count(hours), more: (hours) => ({ requests: count(hours) }) });
  const analysis = analyseMemory(leak);
  assert.equal(analysis.verdict, 'leak');
  assert.ok(Math.abs((analysis.bytesPerThousandRequests ?? 0) - mib(20)) < mib(1));
  assert.match(evidenceOf(analysis), /follows the work, not the clock/);
});

test('the heap after full collections decides where it is known, whatever garbage lies above it', () => {
  // Garbage for five hours at a time; the heap itself stays, or grows.
  const cycle = (hours: number): number => 40 * (hours % 5);
  const told = (slope: number) => (hours: number) => ({
    heapAfterGcBytes: Math.round(mib(200) + mib(slope) * Math.floor(hours * 4)),
    externalBytes: 0,
  });
  const still = (hours: number): object => ({
    heapAfterGcBytes: Math.round(mib(200) + 1000 * Math.sin(Math.floor(hours * 4))),
    externalBytes: 0,
  });
  assert.equal(
    analyseMemory(traceOf({ hours: 4.5, memory: (hours) => 400 + cycle(hours), more: told(5), startedAt: originAt - 20 * hourMs })).verdict,
    'leak',
  );
  const clean = analyseMemory(traceOf({ hours: 12, memory: () => 400, more: still }));
  assert.equal(clean.verdict, 'steady');
  assert.match(clean.signal, /heap after full collections|outside of the heap/);
});

test('growth without a full collection may be garbage: it is watched, and that is said', () => {
  const trace = traceOf({ hours: 12, memory: (hours) => 400 + 30 * hours, more: () => ({ externalBytes: 0 }) });
  const analysis = analyseMemory(trace);
  assert.equal(analysis.summary, 'growing (watching)');
  assert.match(evidenceOf(analysis), /what grew may be garbage/);
});

test('the cache of files is not memory that leaks', () => {
  const more = (hours: number) => ({ fileBytes: mib(20 + 100 * hours), usageBytes: mib(620 + 100 * hours) });
  const analysis = analyseMemory(traceOf({ hours: 8, memory: () => 600, more }));
  assert.equal(analysis.verdict, 'steady');
  assert.deepEqual(
    analysis.grows.map(({ name }) => name),
    ['file cache'],
  );
});

test('one jump is no leak, and is named with its moment', () => {
  const analysis = analyseMemory(traceOf({ hours: 12, memory: (hours) => (hours < 5 ? 400 : 700) }));
  assert.equal(analysis.verdict, 'steady');
  assert.match(evidenceOf(analysis), /jumped once, by 300Mi at 2026-01-05 05:/);
});

test('levels of two lives are not compared: restarts hide no leak and make none', () => {
  const marks = [4, 8].map((hours) => ({ at: originAt + hours * hourMs, kind: 'restart' as const }));
  const restarts = (hours: number) => ({ restarts: Math.floor(hours / 4) });
  const leak = analyseMemory(traceOf({ hours: 12, memory: (hours) => 400 + 50 * (hours % 4), more: restarts, marks }));
  assert.equal(leak.verdict, 'leak');
  const higherEachTime = analyseMemory(traceOf({ hours: 12, memory: (hours) => 400 + 100 * Math.floor(hours / 4), more: restarts, marks }));
  assert.equal(higherEachTime.verdict, 'steady');
});

test('a leak that a deployment brought is told from before, and one that it mended is over', () => {
  const marks = [{ at: originAt + 6 * hourMs, kind: 'deployment' as const }];
  const brought = analyseMemory(traceOf({ hours: 12, memory: (hours) => (hours < 6 ? 500 : 400 + 50 * (hours - 6)), marks }));
  assert.equal(brought.verdict, 'leak');
  assert.match(evidenceOf(brought), /Before the deployment at 2026-01-05 06:00 UTC it changed by/);
  const mended = analyseMemory(traceOf({ hours: 12, memory: (hours) => (hours < 6 ? 400 + 50 * hours : 400), marks }));
  assert.equal(mended.verdict, 'steady');
});

test('after several lives that leaked, a deployment that leaks no longer is believed', () => {
  const marks = [4, 8, 12].map((hours) => ({
    at: originAt + hours * hourMs,
    kind: hours === 12 ? ('deployment' as const) : ('restart' as const),
  }));
  const memory = (hours: number): number => 400 + (hours < 12 ? 50 * (hours % 4) : 0);
  const analysis = analyseMemory(traceOf({ hours: 16, memory, marks, startedAt: originAt }));
  assert.equal(analysis.verdict, 'steady');
  assert.match(evidenceOf(analysis), /grew in earlier lives of the process, and no longer does in the last/);
});

test('one jump beside a little growth is named, and not taken for the growth', () => {
  const analysis = analyseMemory(traceOf({ hours: 12, memory: (hours) => 400 + 2 * hours + (hours > 6 ? 200 : 0) }));
  assert.equal(analysis.verdict, 'steady');
  assert.match(evidenceOf(analysis), /jumped once/);
});

test('wherever it jumps once, and whatever the noise, it is no leak', () => {
  for (let at = 1; at <= 11; at += 1)
    for (const noise of [1, 10, 40]) {
      const { verdict } = analyseMemory(traceOf({ hours: 12, memory: (hours) => (hours < at ? 400 : 600), noise }));
      assert.equal(verdict, 'steady', `${at} ${noise}`);
    }
});

test('a load that rises as evenly as time explains memory that rises with it', () => {
  const random = createRandom();
  let done = 0;
  const rates = Array.from({ length: 12 * 60 + 1 }, (_, minute) => 1000 * (1 + minute / 300) * (1 + 0.1 * (random() - 0.5)));
  const requests = rates.map((rate) => Math.round((done += rate)));
  const index = (hours: number): number => Math.round(hours * 60);
  const analysis = analyseMemory(
    traceOf({
      hours: 12,
      memory: (hours) => 300 + 0.1 * (rates[index(hours)] ?? 0),
      more: (hours) => ({ requests: requests[index(hours)] ?? 0 }),
    }),
  );
  assert.equal(analysis.verdict, 'load-driven');
});

test('a leak is found behind the warm-up of its process', () => {
  const memory = (hours: number): number => 300 + 300 * (1 - Math.exp(-hours / 0.3)) + 12 * hours;
  assert.equal(analyseMemory(traceOf({ hours: 6, memory, noise: 8, startedAt: originAt })).verdict, 'leak');
});

test('what began to grow a short while ago is watched until the window without its end says the same', () => {
  const since = (begins: number) => traceOf({ hours: 12, memory: (hours) => 400 + 60 * Math.max(0, hours - begins), noise: 3 });
  const late = analyseMemory(since(7));
  assert.equal(late.verdict, 'growing');
  assert.match(evidenceOf(late), /does not say the same yet|do not agree well enough/);
  assert.doesNotMatch(evidenceOf(analyseMemory(since(9))), /jumped/, 'three hours of growth are no jump');
  assert.equal(analyseMemory(since(3)).verdict, 'leak');
});

test('memory that is swapped out still grows', () => {
  const more = (hours: number) => ({ anonymousBytes: mib(500), swapBytes: mib(60 * hours) });
  assert.equal(analyseMemory(traceOf({ hours: 12, memory: () => 500, more })).verdict, 'leak');
});

test('too little is said to be too little, with what is missing', () => {
  for (const hours of [0, 0.05, 0.2]) {
    const analysis = analyseMemory(traceOf({ hours, memory: (at) => 400 + 1000 * at, intervalMs: 5000 }));
    assert.equal(analysis.summary, 'too short to judge');
    assert.match(evidenceOf(analysis), /a verdict takes 45 samples and 15 min at the least/);
  }
  assert.equal(analyseMemory({ ...traceOf({ hours: 1, memory: () => 1 }), samples: [] }).verdict, 'too-short');
});

test('a short time proves no leak by the kernel’s view alone, and does where an allocation site confirms it', () => {
  const trace = traceOf({ hours: 0.7, memory: (hours) => 100 + 150 * hours, intervalMs: 2000 });
  assert.equal(analyseMemory(trace).verdict, 'growing');
  const site = { file: 'cache.py', line: 24, bytes: mib(60), growthBytes: mib(50) };
  const allocations = { source: 'tracemalloc', from: originAt + 0.2 * hourMs, to: originAt + 0.7 * hourMs, sites: [site] } as const;
  const confirmed = analyseMemory({ ...trace, allocations });
  assert.equal(confirmed.verdict, 'leak');
  assert.deepEqual(confirmed.sites, [site]);
});

test('a limit that is more than ten days away is watched', () => {
  const analysis = analyseMemory(traceOf({ hours: 24, memory: (hours) => 400 + 2 * hours, noise: 0.5 }));
  assert.equal(analysis.verdict, 'growing');
  assert.match(evidenceOf(analysis), /limit is more than 10 days away/);
});

test('without a limit a leak has no time of its end', () => {
  const { limitBytes: _, ...trace } = traceOf({ hours: 12, memory: (hours) => 400 + 60 * hours });
  const analysis = analyseMemory(trace);
  assert.equal(analysis.summary, 'leak, with no limit to reach');
  assert.equal(analysis.hoursToLimit, undefined);
});

test('a driver that knows less is judged by what it knows', () => {
  const strip = (trace: MemoryTrace, change: object): MemoryTrace => ({
    ...trace,
    samples: trace.samples.map((sample) => ({ ...sample, ...change })),
  });
  const trace = traceOf({ hours: 12, memory: (hours) => 600 + 60 * hours });
  assert.equal(analyseMemory(strip(trace, { anonymousBytes: 0 })).signal, 'the working set');
  assert.equal(analyseMemory(strip(trace, { anonymousBytes: 0, workingSetBytes: 0 })).signal, 'resident memory');
  assert.equal(analyseMemory(strip(trace, { anonymousBytes: 0, workingSetBytes: 0 })).verdict, 'leak');
});

test('whatever the samples say, there is a verdict with finite figures, and the same one at any time and scale', () => {
  const sample = fc.record({
    anonymous: fc.integer({ min: 0, max: 4000 }),
    heap: fc.option(fc.integer({ min: 0, max: 500 }), { nil: undefined }),
    requests: fc.option(fc.integer({ min: 0, max: 1000 }), { nil: undefined }),
    ends: fc.integer({ min: 0, max: 15 }),
  });
  fc.assert(
    fc.property(
      fc.array(sample, { maxLength: 120 }),
      fc.integer({ min: 1, max: 600 }),
      fc.integer({ min: 1, max: 8 }),
      (drawn, seconds, scale) => {
        const made = (bytes: number, offset: number): MemoryTrace => ({
          ...traceOf({ hours: 0, memory: () => 0 }),
          limitBytes: 5000 * bytes,
          samples: drawn.map(({ anonymous, heap, requests }, index) => ({
            at: offset + index * seconds * 1000,
            usageBytes: anonymous * bytes,
            workingSetBytes: anonymous * bytes,
            rssBytes: anonymous * bytes,
            anonymousBytes: anonymous * bytes,
            fileBytes: 0,
            swapBytes: 0,
            restarts: drawn.slice(0, index).filter(({ ends }) => ends === 0).length,
            ...(heap === undefined ? {} : { heapAfterGcBytes: heap * bytes }),
            ...(requests === undefined ? {} : { requests }),
          })),
        });
        const analysis = analyseMemory(made(1024, 0));
        assert.ok(memoryVerdicts.includes(analysis.verdict));
        assert.equal(JSON.stringify(analysis).includes('null'), false, 'a figure is not finite');
        assert.equal(analyseMemory(made(1024 * scale, 86_400_000)).verdict, analysis.verdict);
      },
    ),
    { numRuns: 150 },
  );
});

test('memory that wanders slowly is no leak for any seed, for two windows have to agree', () => {
  let watched = 0;
  for (const kept of [0.97, 0.99, 0.995])
    for (let seed = 1; seed <= 75; seed += 1) {
      const random = createRandom(seed * 7919);
      let level = 0;
      const memory = (): number => 500 + (level = kept * level + 8 * (random() - 0.5));
      const analysis = analyseMemory(traceOf({ hours: 12, memory, noise: 0 }));
      assert.notEqual(analysis.verdict, 'leak', `${kept} ${seed}`);
      if (evidenceOf(analysis).includes('does not say the same yet')) watched += 1;
    }
  assert.ok(watched > 0, 'of some the whole window alone would have been one');
});
