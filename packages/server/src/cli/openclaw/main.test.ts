import assert from 'node:assert/strict';
import { test } from 'node:test';
import { main } from './main.ts';

async function run(...argv: string[]): Promise<{ readonly code: number; readonly stderr: string }> {
  let stderr = '';
  const code = await main(argv, { stdout: { write: () => true }, stderr: { write: (text) => (stderr += text) }, env: {} });
  return { code, stderr };
}

test('wrong words end with exit code 2, whoever notices them, and point to the help of the command that was meant', async () => {
  const amount = await run('keys', 'create', '--name', 'ci', '--rpm', 'ten');
  assert.equal(amount.code, 2);
  assert.match(amount.stderr, /--rpm ten is not an amount/);
  const missing = await run('keys', 'create');
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /\(openclaw keys create --help shows what it takes\)/);
  const unknown = await run('modells');
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /models[\s\S]*\(openclaw --help shows the commands\)/);
});
