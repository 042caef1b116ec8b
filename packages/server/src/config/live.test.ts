import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { needingRestart, restartOnly } from './live.ts';
import { formatPath } from './path.ts';
import { schemaAt, settingsSchema } from './schema.ts';

test('every setting that needs a restart exists', () => {
  for (const { path } of restartOnly) assert.ok(schemaAt(settingsSchema, path), formatPath(path));
});

test('a change needs a restart where it is such a setting, lies below one, or holds one', () => {
  const changed = [
    'gateway.port',
    'telemetry.traces.endpoint',
    'logging.level',
    'logging.format',
    'gateway.limits',
    'models.routes["a.b"]',
  ];
  assert.deepEqual(needingRestart(changed), ['telemetry.traces.endpoint', 'logging.format', 'gateway.limits']);
});

test('the documentation lists the settings that need a restart, with their reasons', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/configuration-running.md'), 'utf8');
  const listed = /\| Setting \| Why \|\n\|---\|---\|\n((?:\|.*\n)*)/.exec(page)?.[1];
  assert.equal(listed, restartOnly.map(({ path, reason }) => `| \`${formatPath(path)}\` | ${reason} |\n`).join(''));
});
