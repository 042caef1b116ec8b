import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRedact, redactWords } from './redaction.ts';

test('a value that the environment calls a secret is found wherever it stands', () => {
  const redact = createRedact([
    'DB_PASSWORD=correct-horse',
    'SENTRY_DSN=https://abc@sentry.io/1',
    'PATH=/usr/bin',
    'TOKEN_FILE=/run/secrets/token',
    'FLAG=true',
  ]);
  assert.equal(redact('login with correct-horse failed'), 'login with [redacted] failed');
  assert.ok(!redact('sending to https://abc@sentry.io/1').includes('abc'));
  // Paths and short words are no secrets, and are needed.
  assert.equal(redact('open /run/secrets/token, which is true, of /usr/bin'), 'open /run/secrets/token, which is true, of /usr/bin');
});

test('what follows a flag for a secret goes, in one text and as a word of its own', () => {
  const redact = createRedact([]);
  assert.equal(redact('serve --password hunter2-hunter2 --port 80'), 'serve --password [redacted] --port 80');
  assert.deepEqual(redactWords(['serve', '--api-key', 'abc def', '--port', '80'], redact), [
    'serve',
    '--api-key',
    '[redacted]',
    '--port',
    '80',
  ]);
});

test('a flag that names no secret keeps its word', () => {
  assert.equal(createRedact([])('node --token-limit 4096 --max-old-space-size 512'), 'node --token-limit 4096 --max-old-space-size 512');
});
