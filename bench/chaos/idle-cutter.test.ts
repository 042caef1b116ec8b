import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from './client.ts';
import { startIdleCutter } from './idle-cutter.ts';
import { startChaosUpstream } from './upstream.ts';

async function askThrough(silence: 'accept' | 'stream' | undefined): Promise<{ readonly failure: string; readonly cut: number }> {
  await using upstream = await startChaosUpstream({ faults: silence === undefined ? [] : [{ kind: 'stall', at: silence }] });
  await using cutter = await startIdleCutter(upstream.port, 500);
  const address = { port: cutter.port, path: '/v1/chat/completions', model: 'mock-model', headers: { connection: 'close' } };
  const { failure } = await ask(address, { prompt: 'Hello?', stream: true });
  return { failure, cut: cutter.cut };
}

test('what says something in time passes untouched', async () => {
  assert.deepEqual(await askThrough(undefined), { failure: '', cut: 0 });
});

for (const at of ['accept', 'stream'] as const) {
  test(`what falls silent (at ${at}) is cut`, async () => {
    const { failure, cut } = await askThrough(at);
    assert.notEqual(failure, '');
    assert.equal(cut, 1);
  });
}
