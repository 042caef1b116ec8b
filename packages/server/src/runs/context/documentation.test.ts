/** The configuration in `docs/agents.md` is a good one and does what the page says; its numbers are those that hold. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfiguration } from '../../config/index.ts';
import { readEnvironment } from '../../core/env.ts';
import { outputLimitCharacters } from '../tools/contract.ts';
import { createAgentDirectory } from './agents.ts';
import { windowLimitsOf } from './window-limits.ts';

const page = readFileSync(new URL('../../../../../docs/agents.md', import.meta.url), 'utf8');
const example = /```json5\n(.*?)```/s.exec(page)?.[1] ?? '';

async function load(text: string) {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-agents-'));
  try {
    writeFileSync(join(directory, 'openclaw.json'), text);
    const env = { HOME: directory, OPENCLAW_STATE_DIR: directory, OPENAI_API_KEY: 'k' };
    const environment = readEnvironment({ env, secretsDirectory: directory });
    const { settings } = await loadConfiguration({ environment, vendors: ['openai'] });
    return settings.agents;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('the example does what is said of it', async () => {
  const settings = await load(example);
  const agents = createAgentDirectory(() => settings);
  assert.deepEqual(
    agents.list().map(({ id, model }) => [id, model]),
    [
      ['main', 'fast'],
      ['helper', 'fast'],
      ['builder', 'openai/gpt-5'],
    ],
  );
  const builder = agents.get('builder');
  assert.deepEqual(builder.limits, { steps: 200, tokens: 200_000, usd: 5, pricedOnly: true, timeMs: 7_200_000, children: 20, depth: 3 });
  assert.deepEqual(['write', 'edit', 'exec', 'read', 'http', 'mcp__any'].map(builder.policy), [
    'allow',
    'allow',
    'ask',
    'allow',
    'ask',
    'ask',
  ]);
  assert.equal(agents.get('helper').policy('exec'), 'deny');
});

test('the defaults in the example and in the table are those that hold', async () => {
  const [written, { defaults }] = [await load(example), await load('{}')];
  assert.deepEqual({ ...written.defaults, model: undefined }, { ...defaults, model: undefined });
  const table = [...page.matchAll(/^\| `(\w+)` \| [^|]+ \| ([\d,]+)( min)? \|$/gm)];
  assert.deepEqual(
    Object.fromEntries(table.map(([, name, value = '', minutes]) => [name, Number(value.replace(',', '')) * (minutes ? 60_000 : 1)])),
    defaults.limits,
  );
});

test('the numbers of the window are those that hold', () => {
  const { contextTokens, answerTokens } = windowLimitsOf('m', []);
  assert.ok(page.includes(`taken to have ${contextTokens.toLocaleString('en')} tokens`));
  assert.ok(page.includes(`Up to ${answerTokens.toLocaleString('en')} tokens, and no more than a quarter`));
  assert.equal(windowLimitsOf('m', [{ contextWindow: 4000, maxOutputTokens: undefined }]).answerTokens, 1000);
  assert.ok(page.includes(`at most ${outputLimitCharacters / 1024} KiB`));
});
