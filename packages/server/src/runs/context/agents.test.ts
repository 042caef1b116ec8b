import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentsSettings } from '../../config/index.ts';
import { createAgentDirectory, findUnknownModels, workspaceOf } from './agents.ts';

const defaults: AgentsSettings['defaults'] = {
  model: 'fast',
  tools: { allow: ['read', 'list', 'files__*'], ask: ['write', '*__send'], deny: ['exec', '*secret*'] },
  limits: { steps: 50, tokens: 200_000, usd: 1, timeMs: 900_000, children: 20, depth: 3 },
};

test('without entries there is main, with what the defaults say', () => {
  const agents = createAgentDirectory(() => ({ defaults, entries: {} }));
  const { id, model, instructions, limits, workspace } = agents.get('main');
  assert.deepEqual(
    { id, model, instructions, limits, workspace },
    { id: 'main', model: 'fast', instructions: '', limits: defaults.limits, workspace: undefined },
  );
  assert.deepEqual(
    agents.list().map((agent) => agent.id),
    ['main'],
  );
});

test('an entry says what differs, and an agent of no name is an error', () => {
  const helper = { model: 'best', instructions: 'Be careful.', limits: { steps: 3 }, workspace: '/srv/helper', description: 'reads' };
  const agents = createAgentDirectory(() => ({ defaults, entries: { helper: { ...helper, agents: ['main'] } } }));
  const { model, instructions, limits, workspace, description, helpers } = agents.get('helper');
  assert.deepEqual({ model, instructions, limits, workspace, description }, { ...helper, limits: { ...defaults.limits, steps: 3 } });
  assert.deepEqual([helpers, agents.get('main').helpers], [['main'], []]);
  assert.deepEqual(
    agents.list().map((agent) => agent.id),
    ['main', 'helper'],
  );
  for (const unknown of ['Helper', 'constructor', '']) assert.throws(() => agents.get(unknown), { code: 'agent_not_found' });
});

test('tools: what the entry names holds, then the defaults, then asking; the strictest of a place wins', () => {
  const tools = { allow: ['exec', 'mail__*'], ask: ['read'] };
  const agents = createAgentDirectory(() => ({ defaults, entries: { helper: { tools } } }));
  const policies = (id: string, ...names: string[]): string[] => names.map((name) => agents.get(id).policy(name));
  assert.deepEqual(policies('main', 'read', 'files__search', 'write', 'mail__send', 'exec', 'unheard'), [
    'allow',
    'allow',
    'ask',
    'ask',
    'deny',
    'ask',
  ]);
  assert.deepEqual(policies('main', 'files__send', 'files__secret_read', 'files_', 'xread'), ['ask', 'deny', 'ask', 'ask']);
  assert.deepEqual([agents.defaultPolicy('exec'), agents.defaultPolicy('unheard')], ['deny', 'ask']);
  assert.deepEqual(policies('helper', 'exec', 'read', 'mail__send', 'list', 'write'), ['allow', 'ask', 'allow', 'allow', 'ask']);
});

test('a star stands for any letters, none too, and costs no more with a long name', () => {
  const matching = (pattern: string, name: string): boolean => {
    const entries = { one: { tools: { deny: [pattern] } } };
    return (
      createAgentDirectory(() => ({ defaults, entries }))
        .get('one')
        .policy(name) === 'deny'
    );
  };
  assert.ok(matching('*', 'any') && matching('a*', 'a') && matching('a*c*e', 'abcde') && matching('*b*', 'abc'));
  assert.ok(!matching('a*a', 'a') && !matching('a*c*e', 'aecd') && !matching('a*', 'ba') && !matching('a', 'ab'));
  assert.ok(!matching(`${'*a'.repeat(40)}b`, 'a'.repeat(100_000)));
});

test('each has a directory of its own in the state directory, or the one that is written', () => {
  const entries = { own: {}, near: { workspace: 'shared' }, far: { workspace: '/srv/far' } };
  const agents = createAgentDirectory(() => ({ defaults, entries }));
  assert.deepEqual(
    ['main', 'own', 'near', 'far'].map((id) => workspaceOf(agents.get(id), '/state')),
    ['/state/workspaces/main', '/state/workspaces/own', '/state/shared', '/srv/far'],
  );
});

test('changes of the configuration hold at once', () => {
  let settings: AgentsSettings = { defaults, entries: {} };
  const agents = createAgentDirectory(() => settings);
  const before = agents.get('main');
  assert.equal(agents.get('main'), before);
  settings = { defaults: { ...defaults, model: 'best' }, entries: { late: {} } };
  assert.deepEqual([agents.get('main').model, agents.get('late').model, before.model], ['best', 'best', 'fast']);
});

test('models that nobody offers are found with the setting that names them', () => {
  const entries = { one: { model: 'openai/gpt-5' }, two: { model: 'fsat' }, three: {} };
  const unknown = findUnknownModels({ defaults, entries }, (model) => model === 'fast' || model.includes('/'));
  assert.deepEqual(unknown, [{ setting: 'agents.entries.two.model', model: 'fsat' }]);
});
