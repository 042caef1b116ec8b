import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { OpenClawError } from '../../core/errors.ts';
import type { ModelDescription, ModelRow, ModelTargetDescription } from '@openclaw/protocol';
import type { ModelsClient, Trial } from './models-client.ts';
import { registerModelsCommands } from './models.ts';

const row: ModelRow = {
  ...{ name: 'acme/large', kind: 'model', provider: 'acme', contextWindow: 200_000, maxOutputTokens: 8192 },
  ...{ abilities: ['tools', 'streaming'], price: { input: 3, output: 15, cacheRead: 0.3, cacheWrite: null }, targets: null },
};
const unknown = { contextWindow: null, maxOutputTokens: null, abilities: null, price: null };
const routeRow: ModelRow = { ...row, ...unknown, name: 'fast', kind: 'route', provider: null, targets: ['acme/large', 'home/small'] };

const large: ModelTargetDescription = {
  ...{ name: 'acme/large', weight: 3, api: 'openai-completions', address: 'https://api.acme.test/v1' },
  keys: [
    { id: '1', source: 'environment variable ACME_API_KEY', weight: 1, state: 'ok', reason: null },
    { id: '2', source: '/run/secrets/acme', weight: 2, state: 'refused', reason: 'Incorrect API key provided' },
  ],
  contextWindow: { value: 200_000, source: 'the catalogue of 2026-06-30' },
  maxOutputTokens: null,
  abilities: { value: ['tools', 'streaming'], source: 'the catalogue of 2026-06-30' },
  price: { value: { input: 3, output: 15, cacheRead: 0.3, cacheWrite: null }, source: 'models.providers.acme.models' },
};
const small: ModelTargetDescription = { ...large, ...unknown, name: 'home/small', weight: 1, keys: [] };
const fast: ModelDescription = { name: 'fast', kind: 'route', strategy: 'weighted', afterFirstToken: 'error', targets: [large, small] };

const good: Trial = {
  target: 'acme/large',
  firstTokenMs: 321,
  totalMs: 450,
  usage: { input: 1000, cacheRead: 500, output: 100 },
  error: null,
};
const bad: Trial = {
  ...{ target: 'home/small', firstTokenMs: null, totalMs: 12, usage: null },
  error: { message: 'home refused the key: no such key.', hint: 'Check HOME_KEY.' },
};

function setup(trials: Readonly<Record<string, Trial>> = {}, rows: readonly ModelRow[] = [routeRow, row], shown = fast) {
  const asked: string[] = [];
  const models: ModelsClient = {
    list: async () => rows,
    show: async () => shown,
    ask: async (model) => {
      asked.push(model);
      return trials[model] ?? assert.fail(`${model} was not to be asked`);
    },
  };
  return {
    asked,
    async run(line: string) {
      let [stdout, stderr, exitCode] = ['', '', 0];
      const io = { stdout: { write: (text: string) => (stdout += text) }, stderr: { write: (text: string) => (stderr += text) } };
      const program = new Command('openclaw').exitOverride();
      registerModelsCommands(program, { io, models, setExitCode: (code) => (exitCode = code) });
      await program.parseAsync(line.split(' '), { from: 'user' });
      return { stdout, stderr, exitCode, lines: stdout.split('\n').map((text) => text.replace(/ {2,}/g, ' | ')) };
    },
  };
}

test('the list has routes with their targets and models with limits and prices', async () => {
  const { lines } = await setup().run('models list');
  assert.deepEqual(lines, [
    'NAME | CONTEXT | OUTPUT | $/M IN | $/M OUT | TARGETS',
    'fast | acme/large, home/small',
    'acme/large | 200000 | 8192 | 3 | 15',
    '',
  ]);
});

test('the wide list has abilities and the price of cached input; as JSON it is what the gateway says', async () => {
  const { lines } = await setup().run('models list -o wide');
  assert.match(lines[2] ?? '', /0\.3 \| tools, streaming$/);
  assert.deepEqual(JSON.parse((await setup().run('models list -o json --provider acme')).stdout), { models: [row] });
});

