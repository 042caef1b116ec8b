/** Some thousand random frames; a million are sent by `npm run fuzz:control`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzControlPlane } from './fuzz.ts';

test('random frames and bytes, before and after the handshake, end in no crash, no lost promise and no connection left', async () => {
  const seed = Date.now() % 1_000_000;
  const report = await fuzzControlPlane({ frames: 5000, seed });
  assert.deepEqual([report.unhandled, report.misshapen], [[], []], `seed ${seed}`);
  assert.ok(report.frames >= 5000 && report.answers > 1000, JSON.stringify(report));
  // Both sides of the handshake were reached: refused before it, and closed in order after it.
  for (const code of [1000, 1005, 1008]) assert.ok((report.closeCodes[code] ?? 0) > 0, `${code} is not among ${JSON.stringify(report)}`);
});
