/** `docs/clw.md` says what `clw` does: every command, and every line of the article. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { MemoryTrace, WorkloadAnalysis, WorkloadMetrics } from '@openclaw/protocol';
import { createFakeClock } from '../../core/fake-clock.ts';
import { everyCommand, readCommand } from '../completion-words.ts';
import { startApi, type ApiFixture } from './api.fixture.ts';
import { everything } from './commands.ts';

const page = readFileSync(new URL('../../../../../docs/clw.md', import.meta.url), 'utf8');

/** First cells of the table below a heading, and the second beside them. */
function rowsBelow(heading: string): string[][] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^\| `([^`]+)` \| ([^|]+) \|/gm)].map(([, line = '', cell = '']) => [line, cell]);
}

const sample = { at: 0, usageBytes: 1, workingSetBytes: 1, rssBytes: 1, anonymousBytes: 0, fileBytes: 0, swapBytes: 0, restarts: 0 };

/** Everything that the lines ask for. */
function prepare(api: ApiFixture): void {
  const base = '/apis/openclaw.io/v1/namespaces/default';
  api.add('workloads', {
    apiVersion: 'openclaw.io/v1',
    kind: 'Workload',
    metadata: { name: 'shop' },
    spec: { containers: [] },
    status: { phase: 'Running' },
  });
  const trace: MemoryTrace = {
    ...{ version: 1, workload: 'shop', namespace: 'default', instance: 'shop-1', driver: 'process', intervalMs: 1000 },
    samples: [sample],
  };
  const metrics: WorkloadMetrics = { namespace: 'default', name: 'shop', from: 0, to: 1, instances: [] };
  const analysis: WorkloadAnalysis = {
    ...{ namespace: 'default', name: 'shop', windowMs: 1, samples: 0, sizing: [], steps: [] },
    leak: { verdict: 'too short to judge', isLeak: false, confidence: 0, evidence: [] },
  };
  const answers = { metrics, trace, analysis, memorymap: { instances: [] } };
  for (const [name, value] of Object.entries(answers)) api.answers.set(`GET ${base}/workloads/shop/${name}`, () => value);
  api.answers.set(`GET ${base}/workloads/shop/log`, (_url, _request, response) => void response.end('one\n'));
  api.answers.set(`GET ${base}/memorytraces/shop-20260101t120000/trace`, () => trace);
  api.clock = createFakeClock({ nowMs: Date.parse('2026-01-01T12:00:00Z') });
  api.onWait = () => {
    for (const [key, object] of api.objects) {
      if (key.startsWith('memorytraces/')) api.objects.set(key, { ...object, status: { phase: 'Complete', instances: [] } });
    }
  };
  api.file('workload-config.yaml', 'apiVersion: openclaw.io/v1\nkind: Workload\nmetadata:\n  name: other\n');
}

/** As a shell would: quotes are taken away. */
function wordsOf(line: string, directory: string): string[] {
  const text = line
    .replaceAll('NAME', 'shop')
    .replace('/tmp/', `${directory}/`)
    .replace('workload-config.yaml', join(directory, 'workload-config.yaml'));
  return [...text.matchAll(/(?:'[^']*'|\S)+/g)].map(([word]) => word.replaceAll("'", '')).slice(1);
}

test('every line of the article does what the page says of it', async (t) => {
  const api = await startApi(t);
  prepare(api);
  const rows = rowsBelow('The lines of the article');
  assert.ok(rows.length >= 25, String(rows.length));
  for (const [line = '', is] of rows) {
    const { code, stderr } = await api.run(wordsOf(line, api.directory));
    assert.equal(code, is === 'served' ? 0 : 69, `${line}: ${stderr}`);
    assert.ok(is === 'served' || is === 'a later release', line);
  }
});

test('the page has every command once, and no other', async () => {
  const silent = { write: () => true };
  const program = await everything({
    ...{ terminal: { stdout: silent, stderr: silent, env: {} }, clock: createFakeClock(), setExitCode: () => {} },
    ...{ wait: () => Promise.resolve(), stdin: (async function* () {})() },
  });
  const later = new Set(
    rowsBelow('The lines of the article').flatMap(([line = '', is]) => (is === 'served' ? [] : [line.split(' ')[1] ?? ''])),
  );
  const leaves = everyCommand(readCommand(program)).filter(
    ({ children, path }) => children.length === 0 && !later.has(path.split(' ')[1] ?? ''),
  );
  const listed = rowsBelow('Every command').map(([line = '']) => line);
  for (const { path } of leaves) assert.equal(listed.filter((line) => line === path || line.startsWith(`${path} `)).length, 1, path);
  assert.equal(listed.length, leaves.length);
});
