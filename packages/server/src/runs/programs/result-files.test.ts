import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createResultFiles } from './result-files.ts';

function place(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-result-files-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, 'results');
}

test('what was written is read, and is for its owner alone', async (t) => {
  const directory = place(t);
  const stored = await createResultFiles(directory).write('run_1', '"é"');
  assert.equal(stored.bytes, 4);
  assert.equal(await createResultFiles(directory).read('run_1', stored), '"é"');
  for (const [path, mode] of [
    [directory, 0o700],
    [join(directory, 'run_1'), 0o700],
    [join(directory, 'run_1', `${stored.sha256}.json`), 0o600],
  ] as const)
    assert.equal(statSync(path).mode & 0o777, mode, path);
});

test('the same result twice is one file, and what a crash left half written is none', async (t) => {
  const directory = place(t);
  const files = createResultFiles(directory);
  const stored = await files.write('run_1', '"whole"');
  writeFileSync(join(directory, 'run_1', `${stored.sha256}.json.part`), '"wh');
  assert.deepEqual(await files.write('run_1', '"whole"'), stored);
  assert.deepEqual(readdirSync(join(directory, 'run_1')), [`${stored.sha256}.json`]);
  assert.equal(await files.read('run_1', stored), '"whole"');
});

test('anything else than what was written is not taken for it, and the file is named', async (t) => {
  const directory = place(t);
  const files = createResultFiles(directory);
  const stored = await files.write('run_1', '"whole"');
  const lost = { code: 'step_result_lost', details: { runId: 'run_1', file: join(directory, 'run_1', `${stored.sha256}.json`) } };
  const reasons: string[] = [];
  const read = () =>
    files.read('run_1', stored).catch((thrown: { code: string; details: Record<string, unknown> }) => {
      const { reason, ...details } = thrown.details;
      assert.deepEqual({ code: thrown.code, details }, lost);
      reasons.push(String(reason));
    });
  for (const text of ['"who', '"wHole"', '']) {
    writeFileSync(lost.details.file, text);
    await read();
  }
  rmSync(lost.details.file);
  await read();
  assert.deepEqual(reasons, [
    'it has 4 bytes, and 7 were written',
    'it is not what was written',
    'it has 0 bytes, and 7 were written',
    'it is not there',
  ]);
});

test('where nothing can be written that is an error of the storage', async (t) => {
  const directory = place(t);
  writeFileSync(directory, 'a file in its place');
  await assert.rejects(createResultFiles(directory).write('run_1', '1'), { code: 'storage_failed' });
});

test('what runs left that are kept no more is removed, however many there are', async (t) => {
  const directory = place(t);
  const files = createResultFiles(directory);
  assert.equal(await files.sweep(async () => new Set()), 0, 'nothing was ever written');
  for (const runId of ['run_1', 'run_2', 'a/b']) await files.write(runId, '1');
  const asked: (readonly string[])[] = [];
  const swept = await files.sweep(async (runIds) => {
    asked.push(runIds.toSorted());
    return new Set(['run_2', 'a/b']);
  });
  assert.deepEqual([swept, asked], [1, [['a/b', 'run_1', 'run_2']]]);
  assert.deepEqual(readdirSync(directory).toSorted(), ['a%2Fb', 'run_2']);
});
