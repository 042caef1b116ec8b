import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryTraceLimits, memoryTraceSchema, type MemoryTrace } from '@openclaw/protocol';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';

import { OpenClawError } from '../../core/errors.ts';
import { checkMemoryTrace, readMemoryTrace } from './index.ts';

const sample = (at: number): MemoryTrace['samples'][number] => ({
  at,
  usageBytes: 10,
  workingSetBytes: 9,
  rssBytes: 8,
  anonymousBytes: 7,
  fileBytes: 2,
  swapBytes: 0,
  restarts: 0,
});

const proper: MemoryTrace = {
  version: 1,
  workload: 'payment-processor',
  namespace: 'production',
  instance: 'payment-processor-0',
  driver: 'process',
  runtime: 'node',
  limitBytes: 2 ** 31,
  intervalMs: 5000,
  samples: [sample(1000), { ...sample(2000), psi: { some: 0.5, full: 0 }, heapAfterGcBytes: 5, requests: 3, restarts: 1 }],
  marks: [{ at: 1500, kind: 'restart', text: 'exit code 1' }],
  allocations: {
    source: 'heap-profile',
    from: 1000,
    to: 2000,
    sites: [{ function: 'store', file: 'cache.js', line: 3, bytes: 5, growthBytes: -1 }],
  },
  smaps: {
    at: 2000,
    heapBytes: 1,
    stackBytes: 1,
    anonymousBytes: 1,
    sharedBytes: 1,
    fileBytes: 1,
    pageCacheBytes: 1,
    kernelBytes: 1,
    totalBytes: 7,
  },
};

const bytesOf = (value: unknown): Uint8Array[] => [Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))];

async function refusal(read: Promise<MemoryTrace>): Promise<OpenClawError> {
  const thrown: unknown = await read.then(
    () => assert.fail('was accepted'),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof OpenClawError, String(thrown));
  return thrown;
}

test('a trace reads back as it was written, however it arrives', async () => {
  const text = Buffer.from(JSON.stringify(proper));
  const pieces = Array.from({ length: Math.ceil(text.length / 7) }, (_, index) => text.subarray(index * 7, index * 7 + 7));
  assert.deepEqual(await readMemoryTrace(pieces), proper);
});

test('what is wrong is named by its path, and by what would be right', async () => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    ['', /line 1, column 1 ends too early to be JSON/],
    ['{"version": 1,\n "samples": [}', /line 2, column 14 is not JSON/],
    ['[]', /it must be an object/],
    [{ ...proper, version: 2 }, /\/version must be at most 1/],
    [{ ...proper, workload: '' }, /\/workload must not be empty/],
    [{ ...proper, driver: 'podman' }, /\/driver must be process \| docker \| kubernetes/],
    [{ ...proper, samples: [{ ...sample(1), rssBytes: undefined }] }, /\/samples\/0 must have rssBytes/],
    [{ ...proper, samples: [sample(1), { ...sample(2), rssBytes: -1 }] }, /\/samples\/1\/rssBytes must be at least 0/],
    [{ ...proper, samples: [{ ...sample(1), rssBytes: '8' }] }, /\/samples\/0\/rssBytes must be a whole number/],
    [{ ...proper, samples: [{ ...sample(1), rssByte: 8 }] }, /\/samples\/0 has rssByte, which is not known here/],
    [{ ...proper, samples: [{ ...sample(1), psi: { some: 101, full: 0 } }] }, /\/samples\/0\/psi\/some must be at most 100/],
    [{ ...proper, samples: [sample(5), sample(5)] }, /\/samples\/1\/at must be later/],
    [{ ...proper, samples: [{ ...sample(5), restarts: 2 }, sample(6)] }, /\/samples\/1\/restarts must not be fewer/],
    [{ ...proper, marks: [{ at: 1, kind: 'reboot' }] }, /\/marks\/0\/kind must be restart/],
    [{ ...proper, marks: [...(proper.marks ?? []), { at: 1, kind: 'oom' }] }, /\/marks\/1\/at must not be earlier/],
    [`{"__proto__": {}, ${JSON.stringify(proper).slice(1)}`, /has __proto__, which is not known/],
    [JSON.stringify(proper).replace('"usageBytes":10', '"usageBytes":1e999'), /usageBytes must be a whole number/],
    ['['.repeat(100_000), /ends too early/],
  ];
  for (const [value, message] of cases) {
    const error = await refusal(readMemoryTrace(bytesOf(value)));
    assert.equal(error.code, 'memory_trace_invalid');
    assert.match(error.message, message);
  }
  assert.match((await refusal(readMemoryTrace([Buffer.from([0xff, 0xfe])]))).message, /is not UTF-8/);
});

test('a file without an end is read no further than the limit, and its samples are counted', async () => {
  let read = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      read += 1000;
      yield Buffer.alloc(1000, 0x20);
    }
  }
  const error = await refusal(readMemoryTrace(endless(), { fileBytes: 10_000 }));
  assert.equal(error.code, 'memory_trace_too_large');
  assert.equal(read, 11_000);
  const many = { ...proper, samples: Array.from({ length: memoryTraceLimits.samples + 1 }, (_, at) => sample(at)) };
  assert.throws(() => checkMemoryTrace(many), /\/samples must have at most 200000 entries/);
});

test('whatever is changed in a trace, it is refused exactly where the published schema refuses it, or for its order', () => {
  const ajv = new Ajv2020({ strict: false });
  const accepts = ajv.compile(memoryTraceSchema);
  const values = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom<unknown>(-1, 0, 1.5, 1e300, '', null, [], {}));
  const paths = ['version', 'workload', 'driver', 'limitBytes', 'samples', 'samples/0', 'samples/0/at', 'samples/1/psi', 'marks/0/kind'];
  const more = ['allocations', 'allocations/sites/0/line', 'smaps/totalBytes', 'unknown', 'samples/1/restarts'];
  fc.assert(
    fc.property(fc.constantFrom(...paths, ...more), values, (path, value) => {
      const changed = structuredClone(proper) as unknown as Record<string, unknown>;
      const names = path.split('/');
      const last = names.pop() ?? '';
      (names.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], changed) as Record<string, unknown>)[last] = value;
      const error = refusalOf(() => checkMemoryTrace(changed));
      if (accepts(changed)) assert.ok(error === undefined || /later|fewer|earlier/.test(error.message), error?.message);
      else assert.equal(error?.code, 'memory_trace_invalid');
    }),
    { numRuns: 500 },
  );
});

function refusalOf(act: () => unknown): OpenClawError | undefined {
  try {
    act();
    return undefined;
  } catch (thrown) {
    assert.ok(thrown instanceof OpenClawError, String(thrown));
    return thrown;
  }
}
