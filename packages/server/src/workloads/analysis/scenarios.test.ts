/** The causes in the published article, each as the figures show it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryScenarios, type MemoryAnalysis } from '@openclaw/protocol';

import { analyseMemory } from './analyse.ts';
import { hourMs, mebibyte, originAt, traceOf } from './trace.fixture.ts';

const namesOf = ({ scenarios }: MemoryAnalysis): string[] => scenarios.map(({ name }) => name);
const whyOf = ({ scenarios }: MemoryAnalysis): string => scenarios.map(({ evidence }) => evidence).join('\n');

test('an unbounded cache: what is kept grows evenly and is never given back', () => {
  const analysis = analyseMemory(traceOf({ hours: 12, memory: (hours) => 500 + 40 * hours }));
  assert.deepEqual(namesOf(analysis), ['unbounded cache']);
  assert.match(whyOf(analysis), /grows evenly, by 40\.\dMi an hour/);
});

test('a connection pool that leaks: sockets rise, and memory with them', () => {
  const more = (hours: number) => ({ sockets: Math.round(10 + 120 * hours), fileDescriptors: Math.round(30 + 120 * hours) });
  const analysis = analyseMemory(traceOf({ hours: 12, memory: (hours) => 500 + 15 * hours, more }));
  assert.deepEqual(namesOf(analysis), ['connection pool leak']);
  assert.match(whyOf(analysis), /sockets rise by 120 an hour, and memory by 128Ki for each/);
});

test('connections that pile up are a leak, also while a cache that fills bends the line', () => {
  const memory = (hours: number): number => 300 + 200 * (1 - Math.exp(-hours / 4)) + 10 * hours;
  assert.equal(analyseMemory(traceOf({ hours: 10, memory, startedAt: originAt })).verdict, 'cache-like');
  const piling = analyseMemory(
    traceOf({ hours: 10, memory, startedAt: originAt, more: (hours) => ({ sockets: Math.round(10 + 200 * hours) }) }),
  );
  assert.equal(piling.verdict, 'leak');
  assert.match(piling.evidence.join('\n'), /Open connections pile up evenly, by 200 an hour/);
  const levelled = (hours: number) => ({ sockets: Math.round(10 + 200 * Math.min(2, hours)) });
  assert.equal(analyseMemory(traceOf({ hours: 10, memory, startedAt: originAt, more: levelled })).verdict, 'cache-like');
});

test('worker threads that pile up: threads rise, and memory with them', () => {
  const analysis = analyseMemory(
    traceOf({ hours: 12, memory: (hours) => 500 + 16 * hours, more: (hours) => ({ threads: Math.round(8 + 64 * hours) }) }),
  );
  assert.deepEqual(namesOf(analysis), ['worker thread accumulation']);
  assert.match(whyOf(analysis), /threads rise by 64 an hour, and memory by 256Ki for each/);
});

test('files that threads have open are no connections', () => {
  const more = (hours: number) => ({ threads: Math.round(8 + 64 * hours), fileDescriptors: Math.round(30 + 320 * hours) });
  const analysis = analyseMemory(traceOf({ hours: 12, memory: (hours) => 500 + 16 * hours, more }));
  assert.deepEqual(namesOf(analysis), ['worker thread accumulation']);
});

test('large batches: short bursts far above the usual, once or again and again', () => {
  const once = analyseMemory(traceOf({ hours: 12, memory: (hours) => (hours > 7 && hours < 7.2 ? 1500 : 500) }));
  assert.equal(once.verdict, 'steady');
  assert.deepEqual(namesOf(once), ['large batch processing']);
  assert.match(whyOf(once), /^once memory stood up to 100\dMi above its usual 500Mi, for 11 min at the most$/);
  const often = analyseMemory(traceOf({ hours: 12, memory: (hours) => (hours % 2 > 1.9 ? 900 : 500) }));
  assert.match(whyOf(often), /^6 times memory stood up to 40\dMi above its usual/);
});

test('a batch that the kernel killed is a batch, and not a leak', () => {
  const killedAt = 6.1;
  const marks = [{ at: originAt + killedAt * hourMs, kind: 'oom' as const }];
  const memory = (hours: number): number => (hours > 6 && hours < killedAt ? 500 + (hours - 6) * 15_000 : 500);
  const analysis = analyseMemory(traceOf({ hours: 12, memory, marks, more: (hours) => ({ restarts: hours < killedAt ? 0 : 1 }) }));
  assert.notEqual(analysis.verdict, 'leak');
  assert.deepEqual(namesOf(analysis), ['large batch processing']);
});

test('fragmentation: memory outside of the heap grows while the heap does not', () => {
  const heap = (hours: number): number => Math.round((200 + Math.sin(Math.floor(hours * 6))) * mebibyte);
  const more = (hours: number) => ({ heapAfterGcBytes: heap(hours), externalBytes: 10 * mebibyte });
  const analysis = analyseMemory(
    traceOf({ hours: 20, memory: (hours) => 400 + 200 * (1 - Math.exp(-hours / 5)), more, startedAt: originAt }),
  );
  assert.deepEqual(namesOf(analysis), ['memory fragmentation']);
  assert.match(whyOf(analysis), /while the heap after full collections does not/);
  assert.equal(analysis.verdict, 'cache-like');
});

test('buffers that the heap holds on to are no fragmentation', () => {
  const more = (hours: number) => ({
    heapAfterGcBytes: Math.round((200 + Math.sin(Math.floor(hours * 6))) * mebibyte),
    externalBytes: Math.round((10 + 40 * hours) * mebibyte),
  });
  const analysis = analyseMemory(traceOf({ hours: 12, memory: (hours) => 400 + 40 * hours, more }));
  assert.equal(analysis.verdict, 'leak');
  assert.deepEqual(namesOf(analysis), []);
  assert.ok(analysis.grows.some(({ name }) => name === 'buffers outside of the heap'));
});

test('what is steady has none of the causes, and every cause is one of the article’s five', () => {
  assert.deepEqual(namesOf(analyseMemory(traceOf({ hours: 12, memory: () => 500, noise: 5 }))), []);
  assert.equal(memoryScenarios.length, 5);
});
