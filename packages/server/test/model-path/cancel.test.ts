/** Cases 66 to 68: a client that leaves takes everything with it that was held for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testCase } from '../conformance/case-test.ts';
import type { Cell } from '../conformance/cells.ts';
import { unfinishedText } from '../conformance/stories.ts';
import { goodReply, openRequest, replyWith, startCell, type GatewayCell } from '../conformance/whole-gateway.ts';
import { acme, startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { json, startProvider, type Reply, type TestProvider } from '../harness/provider.ts';
import { chatWhole } from '../harness/wire.ts';

/** As the article of the case asks: within this time the provider must see its connection close. */
const closedWithinMs = 100;

async function idle(gateway: TestGateway): Promise<void> {
  await gateway.running.models.service.requests.idle();
  assert.equal(gateway.running.models.service.requests.inFlight, 0);
}

async function leaves(provider: TestProvider, leave: () => void): Promise<number> {
  const cut = provider.cutOff();
  const startedMs = performance.now();
  leave();
  await cut;
  return performance.now() - startedMs;
}

const silent: Reply = () => {};

/** The beginning of an answer, as far as there is one, and then nothing. */
function begun(cell: Cell): Reply {
  return cell.streaming === 'stream' ? replyWith(cell, [unfinishedText(cell, 'one')], 'hang') : silent;
}

async function firstBytes(response: Promise<NodeJS.ReadableStream>): Promise<void> {
  const answer = await response;
  await new Promise((resolve) => answer.once('data', resolve));
}

/** How long it takes until the provider sees that the client has left. */
async function timeToClose({ provider, gateway }: GatewayCell, cell: Cell, reply: Reply): Promise<number> {
  provider.answer(reply);
  const received = provider.received();
  const { request, response } = openRequest(gateway, cell);
  await received;
  if (reply !== silent) await firstBytes(response);
  const tookMs = await leaves(provider, () => request.destroy());
  await idle(gateway);
  return tookMs;
}

testCase(66, `a client that leaves, before the first byte or after it, closes the upstream within ${closedWithinMs} ms`, async (cell) => {
  await using scene = await startCell(cell);
  for (const reply of cell.streaming === 'stream' ? [silent, begun(cell)] : [silent]) {
    // A busy machine may lose that time anywhere, so it has a few tries.
    let fastestMs = Infinity;
    for (let tries = 0; tries < 5 && fastestMs >= closedWithinMs; tries += 1) {
      fastestMs = Math.min(fastestMs, await timeToClose(scene, cell, reply));
    }
    assert.ok(fastestMs < closedWithinMs, `it took ${fastestMs.toFixed(1)} ms`);
  }
});

testCase(67, 'nothing stays held after an answer, a timeout, a failure, a truncation or an abort', async (cell) => {
  await using scene = await startCell(cell, { more: { timeouts: { firstByteMs: 50, firstByteWholeMs: 50 } } });
  const { provider, gateway } = scene;
  const cut: Reply = (response) => void response.writeHead(200, { 'content-length': '500' }).write('{"id":', () => response.destroy());
  const broken = cell.streaming === 'stream' ? replyWith(cell, [unfinishedText(cell, 'half').subarray(0, -10)], 'cut') : cut;
  for (const reply of [goodReply(cell), silent, json({ error: { message: 'no' } }, 500), broken]) {
    provider.answer(reply);
    (await openRequest(gateway, cell).response).resume();
    await idle(gateway);
  }
  provider.answer(silent);
  const received = provider.received();
  const { request } = openRequest(gateway, cell);
  await received;
  request.destroy();
  await idle(gateway);
  assert.match(await (await gateway.request('/metrics')).text(), /^openclaw_model_requests_in_flight 0$/m);
});

testCase(68, 'forty aborted requests neither exhaust nor poison the pool', async (cell) => {
  await using scene = await startCell(cell);
  const { provider, gateway } = scene;
  provider.answer(begun(cell));
  for (let round = 0; round < 4; round += 1) {
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const received = provider.received();
        const { request, response } = openRequest(gateway, cell);
        await received;
        if (cell.streaming === 'stream') await firstBytes(response);
        request.destroy();
      }),
    );
    await idle(gateway);
  }
  provider.answer(goodReply(cell, 'still here'));
  const statuses = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const answer = await openRequest(gateway, cell).response;
      answer.resume();
      return answer.statusCode;
    }),
  );
  assert.deepEqual(new Set(statuses), new Set([200]));
  assert.ok(provider.connections <= 10, `${provider.connections} connections are open for 10 requests`);
});

test('a connection that the provider closed while idle is not used again', async () => {
  await using provider = await startProvider((response) => {
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(chatWhole({ text: 'bye' })));
  });
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
  for (let round = 0; round < 10; round += 1) {
    const response = await gateway.request('/v1/chat/completions', {
      json: { model: 'acme/large', messages: [{ role: 'user', content: 'Hello?' }] },
    });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('x-openclaw-attempts'), '1');
    await response.arrayBuffer();
  }
});
