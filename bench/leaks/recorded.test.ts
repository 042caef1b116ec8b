/** Real programs with seeded leaks beside clean ones: what the analysis says of their recorded memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemoryAnalysis } from '@openclaw/protocol';
import { analyseMemory, recommendMemory } from '../../packages/server/src/workloads/analysis/index.ts';
import { programs, readRecorded } from './recorded.ts';

const recorded = await readRecorded();

function analysisOf(name: string): MemoryAnalysis {
  const trace = recorded.get(name);
  assert.ok(trace, `node bench/leaks/record.ts ${name}`);
  return analyseMemory(trace);
}

const scenariosOf = (name: string): string[] => analysisOf(name).scenarios.map((scenario) => scenario.name);
const placesOf = (name: string): string[] => analysisOf(name).grows.map((place) => place.name);

test('every program was recorded, for at least half an hour', () => {
  assert.deepEqual([...recorded.keys()].toSorted(), Object.keys(programs).toSorted());
  for (const [name, { samples }] of recorded) assert.ok((samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0) > 1_800_000, name);
});

for (const [name, { leaks, about }] of Object.entries(programs))
  test(`${name} ${leaks ? 'is a leak' : 'is none'}: ${about}`, () => {
    const { verdict, hoursToLimit } = analysisOf(name);
    assert.equal(verdict === 'leak', leaks, verdict);
    assert.equal(hoursToLimit !== undefined, leaks);
  });

test('the article’s service and its mended form are told apart, and the line that allocates is named', () => {
  const leaky = analysisOf('cache-leaky').sites[0];
  assert.match(`${leaky?.file}:${leaky?.line}`, /^bench\/leaks\/programs\/cache_leaky\.py:24$/);
  assert.ok((leaky?.growthBytes ?? 0) > 40 * 2 ** 20);
  for (const { growthBytes } of analysisOf('cache-fixed').sites) assert.ok(growthBytes < 2 ** 20);
});

test('of Node’s leaks the function that allocates is named; one that the compiler has put into its caller, by the caller', () => {
  const siteOf = (name: string): string | undefined => analysisOf(name).sites[0]?.file;
  for (const name of ['closure-map', 'promise-chain']) assert.equal(siteOf(name), `bench/leaks/programs/${name}.ts`);
  assert.equal(siteOf('listener'), 'bench/leaks/programs/serve.ts');
});

test('where it grows, and which cause it looks like', () => {
  assert.ok(placesOf('closure-map').includes('heap'));
  assert.ok(placesOf('native-buffer').includes('buffers outside of the heap'));
  assert.ok(placesOf('connections').includes('sockets'));
  assert.ok(placesOf('threads').includes('threads'));
  assert.ok(scenariosOf('connections').includes('connection pool leak'));
  assert.ok(scenariosOf('threads').includes('worker thread accumulation'));
  assert.ok(scenariosOf('cache-leaky').includes('unbounded cache'));
  assert.ok(scenariosOf('batch').includes('large batch processing'));
});

test('a limit is recommended for what is clean, and refused for what leaks', () => {
  for (const [name, trace] of recorded) {
    const { limitBytes, refusal } = recommendMemory(trace, analyseMemory(trace));
    assert.equal(limitBytes === undefined, programs[name]?.leaks, name);
    assert.equal(refusal !== undefined, programs[name]?.leaks, name);
  }
});
