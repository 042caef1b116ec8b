import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { createLog } from '../../core/log.ts';
import { createBuiltInTools } from './built-in.ts';
import type { Tool, ToolPolicy } from './contract.ts';
import type { McpServers } from './mcp/servers.ts';
import { createToolbox } from './toolbox.ts';

const lines: string[] = [];
const log = createLog({ destinations: [{ write: (line) => void lines.push(line) }], clock: systemClock });

function named(name: string, description = ''): Tool {
  return { name, description, parameters: { type: 'object' }, effect: 'read', run: async () => ({ isError: false, text: '' }) };
}

test('an agent is told of every tool but those that are denied to it', async () => {
  const policies: Readonly<Record<string, ToolPolicy>> = {
    'main/read': 'allow',
    'main/write': 'ask',
    'main/exec': 'deny',
    'other/read': 'deny',
  };
  const toolbox = createToolbox({
    policyOf: (agentId, tool) => policies[`${agentId}/${tool}`] ?? 'ask',
    tools: Promise.resolve([named('read'), named('write'), named('exec')]),
    log,
  });
  const namesFor = async (agentId: string) => (await toolbox.list(agentId)).map(({ name }) => name);
  assert.deepEqual(await namesFor('main'), ['read', 'write']);
  assert.deepEqual(await namesFor('other'), ['write', 'exec']);
  assert.equal(toolbox.policy('main', named('exec')), 'deny');
});

test('tools of servers come and go, cannot take the place of our own, and end with the toolbox', async () => {
  let offered: readonly Tool[] = [named('files__read'), named('read', 'of a server')];
  let closed = 0;
  const mcp: McpServers = {
    configure: async () => {},
    states: () => [],
    tools: async () => offered,
    close: async () => void (closed += 1),
  };
  const toolbox = createToolbox({ policyOf: () => 'allow', tools: [named('read', 'ours')], mcp, log });
  assert.deepEqual(
    (await toolbox.list('main')).map(({ name, description }) => `${name} ${description}`.trim()),
    ['read ours', 'files__read'],
  );
  await toolbox.list('main');
  assert.equal(lines.filter((line) => line.includes('two tools of one name')).length, 1);
  offered = [];
  assert.equal((await toolbox.list('main')).length, 1);
  await toolbox.close();
  assert.equal(closed, 1);
});

test('a tool may be one agent’s alone', async () => {
  const ownTools = (agentId: string) => (agentId === 'chief' ? [named('agent')] : []);
  const toolbox = createToolbox({ policyOf: () => 'allow', tools: [named('read')], ownTools, log });
  const namesFor = async (agentId: string) => (await toolbox.list(agentId)).map(({ name }) => name);
  assert.deepEqual([await namesFor('chief'), await namesFor('main')], [['read', 'agent'], ['read']]);
});

test('what comes with OpenClaw has the names that the configuration speaks of; without Docker it says so', async () => {
  const variables = { PATH: '/no/such/directory' };
  const tools = await createBuiltInTools({ clock: systemClock, log, exec: { docker: { image: 'x', variables } } });
  assert.deepEqual(
    tools.map(({ name }) => name),
    ['read', 'list', 'search', 'write', 'edit', 'exec', 'http'],
  );
  assert.match(tools.find(({ name }) => name === 'exec')?.caution ?? '', /without a sandbox/);
  assert.ok(lines.some((line) => line.includes('run without a sandbox')));
});
