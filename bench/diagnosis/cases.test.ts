/** The rules over the cases that they were made with. Those kept for the report are counted by `npm run diagnose-score` and asserted nowhere, so that nothing is tuned on them. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { rules } from '../../packages/server/src/operations/diagnose/index.ts';
import { casesDirectory } from './case.ts';
import { allCases, examine } from './examine.ts';

const cases = allCases();
const design = cases.filter(({ half }) => half === 'design');

describe('the rules over the cases that they were made with', () => {
  for (const one of design) {
    const expected = one.causes[0];
    it(expected === undefined ? `say nothing of ${one.name}` : `name ${expected} first in ${one.name}`, async () => {
      const { diagnosis, spoke } = await examine(one);
      assert.equal(diagnosis.causes[0]?.id, expected, `said ${JSON.stringify(spoke)}`);
      // Whoever stopped it by hand has it as it was wanted.
      assert.equal(diagnosis.broken, expected !== undefined && expected !== 'stopped-by-hand', diagnosis.summary);
    });
  }

  it('have a case for each, by its own name', () => {
    const shown = new Set(cases.flatMap(({ causes }) => causes));
    const names = new Set(rules.map(({ id }) => id));
    assert.deepEqual(
      [...shown].filter((id) => !names.has(id)),
      [],
      'every case names a rule that there is',
    );
    assert.deepEqual(
      [...names].filter((id) => !shown.has(id)),
      [],
      'every rule has a case',
    );
  });

  it('quote what they say from the evidence', async () => {
    for (const one of design) {
      const { diagnosis } = await examine(one);
      for (const { id, because, remedy, says } of diagnosis.causes) {
        assert.ok(because.length > 0 && remedy.length > 0, `${id} in ${one.name} gives evidence and a remedy`);
        const words = `${says} ${remedy.join(' ')}`.replaceAll(/(?:of|is|null or) undefined/g, '');
        assert.doesNotMatch(words, /undefined|NaN|\[object/, `${id} in ${one.name}`);
      }
    }
  });
});

describe('cases', () => {
  it('have names of their own', () => assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length));

  it('say nothing of the machine that they were recorded on', () => {
    for (const one of cases)
      assert.doesNotMatch(JSON.stringify(one), /(?<!\/proc\/\d{1,9})\/root\b|\/home\/(?!node)|process_api|openclaw-unit/, one.name);
  });

  it('kept for the report are those that were frozen', () => {
    const frozen = JSON.parse(readFileSync(join(import.meta.dirname, 'frozen.json'), 'utf8')) as Record<string, string>;
    const found = cases.filter(({ half }) => half === 'report').map((one) => [one.name, hashOf(one)]);
    assert.deepEqual(Object.fromEntries(found), frozen);
  });
});

function hashOf(one: { readonly name: string; readonly form: string }): string {
  const text = one.form === 'recorded' ? readFileSync(join(casesDirectory, `${one.name}.json`), 'utf8') : JSON.stringify(one);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
