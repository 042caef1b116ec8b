/** docs/memory-analysis.md says what the code does: the fields of the file, the steps of sizes, the numbers of the rules. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatMemory, memoryTraceLimits, memoryTraceSchema, type JsonSchema } from '@openclaw/protocol';

import { roundUpAsPeople, sizingRules } from './right-size.ts';
import { hourMs, mebibyte } from './trace.fixture.ts';
import { verdictRules } from './verdict.ts';
import { duration, verdictWords } from './wording.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../../docs/memory-analysis.md'), 'utf8');

test('the page names every field of the file, of a sample and of what lies in them', () => {
  const file = page.slice(page.indexOf('## The file'), page.indexOf('## How good it is'));
  const named = new Set([...file.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  for (const name of namesOf(memoryTraceSchema)) assert.ok(named.has(name), name);
  assert.ok(file.includes(`${memoryTraceLimits.samples.toLocaleString('en')} samples`));
  assert.ok(file.includes(`${memoryTraceLimits.fileBytes / mebibyte} MiB`));
});

test('the table of steps is what sizes are rounded by', () => {
  const rows = [...page.matchAll(/^\| (\d+)Mi \| (\d+)Mi \| (\d+)Mi \|$/gm)].map((row) => row.slice(1).map(Number));
  assert.ok(rows.length >= 6);
  for (const [from = 0, to = 0, step = 0] of rows) {
    assert.equal(formatMemory(roundUpAsPeople(from * mebibyte + 1)), `${from + step}Mi`);
    assert.equal(formatMemory(roundUpAsPeople((to - step) * mebibyte + 1)), `${to}Mi`);
  }
});

test('verdicts and numbers of the page are those of the rules', () => {
  for (const words of Object.values(verdictWords)) assert.ok(page.includes(`\`${words}`), words);
  assert.ok(
    page.includes(`fewer than ${verdictRules.leastSamples} samples, or less than a quarter of an hour`) && verdictRules.leastHours === 0.25,
  );
  assert.ok(page.includes('less than ten days away') && verdictRules.horizonHours === 240);
  assert.ok(page.includes('It takes six collections') && verdictRules.leastCollections === 6);
  assert.ok(page.includes(`accounts for the growth, ${duration(verdictRules.leakHours * hourMs).replace('min', 'minutes')}`));
  assert.ok(page.includes(`Fewer than ${sizingRules.leastSamples} samples`));
});

function namesOf({ properties = {}, items }: JsonSchema): string[] {
  return [...Object.entries(properties).flatMap(([name, schema]) => [name, ...namesOf(schema)]), ...(items ? namesOf(items) : [])];
}
