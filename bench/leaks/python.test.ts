/** Python tells where it allocates: a live program, its `tracemalloc`, and what `clw` makes of a file with both. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { MemoryTrace } from '@openclaw/protocol';
import { main } from '../../packages/server/src/cli/clw/main.ts';

const programs = join(import.meta.dirname, 'programs');
const withoutPython =
  spawnSync('python3', ['-c', 'import tracemalloc']).status !== 0 && 'there is no python3 here: apt-get install python3';

test('the site that leaks in a Python program is named with its file and line', { skip: withoutPython, timeout: 60_000 }, async () => {
  const child = spawn('python3', ['cache_leaky.py', '--seconds', '4'], { cwd: programs, stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
  let allocations: MemoryTrace['allocations'];
  createInterface({ input: child.stdio[3] as Readable }).on('line', (line) => {
    const told = JSON.parse(line) as Pick<MemoryTrace, 'allocations'>;
    allocations = told.allocations ?? allocations;
  });
  const [code] = (await once(child, 'close')) as [number];
  assert.equal(code, 0);
  assert.equal(allocations?.source, 'tracemalloc');
  // Seconds show where memory is allocated, and hours whether it is a leak: these are of the same program.
  const recorded = JSON.parse(gunzipSync(readFileSync(join(import.meta.dirname, 'traces/cache-leaky.json.gz'))).toString()) as MemoryTrace;
  const folder = mkdtempSync(join(tmpdir(), 'openclaw-python-'));
  try {
    const file = join(folder, 'trace.json');
    writeFileSync(file, JSON.stringify({ ...recorded, allocations }));
    let stdout = '';
    const terminal = { stdout: { write: (text: string) => (stdout += text) }, stderr: { write: () => true }, env: { HOME: folder } };
    assert.equal(await main(['analyze', 'memory-trace', file, '--leak-detection'], { terminal }), 0);
    const line =
      readFileSync(join(programs, 'cache_leaky.py'), 'utf8')
        .split('\n')
        .findIndex((text) => text.includes('"body": f"')) + 1;
    assert.match(stdout, new RegExp(`Allocated at +Function +Held +Growth\\ncache_leaky\\.py:${line} `));
    assert.match(stdout, /Verdict: +leak/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
