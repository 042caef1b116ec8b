/** What a gateway does that nobody asks, how long it takes to start, and what those leave who come and go. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import { createFakeClock } from '../../src/core/fake-clock.ts';
import { connectParams, RawClient, testClient } from '../control/raw-client.ts';
import { acme, startTestGateway, testToken } from '../harness/gateway.ts';
import { startProgram } from '../harness/program.ts';
import { startProvider } from '../harness/provider.ts';
import { createHome } from './operator.ts';

const hourMs = 3_600_000;
/** As a command of this machine that has no device. */
const reading = { scopes: ['operator.read'], auth: { token: testToken }, client: { ...testClient, id: 'cli', mode: 'cli' } };

test('in six hours in which nobody asks anything no model is asked, and no job comes about', async () => {
  await using provider = await startProvider();
  const clock = createFakeClock();
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl), clock });
  for (let hour = 0; hour < 6; hour += 1) {
    clock.advance(hourMs);
    await setImmediate();
  }
  assert.equal(provider.requests.length, 0);
  await using client = new RawClient(gateway.url.replace('http', 'ws'));
  await client.event('connect.challenge');
  await client.call('connect', connectParams(reading));
  const { payload, error } = await client.call('cron.list', {});
  assert.equal(error, undefined);
  assert.deepEqual((payload as { jobs: unknown[] }).jobs, []);
});

/** @returns until it is ready, the best of a few: what else the machine does only adds to it */
async function startMs(home: string): Promise<number> {
  const begunMs = performance.now();
  await using gateway = await startProgram({ home });
  await gateway.ready();
  return performance.now() - begunMs;
}

test('with six hundred agents and as many routes a start takes no more than twice as long as with none', async () => {
  using empty = createHome();
  using full = createHome();
  const names = Array.from({ length: 632 }, (_, index) => `agent-${index}`);
  const settings = {
    agents: { entries: Object.fromEntries(names.map((name) => [name, { instructions: `You are ${name}.` }])) },
    models: { routes: Object.fromEntries(names.map((name) => [name, { targets: ['openclaw/rehearsal'] }])) },
  };
  mkdirSync(join(full.path, '.openclaw'));
  writeFileSync(join(full.path, '.openclaw/openclaw.json'), JSON.stringify(settings));
  const times: { empty: number[]; full: number[] } = { empty: [], full: [] };
  for (let round = 0; round < 4; round += 1) {
    times.empty.push(await startMs(empty.path));
    times.full.push(await startMs(full.path));
  }
  const [least, most] = [Math.min(...times.empty), Math.min(...times.full)];
  assert.ok(most <= 2 * least, `${Math.round(most)} ms beside ${Math.round(least)} ms`);
});

const gatewayScript = new URL('../harness/measured-gateway.ts', import.meta.url);

test('a thousand commands that come and go over the control plane leave less than a kilobyte each in memory', async () => {
  const child = fork(gatewayScript, ['{}'], { execArgv: ['--expose-gc'] });
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  const heldBytes = async (): Promise<number> => {
    child.send('measure');
    return ((await once(child, 'message')) as [{ heldBytes: number }])[0].heldBytes;
  };
  const comeAndGo = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time += 1) {
      await using client = new RawClient(url.replace('http', 'ws'));
      await client.event('connect.challenge');
      await client.call('connect', connectParams(reading));
      const { error } = await client.call(['health', 'status', 'sessions.list', 'models.list'][time % 4] ?? 'health', {});
      assert.equal(error, undefined);
    }
  };
  try {
    await comeAndGo(300);
    const before = await heldBytes();
    await comeAndGo(1000);
    const grownBytes = (await heldBytes()) - before;
    assert.ok(grownBytes < 1_000_000, `${grownBytes} bytes`);
  } finally {
    const ended = once(child, 'exit');
    child.disconnect();
    await ended;
  }
});
