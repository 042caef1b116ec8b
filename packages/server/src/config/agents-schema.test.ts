import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createFolder } from './folder.fixture.ts';

const schemaHint = 'docs/config.md and `openclaw config schema` say what is accepted.';

const cases: readonly {
  readonly title: string;
  readonly text: string;
  readonly says: readonly string[];
}[] = [
  {
    title: 'an agent whose model is at a provider with a slip',
    text: "{ agents: { defaults: { model: 'fast' }, entries: { helper: { model: 'opnai/gpt-5' } } } }",
    says: ['openclaw.json:1:70: agents.entries.helper.model names the provider opnai, which does not exist. Did you mean openai/gpt-5?'],
  },
  {
    title: 'a tool that an agent may use and may not',
    text: "{ agents: { entries: { helper: { tools: { allow: ['exec', 'read'], deny: ['exec'] } } } } }",
    says: [
      'openclaw.json:1:75: agents.entries.helper.tools.deny[0] is exec, which stands in agents.entries.helper.tools.allow too. Keep one of the two.',
    ],
  },
  {
    title: 'an agent that may hand tasks to one that is not there',
    text: "{ agents: { entries: { chief: { agents: ['main', 'helpr', 'nobody'] }, helper: {} } } }",
    says: [
      'openclaw.json:1:50: agents.entries.chief.agents[1] names the agent helpr, which does not exist. Did you mean helper?',
      'openclaw.json:1:59: agents.entries.chief.agents[2] names the agent nobody, which does not exist. Add agents.entries.nobody.',
    ],
  },
  {
    title: 'an agent with a name that cannot be one, and a tool that is two words',
    text: "{ agents: { entries: { 'a b': {} }, defaults: { tools: { allow: ['read list'] } } } }",
    says: [
      `openclaw.json:1:24: agents.entries has the name "a b", which must be a word of letters, digits, dots, dashes and underscores. ${schemaHint}`,
      `openclaw.json:1:66: agents.defaults.tools.allow[0] must be the name of a tool, or of several with a star such as 'files__*', not "read list". ${schemaHint}`,
    ],
  },
  {
    title: 'limits that end a run before it begins',
    text: '{ agents: { defaults: { limits: { steps: 0, usd: -1 } } } }',
    says: [
      `openclaw.json:1:42: agents.defaults.limits.steps must be a whole number of at least 1, not 0. ${schemaHint}`,
      `openclaw.json:1:50: agents.defaults.limits.usd must be a number that is not negative, not -1. ${schemaHint}`,
    ],
  },
];

for (const { title, text, says } of cases) {
  test(`refused with its words: ${title}`, async (t) => {
    const folder = createFolder(t, { 'openclaw.json': text });
    assert.deepEqual(await folder.mistakes({ vendors: ['openai'] }), says);
  });
}

test('a model may be a route, an id that a provider lists, or at a provider that there is', async (t) => {
  const folder = createFolder(t);
  const provider = { baseUrl: 'http://127.0.0.1:8000/v1', api: 'openai-completions', models: [{ id: 'vendor/large' }] };
  const models = ['fast', 'vendor/large', 'local/any', 'openai/gpt-5', 'gpt-5'];
  const entries = Object.fromEntries(models.map((model, index) => [`agent${index}`, { model }]));
  folder.write('openclaw.json', JSON.stringify({ models: { providers: { local: provider } }, agents: { entries } }));
  const { settings } = await folder.load({ vendors: ['openai'] });
  assert.deepEqual(
    Object.values(settings.agents.entries).map(({ model }) => model),
    models,
  );
});

test('agents have tools and limits without a word about them, and what an entry leaves out stays absent', async (t) => {
  const folder = createFolder(t);
  const { settings: bare } = await folder.load({});
  assert.deepEqual(bare.agents, {
    defaults: {
      tools: { allow: ['read', 'list', 'search', 'agent'], ask: ['write', 'edit', 'http'], deny: ['exec'] },
      limits: { steps: 50, tokens: 200_000, usd: 1, timeMs: 900_000, children: 20, depth: 3 },
    },
    entries: { __proto__: null },
  });
  const helper = { instructions: 'You are careful.', limits: { timeMs: '5m' }, tools: { allow: ['exec'], deny: [] } };
  folder.write('openclaw.json', JSON.stringify({ agents: { defaults: { tools: { ask: [] } }, entries: { helper } } }));
  const { settings } = await folder.load({});
  assert.deepEqual(settings.agents.defaults.tools, { allow: ['read', 'list', 'search', 'agent'], ask: [], deny: ['exec'] });
  assert.deepEqual(settings.agents.entries['helper'], { ...helper, limits: { timeMs: 300_000 } });
});
