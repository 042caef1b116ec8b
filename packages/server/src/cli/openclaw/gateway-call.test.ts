import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createControlFixture, type ControlFixture } from './control.fixture.ts';
import { registerCallCommand } from './gateway-call.ts';

const setup = (): ControlFixture => createControlFixture(registerCallCommand);

test('the answer comes as JSON, with parameters as an argument or a flag, and without any', async () => {
  const fixture = setup();
  fixture.answers['cron.list'] = (params) => ({ jobs: [], params: params ?? null });
  assert.deepEqual(JSON.parse((await fixture.run(['call', 'cron.list', '{"limit": 10}'])).stdout), { jobs: [], params: { limit: 10 } });
  assert.deepEqual(JSON.parse((await fixture.run(['call', 'cron.list', '--params', '{}'])).stdout), { jobs: [], params: {} });
  assert.deepEqual(JSON.parse((await fixture.run(['call', 'cron.list'])).stdout), { jobs: [], params: null });
  fixture.answers['nothing.list'] = () => undefined;
  assert.equal((await fixture.run(['call', 'nothing.list'])).stdout, 'null\n');
});

test('it asks for the least that is likely to be enough, and for what --scope says', async () => {
  for (const [method, scope] of [
    ['health', 'operator.read'],
    ['config.get', 'operator.read'],
    ['config.set', 'operator.admin'],
    ['exec.approvals.get', 'operator.admin'],
    ['device.pair.list', 'operator.pairing'],
    ['chat.send', 'operator.write'],
    ['no.such.method', 'operator.admin'],
  ] as const) {
    const fixture = setup();
    await fixture.run(['call', method]);
    assert.deepEqual(fixture.needs[0]?.scopes, [scope], method);
  }
  const fixture = setup();
  await fixture.run(['call', 'health', '--scope', 'operator.admin']);
  assert.deepEqual(fixture.needs[0]?.scopes, ['operator.admin']);
});

test('what is no JSON is refused before anybody is asked', async () => {
  const fixture = setup();
  const { stderr, code } = await fixture.run(['call', 'cron.list', '{limit']);
  assert.match(stderr, /The parameters are no JSON/);
  assert.deepEqual([code, fixture.needs.length], [1, 0]);
});
