/** What operators see of requests: through a whole gateway, its administration and its database. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CallerFigures, RequestTrail, RequestTrails, TargetRow, TrafficReport } from '@openclaw/protocol';
import { trailsDefaults } from '../../src/models/sight/trail.ts';
import { acme, startTestGateway, type TestGateway } from '../harness/gateway.ts';
import { json, refuse, startProvider } from '../harness/provider.ts';
import { chatWhole } from '../harness/wire.ts';

const question = { model: 'acme/large', messages: [{ role: 'user', content: 'private words' }] };
const busy = refuse(429, 'slow down', { 'retry-after-ms': '5' });
const good = json(chatWhole({ text: 'Hello.' }));

async function ask(gateway: TestGateway): Promise<string> {
  const response = await gateway.request('/v1/chat/completions', { json: question });
  await response.arrayBuffer();
  return response.headers.get('x-request-id') ?? assert.fail('the answer has no x-request-id');
}

async function see<Answer>(gateway: TestGateway, path: string): Promise<Answer> {
  const response = await gateway.request(path);
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as Answer;
}

test('a request that memory has let go is found all the same, though its row waits to be written', async () => {
  await using provider = await startProvider(good);
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
  const first = await ask(gateway);
  // As many as memory holds, at once, so that less than the second passes after which rows are written.
  await Promise.all(Array.from({ length: trailsDefaults.limit }, () => ask(gateway)));
  assert.equal((await see<RequestTrail>(gateway, `/admin/v1/requests/${first}`)).outcome, 'completed');
  assert.equal((await see<RequestTrails>(gateway, '/admin/v1/requests?limit=201')).requests.length, 201);
});

test('the trail of a request that was tried twice is found by the x-request-id of its answer, also after a restart', async () => {
  await using provider = await startProvider(busy, good);
  const stateDirectory = await mkdtemp(join(tmpdir(), 'openclaw-sight-'));
  try {
    const settings = acme(provider.baseUrl);
    let id = '';
    let before: RequestTrail | undefined;
    {
      await using gateway = await startTestGateway({ settings, stateDirectory });
      id = await ask(gateway);
      before = await see<RequestTrail>(gateway, `/admin/v1/requests/${id}`);
    }
    assert.deepEqual([before.outcome, before.attemptCount, before.target, before.caller], ['completed', 2, 'acme/large', 'gateway']);
    assert.deepEqual(
      before.attempts.map(({ outcome, retryAfterMs }) => [outcome, retryAfterMs]),
      [
        ['upstream_rate_limited', 5],
        ['completed', null],
      ],
    );
    assert.match(before.attempts[0]?.reason ?? '', /slow down/);
    assert.doesNotMatch(JSON.stringify(before), /private words|acme-key-of-the-provider/);
    await using gateway = await startTestGateway({ settings, stateDirectory });
    const { attempts, totalMs, ...after } = await see<RequestTrail>(gateway, `/admin/v1/requests/${id}`);
    assert.deepEqual(attempts, before.attempts);
    assert.deepEqual(
      [after.outcome, after.attemptCount, after.target, after.costNanoUsd],
      ['completed', 2, 'acme/large', before.costNanoUsd],
    );
    assert.ok(Math.abs(totalMs - before.totalMs) < 0.1);
    const { requests } = await see<RequestTrails>(gateway, '/admin/v1/requests?limit=5');
    assert.deepEqual(
      requests.map((trail) => trail.id),
      [id],
    );
  } finally {
    await rm(stateDirectory, { recursive: true, force: true });
  }
});

test('an answer from the cache says so, also after a restart', async () => {
  await using provider = await startProvider(good);
  const stateDirectory = await mkdtemp(join(tmpdir(), 'openclaw-sight-'));
  const cached = async (gateway: TestGateway, id: string): Promise<unknown> => {
    const trail = await see<RequestTrail>(gateway, `/admin/v1/requests/${id}`);
    return [trail.cached, trail.attemptCount, trail.outcome];
  };
  try {
    const settings = { models: { ...(acme(provider.baseUrl)['models'] as object), cache: { enabled: true } } };
    let id = '';
    {
      await using gateway = await startTestGateway({ settings, stateDirectory });
      await ask(gateway);
      id = await ask(gateway);
      assert.equal(provider.requests.length, 1);
      assert.deepEqual(await cached(gateway, id), [true, 0, 'completed']);
    }
    await using gateway = await startTestGateway({ settings, stateDirectory });
    assert.deepEqual(await cached(gateway, id), [true, 0, 'completed']);
  } finally {
    await rm(stateDirectory, { recursive: true, force: true });
  }
});

test('an unknown id says so, and how far back the trails go', async () => {
  await using provider = await startProvider(good);
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
  const none = await gateway.request('/admin/v1/requests/req_unknown');
  assert.equal(none.status, 404);
  assert.match(await none.text(), /There is no request req_unknown; no request has been recorded yet/);
  await ask(gateway);
  await gateway.running.models.usage.flush();
  assert.match(await (await gateway.request('/admin/v1/requests/req_unknown')).text(), /they go back to 20\d\d-/);
});

test('targets and callers have the figures of what was asked, and a wrong window is refused by name', async () => {
  await using provider = await startProvider(busy, good);
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
  await ask(gateway);
  const { targets } = await see<{ targets: TargetRow[] }>(gateway, '/admin/v1/targets?window=1m');
  const row = targets.find(({ target }) => target === 'acme/large');
  assert.deepEqual([row?.requests, row?.completed, row?.rateLimited, row?.errors], [2, 1, 1, { upstream_rate_limited: 1 }]);
  const { callers } = await see<{ callers: CallerFigures[] }>(gateway, '/admin/v1/callers');
  assert.deepEqual(
    callers.map(({ caller, requests, successPercent }) => [caller, requests, successPercent]),
    [['gateway', 1, 100]],
  );
  const refused = await gateway.request('/admin/v1/targets?window=2m');
  assert.equal(refused.status, 400);
  assert.match(await refused.text(), /window: must be one of 1m, 5m, 1h, 24h/);
});

test('a client that ignores Retry-After is found by the checklist', async () => {
  await using provider = await startProvider(refuse(429, 'slow down', { 'retry-after': '60' }));
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
  for (let index = 0; index < 6; index += 1) await ask(gateway);
  const { findings } = await see<TrafficReport>(gateway, '/admin/v1/traffic');
  const found = findings.find(({ check, severity }) => check === 'retries' && severity !== 'ok');
  assert.deepEqual([found?.code, found?.subject], ['retry_after_ignored', 'gateway']);
  assert.ok((found?.evidence['ignoredRetryAfter'] ?? 0) >= 4, JSON.stringify(found));
  assert.ok(findings.some(({ code, severity }) => code === 'rate_limited' && severity === 'bad'));
});

test('a breaker can only be turned by a good word, of a target that was asked', async () => {
  await using provider = await startProvider(good);
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
  const turn = async (wanted: object): Promise<[number, string]> => {
    const response = await gateway.request('/admin/v1/targets/breaker', { json: wanted });
    return [response.status, await response.text()];
  };
  assert.match((await turn({ target: 'acme/large', action: 'shut' })).join(), /400.*action: must be open or reset/);
  assert.match((await turn({ target: 'acme/large', action: 'open' })).join(), /400.*was never asked/);
});

test('a breaker that an operator opens keeps requests from its target until it is reset, and everybody sees it', async () => {
  await using provider = await startProvider(good);
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
  await ask(gateway);
  const turn = (action: string) => gateway.request('/admin/v1/targets/breaker', { json: { target: 'acme/large', action } });
  assert.equal((await turn('open')).status, 200);
  const refused = await gateway.request('/v1/chat/completions', { json: question });
  assert.equal(refused.status, 503, await refused.text());
  assert.equal(provider.requests.length, 1);
  const { targets } = await see<{ targets: TargetRow[] }>(gateway, '/admin/v1/targets');
  const row = targets.find(({ target }) => target === 'acme/large');
  assert.deepEqual([row?.breaker, row?.heldOpen, row?.requests, row?.successPercent], ['open', true, 1, 100]);
  const metrics = await (await gateway.request('/metrics')).text();
  assert.match(metrics, /^openclaw_model_target_breaker\{provider="acme",model="large",key="1",state="open"\} 1$/m);
  assert.match(metrics, /^openclaw_model_refusals_total\{caller="gateway",code="targets_unavailable"\} 1$/m);
  assert.equal((await turn('reset')).status, 200);
  await ask(gateway);
  assert.equal(provider.requests.length, 2);
});

test('the connections of a caller are counted while they are open', async () => {
  await using provider = await startProvider(good);
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
  await ask(gateway);
  const { findings } = await see<TrafficReport>(gateway, '/admin/v1/traffic');
  assert.ok((findings.find(({ check }) => check === 'connections')?.evidence['open'] ?? 0) >= 1, JSON.stringify(findings));
});

test('a key without the scope admin reaches nothing of it', async () => {
  await using provider = await startProvider(good);
  await using gateway = await startTestGateway({ settings: acme(provider.baseUrl) });
  const created = (await (await gateway.request('/admin/v1/keys', { json: { name: 'program' } })).json()) as { key: string };
  for (const path of ['targets', 'callers', 'warnings', 'traffic', 'requests', 'requests/req_1']) {
    const response = await gateway.request(`/admin/v1/${path}`, { headers: { authorization: `Bearer ${created.key}` } });
    assert.equal(response.status, 403, path);
  }
});

test('with traces configured, a request is sent to the collector when the gateway stops', async () => {
  const bodies: string[] = [];
  const collector = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      bodies.push(text);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const { port } = collector.address() as AddressInfo;
  let id = '';
  try {
    await using provider = await startProvider(good);
    await using gateway = await startTestGateway({
      settings: { ...acme(provider.baseUrl), telemetry: { traces: { endpoint: `http://127.0.0.1:${port}/v1/traces` } } },
    });
    id = await ask(gateway);
  } finally {
    collector.closeAllConnections();
    collector.close();
  }
  assert.match(bodies.join(), new RegExp(id));
  assert.doesNotMatch(bodies.join(), /private words/);
});

test('a request that found no room says how long it waited, and its trail why it was not sent', async () => {
  const held = Promise.withResolvers<void>();
  await using provider = await startProvider(async (response, request) => {
    await held.promise;
    await good(response, request);
  });
  const { models } = acme(provider.baseUrl, 'openai-completions', { concurrency: { initial: 1, max: 1 } });
  const settings = { models: { ...(models as object), queue: { maxWaitMs: 40 } } };
  await using gateway = await startTestGateway({ settings });
  const first = ask(gateway);
  await provider.received();
  const shed = await gateway.request('/v1/chat/completions', { json: question });
  held.resolve();
  await first;
  assert.equal(shed.status, 429);
  assert.ok(Number(shed.headers.get('x-openclaw-queue-ms')) >= 39, shed.headers.get('x-openclaw-queue-ms') ?? '');
  const trail = await see<RequestTrail>(gateway, `/admin/v1/requests/${shed.headers.get('x-request-id')}`);
  assert.match(trail.decisions.join(), /acme\/large had no room within \d+ ms/);
});

test('a target that is passed over stands in the trail with the reason, and not in the answer', async () => {
  await using broken = await startProvider(refuse(500, 'broken'));
  await using well = await startProvider(good);
  const first = acme(broken.baseUrl) as { readonly models: { readonly providers: object; readonly retry: object } };
  const spare = { baseUrl: well.baseUrl, api: 'openai-completions', models: [{ id: 'large' }] };
  const settings = {
    models: {
      ...{ retry: first.models.retry, breaker: { failures: 1 } },
      providers: { ...first.models.providers, spare },
      routes: { fast: { targets: ['acme/large', 'spare/large'] } },
    },
  };
  await using gateway = await startTestGateway({ settings });
  const ids: (string | null)[] = [];
  for (let count = 0; count < 2; count += 1) {
    const response = await gateway.request('/v1/chat/completions', { json: { ...question, model: 'fast' } });
    await response.arrayBuffer();
    ids.push(response.headers.get('x-request-id'));
  }
  const [failedOver, passedOver] = await Promise.all(ids.map((id) => see<RequestTrail>(gateway, `/admin/v1/requests/${id}`)));
  assert.deepEqual([failedOver?.attemptCount, failedOver?.decisions], [2, []]);
  assert.deepEqual([passedOver?.attemptCount, passedOver?.decisions], [1, ['passed over acme/large (key 1): its breaker is open']]);
});
