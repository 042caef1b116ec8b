import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { configDocsFile, renderConfigDocs } from '../../../../scripts/gen-config-docs.ts';
import { createFolder } from './folder.fixture.ts';

test('docs/config.md says what the schema says', () => {
  assert.equal(readFileSync(configDocsFile, 'utf8'), renderConfigDocs(), 'Run: node scripts/gen-config-docs.ts');
});

test('the example in docs/config.md is a good configuration', async (t) => {
  const example = /```json5\n(.*?)```/s.exec(renderConfigDocs())?.[1] ?? '';
  const folder = createFolder(t, { local: 'key\n' });
  folder.write('openclaw.json', example.replace('/run/secrets/local', `${folder.path}/local`));
  const { settings } = await folder.load({ env: { OPENCLAW_GATEWAY_TOKEN: 't', OPENAI_API_KEY: 'k' }, vendors: ['openai'] });
  assert.equal(settings.models.providers['local']?.timeouts.firstByteMs, 90_000);
});
