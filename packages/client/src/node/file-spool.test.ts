import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createMemorySpool, type Spool, type SpooledStep } from '../runs/spool.ts';
import { createFileSpool } from './file-spool.ts';

const entry = (step: number, result: unknown = step): SpooledStep => ({ kind: 'finished', runId: 'run_1', step, attempt: 1, result });

async function keepsWhatItIsGiven(spool: Spool): Promise<void> {
  assert.deepEqual(await spool.list('run_1'), []);
  for (const step of [10, 2, 1]) await spool.put(entry(step));
  await spool.put({ ...entry(3), runId: 'run_10' });
  await spool.put(entry(2, 'again'));
  assert.deepEqual(await spool.list('run_1'), [entry(1), entry(2, 'again'), entry(10)]);
  await spool.remove('run_1', 2);
  await spool.remove('run_1', 2);
  assert.deepEqual(await spool.list('run_1'), [entry(1), entry(10)]);
}

test('a spool gives back what was put, by its run and in order, until it is removed', async () => {
  await keepsWhatItIsGiven(createMemorySpool());
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-spool-'));
  try {
    await keepsWhatItIsGiven(createFileSpool(join(directory, 'of', 'steps')));
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a file is for its owner alone, outlives the spool, and a half one of a crash is none', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-spool-'));
  try {
    await createFileSpool(directory).put(entry(1));
    writeFileSync(join(directory, 'run_1.2.json.part'), '{"half');
    const [name = ''] = readdirSync(directory);
    assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600);
    assert.deepEqual(await createFileSpool(directory).list('run_1'), [entry(1)]);
    assert.deepEqual(readdirSync(directory), [name]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