test('a provider that nobody knows is an error that names near ones, and nothing is printed', async () => {
  const error = (name: string, suggestion: RegExp) => (thrown: unknown) =>
    thrown instanceof OpenClawError && thrown.code === 'usage_error' && thrown.message.includes(name) && suggestion.test(thrown.hint);
  await assert.rejects(setup().run('models list --provider acne'), error('acne', /^Did you mean acme\? Models are known of: acme\.$/));
  await assert.rejects(setup().run('models list -o json --provider nobody'), error('nobody', /^Models are known of: acme\.$/));
});

test('a model that stands in no list is shown with the name that was probably meant, and one that does is not doubted', async () => {
  const none = { contextWindow: null, maxOutputTokens: null, abilities: null, price: null };
  const unlisted = (name: string): ModelDescription => ({ ...fast, name, kind: 'model', targets: [{ ...large, ...none, name }] });
  const { stdout, stderr } = await setup({}, [routeRow, row], unlisted('acme/lagre')).run('models show acme/lagre');
  assert.match(stdout, /^acme\/lagre: a model\n/);
  assert.equal(stderr, '\nNo list has acme/lagre, and it may be there all the same. Did you mean acme/large?\n');
  const strange = await setup({}, [row], unlisted('acme/entirely-new')).run('models show acme/entirely-new');
  assert.equal(strange.stderr, '\nNo list has acme/entirely-new, and it may be there all the same.\n');
  assert.equal((await setup({}, [row], unlisted('acme/large')).run('models show acme/large')).stderr, '');
  assert.equal((await setup().run('models show fast')).stderr, '');
});

test('show says what a name stands for, each key with its state, and where all that is known comes from', async () => {
  const { lines } = await setup().run('models show fast');
  assert.deepEqual(lines.slice(0, 10), [
    'fast: a route; order: weighted; an answer that breaks off is an error',
    '',
    '1. acme/large, weight 3',
    ' | format | openai-completions, https://api.acme.test/v1',
    ' | key 1 | environment variable ACME_API_KEY: ok',
    ' | key 2 | /run/secrets/acme, weight 2: refused, Incorrect API key provided',
    ' | context | 200000 tokens | (the catalogue of 2026-06-30)',
    ' | output | not known',
    ' | abilities | tools, streaming | (the catalogue of 2026-06-30)',
    ' | price | $3.00 in, $15.00 out, $0.3000 cached per million tokens | (models.providers.acme.models)',
  ]);
});

test('a test asks the name once, as a client would, and says who answered, how fast and at what cost', async () => {
  const { run, asked } = setup({ fast: good });
  const { lines, exitCode } = await run('models test fast');
  assert.deepEqual(asked, ['fast']);
  assert.deepEqual(lines, [
    'TARGET | RESULT | FIRST TOKEN | TOTAL | INPUT | OUTPUT | COST',
    // 500 at 3, 500 cached at 0.3, 100 at 15 US$ per million.
    'acme/large | ok | 321 ms | 450 ms | 1000 | 100 | $0.003150',
    '',
  ]);
  assert.equal(exitCode, 0);
});

test('with --all each target is asked by itself; one that fails is said with its hint, and the exit code is 1', async () => {
  const { run, asked } = setup({ 'acme/large': good, 'home/small': bad });
  const { lines, stderr, exitCode } = await run('models test fast --all');
  assert.deepEqual(asked, ['acme/large', 'home/small']);
  assert.equal(lines[2], 'home/small | failed | 12 ms');
  assert.equal(stderr, 'home/small: home refused the key: no such key.\n  Check HOME_KEY.\n');
  assert.equal(exitCode, 1);
});

test('as JSON a failed test has its error, and the exit code is 1 all the same', async () => {
  const { stdout, exitCode } = await setup({ fast: bad }).run('models test fast -o json');
  assert.deepEqual(JSON.parse(stdout), { results: [{ asked: 'fast', ...bad, usd: null }] });
  assert.equal(exitCode, 1);
});
