/** The page about failures names the defaults that hold. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parseUnit } from '@openclaw/protocol';
import { schemaAt, settingsSchema } from './index.ts';
import { parsePath } from './path.ts';

function defaultOf(path: string): unknown {
  return schemaAt(settingsSchema, parsePath(path))?.default;
}

test('docs/reliability.md has the defaults of the settings that it names', async () => {
  const page = await readFile(new URL('../../../../docs/reliability.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| [^|]+ \| ([^|]+) \| `(timeouts\.\w+)`/gm)].map(([, value = '', name = '']) => [name, value.trim()]);
  assert.equal(rows.length, 5);
  for (const [name, value = ''] of rows) {
    const expected = value === 'none' ? 0 : parseUnit(value.replace(' min', 'm').replace(' ', ''), 'ms');
    assert.equal(expected, defaultOf(`models.providers.any.${name}`), name);
  }
  const words: Readonly<Record<string, string>> = {
    'models.queue.maxWaiting': '(1,000)',
    'models.queue.maxWaitMs': '(30 s',
    'models.retry.attempts': 'five tries',
    'models.retry.budgetPercent': '10 %',
    'models.retry.baseDelayMs': '0.5 s',
    'models.breaker.failures': 'Five failures',
    'models.breaker.windowMs': 'two minutes',
    'models.breaker.minimumRequests': '20 requests or more',
    'models.breaker.openMs': 'for one minute',
  };
  const defaults = [1000, 30_000, 5, 10, 500, 5, 120_000, 20, 60_000];
  assert.deepEqual(Object.keys(words).map(defaultOf), defaults);
  for (const word of Object.values(words)) assert.ok(page.toLowerCase().includes(word.toLowerCase()), word);
});
