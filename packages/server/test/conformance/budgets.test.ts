/** Cases 64 and 65: what a key may spend, in every dialect and streaming or not. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CreatedKey, KeyRecord } from '@openclaw/protocol';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { refuse, startProvider } from '../harness/provider.ts';
import { testCase } from './case-test.ts';
import type { Cell } from './cells.ts';
import { bodyFor, goodReply, paths, settingsFor } from './whole-gateway.ts';

/** Whatever the dialect counts, an answer costs at least 1 US$. */
const dear = { models: [{ id: 'large', cost: { input: 100_000, output: 100_000 } }] };

async function createKey(gateway: TestGateway, limits: object): Promise<CreatedKey> {
  return (await (await gateway.request('/admin/v1/keys', { json: { name: 'ci', ...limits } })).json()) as CreatedKey;
}

/** Status, code and the moment to wait for; the answer is read to its end. */
async function ask(
  gateway: TestGateway,
  cell: Cell,
  key: CreatedKey,
): Promise<{ status: number; text: string; retryAfter: string | null }> {
  const response = await gateway.request(paths[cell.in], {
    json: bodyFor(cell),
    headers: { authorization: `Bearer ${key.key}` },
  });
  return { status: response.status, text: await response.text(), retryAfter: response.headers.get('retry-after') };
}

async function usedOf(gateway: TestGateway, { id }: CreatedKey): Promise<NonNullable<KeyRecord['used']>> {
  await gateway.running.models.service.requests.idle();
  const { used } = (await (await gateway.request(`/admin/v1/keys/${id}`)).json()) as KeyRecord;
  assert.ok(used);
  return used;
}

testCase(
  64,
  'a burst, a failure and a cold counter spend no more than the budget and one request, and nothing stays reserved',
  async (cell) => {
    const stateDirectory = await mkdtemp(join(tmpdir(), 'openclaw-budget-'));
    try {
      await using provider = await startProvider(goodReply(cell));
      const settings = settingsFor(cell, provider, dear);
      let key: CreatedKey;
      let price = 0;
      {
        await using gateway = await startTestGateway({ settings, stateDirectory });
        key = await createKey(gateway, { usdPerMonth: 1000 });
        assert.equal((await ask(gateway, cell, key)).status, 200);
        price = (await usedOf(gateway, key)).usdThisMonth ?? 0;
        assert.ok(price >= 1);
        provider.answer(refuse(400, 'no'));
        assert.equal((await ask(gateway, cell, key)).status, 400);
        const { usdThisMonth, usdReserved } = await usedOf(gateway, key);
        assert.deepEqual([usdThisMonth, usdReserved], [price, 0], 'what failed costs nothing');
        provider.answer(goodReply(cell));
      }
      await using gateway = await startTestGateway({ settings, stateDirectory });
      const budget = price * 8.5;
      await gateway.request(`/admin/v1/keys/${key.id}`, { method: 'PATCH', body: JSON.stringify({ usdPerMonth: budget }) });
      const asked = await Promise.all(Array.from({ length: 30 }, () => ask(gateway, cell, key)));
      const answered = 1 + asked.filter(({ status }) => status === 200).length;
      for (const { status, text } of asked) if (status !== 200) assert.match(text, /budget_(reserved|exceeded)/);
      const { usdThisMonth, usdReserved } = await usedOf(gateway, key);
      assert.ok(Math.abs((usdThisMonth ?? 0) - answered * price) < 1e-6, 'every answer is charged once, those of an earlier process too');
      assert.ok((answered - 1) * price < budget, `${answered} answers of ${price} for ${budget}`);
      assert.equal(usdReserved, 0);
      while ((await ask(gateway, cell, key)).status === 200) assert.ok(((await usedOf(gateway, key)).usdThisMonth ?? 0) < budget + price);
      const refused = await ask(gateway, cell, key);
      assert.deepEqual([refused.status, /budget_exceeded/.test(refused.text)], [429, true]);
      assert.ok(Number(refused.retryAfter) > 0);
    } finally {
      await rm(stateDirectory, { recursive: true });
    }
  },
);

testCase(65, 'a limit of 0 lets nothing through, and an absent one everything', async (cell) => {
  await using provider = await startProvider(goodReply(cell));
  await using gateway = await startTestGateway({ settings: settingsFor(cell, provider, dear) });
  for (const limit of ['rpm', 'tpm', 'usdPerDay', 'usdPerMonth']) {
    const { status, text, retryAfter } = await ask(gateway, cell, await createKey(gateway, { [limit]: 0 }));
    assert.equal(status, 429, limit);
    assert.match(text, /rate_limit_exceeded|budget_exceeded/);
    assert.ok(Number(retryAfter) > 0, limit);
  }
  assert.equal(provider.requests.length, 0);
  assert.equal((await ask(gateway, cell, await createKey(gateway, {}))).status, 200);
});
