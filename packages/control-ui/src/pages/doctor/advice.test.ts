import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { adviceFor, describeEvidence, words, worstFirst } from './advice.ts';

const root = new URL('../../../../../', import.meta.url);

test('each check of the documentation has advice of its own, and each page that is named is there', () => {
  const health = readFileSync(new URL('docs/health.md', root), 'utf8');
  const table = health.split('## The checks')[1]?.split('\n## ')[0] ?? '';
  const names = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name);
  assert.ok(names.length >= 9);
  for (const name of names) {
    const { about, page } = adviceFor(name);
    assert.notEqual(about, '', name);
    assert.ok(readFileSync(new URL(page, root), 'utf8').length > 0, page);
  }
});

test('a check that is not known yet is told by its name', () => {
  assert.equal(adviceFor('newThing').title, 'New thing');
  assert.equal(words('event_loop.busy'), 'Event loop busy');
  assert.equal(
    describeEvidence({ openConnections: 3, since: 'now', durationMs: 132, residentMib: 164, loopShare: 0.93 }),
    'open connections 3, since now, duration 132 ms, resident 164 MiB, loop 93 %',
  );
});

test('the worst comes first', () => {
  assert.deepEqual(
    worstFirst(['ok', 'degraded', 'failed', 'ok'], (state) => state),
    ['failed', 'degraded', 'ok', 'ok'],
  );
});
