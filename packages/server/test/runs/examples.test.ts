/** The examples do what their first lines say. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readBody } from '../../src/gateway/body.ts';
import { replyJson } from '../../src/gateway/reply.ts';
import type { Endpoint } from '../../src/gateway/request.ts';
import { startRunServer, tokens } from '../harness/run-server.ts';

const fileOf = (name: string): string => fileURLToPath(new URL(`../../../../examples/${name}`, import.meta.url));

interface Ended {
  readonly output: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

async function run(
  file: string,
  directory: string,
  { args = [], url }: { readonly args?: readonly string[]; readonly url: string },
): Promise<Ended> {
  const env = { PATH: process.env['PATH'] ?? '', OPENCLAW_GATEWAY_TOKEN: tokens.admin, OPENCLAW_URL: url };
  const child = spawn(process.execPath, [file, ...args], { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { output, code, signal };
}

test('killed at step 14 of 20, a job goes on at step 14, and what was done is not done again', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-example-'));
  try {
    await using server = await startRunServer({ directory });
    const file = fileOf('killed-at-step-14.ts');
    const first = await run(file, directory, server);
    assert.equal(first.signal, 'SIGKILL', first.output);
    assert.equal(first.output.match(/done now/g)?.length, 14);
    const second = await run(file, directory, server);
    assert.equal(second.code, 0, second.output);
    assert.equal(second.output.match(/from the journal/g)?.length, 13);
    assert.equal(second.output.match(/done now/g)?.length, 7);
    assert.match(second.output, /step 14: done now \(attempt 2, key run_\w+\/14\)[\s\S]*The sum of all steps is 210\./);
    const third = await run(file, directory, server);
    assert.match(third.output, /It has ended before/);
    assert.equal(third.output.match(/from the journal/g)?.length, 20);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('the agent in 30 lines has 30 lines, calls its tools, and asks neither them nor the model again when it is started again', async () => {
  const file = fileOf('agent-30-lines.ts');
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
  assert.ok(lines.length <= 30, String(lines.length));
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-example-'));
  try {
    writeFileSync(join(directory, 'letter.txt'), '');
    let asked = 0;
    const chat: Endpoint = async ({ raw, response }) => {
      asked += 1;
      const { messages } = JSON.parse(String(await readBody(raw, 1_000_000))) as { messages: { role: string; content: string }[] };
      const results = messages.filter(({ role }) => role === 'tool').map(({ content }) => content);
      const tool_calls = ['list_files', 'time'].map((name) => ({ id: name, type: 'function', function: { name, arguments: '{}' } }));
      const message =
        results.length === 0 ? { role: 'assistant', content: null, tool_calls } : { role: 'assistant', content: results.join(' | ') };
      replyJson(response, 200, { id: 'c', object: 'chat.completion', choices: [{ index: 0, message, finish_reason: 'stop' }] });
    };
    await using server = await startRunServer({ directory, endpoints: { '/v1/chat/completions': { POST: chat } } });
    const args = ['What is here?'];
    const first = await run(file, directory, { args, url: server.url });
    assert.equal(first.code, 0, first.output);
    assert.match(first.output, /letter\.txt[\s\S]*\| \d{4}-\d\d-\d\dT/);
    const again = await run(file, directory, { args, url: server.url });
    assert.equal(again.output, first.output);
    assert.equal(asked, 2);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
