import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChannelView } from '@openclaw/protocol';
import type { UsageDay } from './operations.ts';
import { openMethods } from './methods.fixture.ts';

type Fields = Record<string, unknown>;

test('health says little to who holds nothing, and all to who may read', async () => {
  const { call, connect, turns } = openMethods();
  turns.open('agent:main:main', 'hi');
  const brief = (await call('health', {}, { client: connect([]) })) as Fields;
  assert.deepEqual(Object.keys(brief).toSorted(), ['durationMs', 'ok', 'status', 'ts']);
  const full = (await call('health', { probe: true }, { client: connect(['operator.read']) })) as Fields;
  for (const name of [
    'ok',
    'ts',
    'durationMs',
    'plugins',
    'configReload',
    'channels',
    'channelOrder',
    'channelLabels',
    'heartbeatSeconds',
  ]) {
    assert.ok(name in full, name);
  }
  assert.deepEqual(full['configReload'], { hotReloadStatus: 'current' });
  assert.deepEqual(full['modelRuntime'], { degraded: false, pendingAgents: [] });
  const sessions = full['sessions'] as { count: number; recent: Fields[] };
  assert.deepEqual([sessions.count, sessions.recent[0]?.['key']], [1, 'agent:main:main']);
  const loop = full['eventLoop'] as Fields;
  assert.deepEqual([loop['degraded'], loop['delayP99Ms'], loop['delayMaxMs']], [false, 1, 2]);
});

test('health is not ok while a part has failed, and says that the loop is late', async () => {
  const checks = { state: { state: 'failed', detail: 'disk full' }, providers: { state: 'degraded' } };
  const { call } = openMethods({ report: async () => ({ status: 'failed', checks }), eventLoop: { p99Ms: () => 300, maxMs: () => 400 } });
  const health = (await call('health')) as Fields;
  assert.deepEqual([health['ok'], health['status'], health['checks']], [false, 'failed', checks]);
  assert.deepEqual(health['modelRuntime'], { degraded: true, pendingAgents: [] });
  assert.deepEqual((health['eventLoop'] as Fields)['reasons'], ['delay']);
});

test('status has what the status page of clients reads', async () => {
  const { call } = openMethods();
  const status = (await call('status', { includeChannelSummary: false })) as Fields;
  for (const name of ['heartbeat', 'channelSummary', 'tasks', 'sessions', 'modelRuntime', 'eventLoop', 'processMemory', 'pid']) {
    assert.ok(name in status, name);
  }
  assert.equal(status['runtimeVersion'], '1.2.3');
  assert.ok(Number((status['processMemory'] as Fields)['rssBytes']) > 0);
});

test('there are no heartbeats: none was, none can be enabled, and to disable them changes nothing', async () => {
  const { call } = openMethods();
  assert.equal(await call('last-heartbeat'), null);
  assert.deepEqual(await call('set-heartbeats', { enabled: false }), { ok: true, enabled: false });
  await assert.rejects(call('set-heartbeats', { enabled: true }), { code: 'not_in_release' });
  await assert.rejects(call('wake', { mode: 'now', text: 'up' }), { code: 'not_in_release' });
});

test('of what there is none yet the answer is empty, in the shapes that clients know', async () => {
  const { call, clock } = openMethods();
  assert.deepEqual(await call('channels.status', { probe: true, timeoutMs: 8000 }), {
    ...{ ts: clock.now(), channelOrder: [], channelLabels: {}, channelDetailLabels: {}, channelSystemImages: {}, channelMeta: [] },
    ...{ channels: {}, channelAccounts: {}, channelDefaultAccountId: {}, statusIssues: [] },
  });
  assert.deepEqual(await call('node.list'), { nodes: [] });
  for (const name of ['exec.approval.list', 'plugin.approval.list', 'openclaw.approval.list']) assert.deepEqual(await call(name), []);
});

test('who asks what commands may be run is told what the configuration says of each agent', async () => {
  const { call } = openMethods({ commandPolicies: () => ({ defaults: 'deny', agents: { main: 'deny', coder: 'ask', builder: 'allow' } }) });
  const never = { askFallback: 'deny', autoAllowSkills: false };
  const denied = { security: 'deny', ask: 'off', ...never };
  const { hash, ...answer } = (await call('exec.approvals.get')) as Fields;
  assert.deepEqual(answer, {
    ...{ path: null, exists: false, resolvedDefaults: denied },
    file: {
      ...{ version: 1, defaults: denied },
      agents: { main: denied, coder: { security: 'full', ask: 'always', ...never }, builder: { security: 'full', ask: 'off', ...never } },
    },
  });
  const other = openMethods({ commandPolicies: () => ({ defaults: 'ask', agents: {} }) });
  assert.notEqual(((await other.call('exec.approvals.get')) as Fields)['hash'], hash);
});

test('channels are told by their kind and each by its name, with what came, what went and what is wrong', async () => {
  const ci: ChannelView = {
    ...{ id: 'ci', kind: 'webhook', state: 'running', agentId: 'main', receivesAt: '/hooks/ci', sendsTo: 'https://a.example' },
    ...{ lastReceivedAtMs: 5, lastDeliveredAtMs: null, problem: 'the receiver answered 500', deliveries: { waiting: 2, dead: 1 } },
  };
  const quiet: ChannelView = {
    ...{ ...ci, id: 'quiet', receivesAt: null, sendsTo: null, lastReceivedAtMs: null, problem: null },
    deliveries: { waiting: 0, dead: 0 },
  };
  const { call, clock } = openMethods({ channels: () => [ci, quiet] });
  const summary = { webhook: { configured: true, running: true, lastError: 'the receiver answered 500' } };
  assert.deepEqual(await call('channels.status', { probe: false, timeoutMs: 8000 }), {
    ...{ ts: clock.now(), channels: summary, channelOrder: ['webhook'], channelLabels: { webhook: 'Webhook' } },
    ...{ channelDetailLabels: { webhook: 'Signed requests' }, channelSystemImages: {} },
    channelMeta: [{ id: 'webhook', label: 'Webhook', detailLabel: 'Signed requests' }],
    channelAccounts: {
      webhook: [
        {
          ...{ accountId: 'ci', name: 'ci', enabled: true, configured: true, running: true, agentId: 'main', webhookPath: '/hooks/ci' },
          ...{ baseUrl: 'https://a.example', lastInboundAt: 5, lastError: 'the receiver answered 500' },
          deliveries: { waiting: 2, dead: 1 },
        },
        {
          ...{ accountId: 'quiet', name: 'quiet', enabled: true, configured: true, running: true, agentId: 'main' },
          deliveries: { waiting: 0, dead: 0 },
        },
      ],
    },
    channelDefaultAccountId: { webhook: 'ci' },
    statusIssues: [{ channel: 'webhook', accountId: 'ci', kind: 'runtime', message: 'the receiver answered 500' }],
  });
  assert.deepEqual(((await call('channels.status', { channel: 'telegram' })) as Fields)['channelOrder'], []);
  const health = (await call('health')) as Fields;
  assert.deepEqual([health['channels'], health['channelOrder'], health['channelLabels']], [summary, ['webhook'], { webhook: 'Webhook' }]);
  const status = (await call('status')) as Fields;
  assert.deepEqual(status['channelSummary'], ['Webhook ci: the receiver answered 500', 'Webhook quiet: running']);
});

test('models are listed under the provider and the id that clients put together', async () => {
  const { call } = openMethods({
    listModels: async () => [
      { name: 'fast', kind: 'route', provider: null, contextWindow: null, maxOutputTokens: null, abilities: null },
      { name: 'acme/a/b', kind: 'model', provider: 'acme', contextWindow: 100, maxOutputTokens: 10, abilities: ['images'] },
    ],
  });
  assert.deepEqual(await call('models.list', { view: 'default', includeDetails: true }), {
    models: [
      { key: 'fast', id: 'fast', name: 'fast', provider: 'openclaw', kind: 'route', available: true },
      {
        ...{ key: 'acme/a/b', id: 'a/b', name: 'a/b', provider: 'acme', kind: 'model', available: true },
        ...{ contextWindow: 100, maxTokens: 10, reasoning: false, input: ['text', 'image'] },
      },
    ],
  });
});

test('usage is told by day, with what it cost and how much of it has no price', async () => {
  const asked: number[] = [];
  const day = (name: string, more: Partial<UsageDay>): UsageDay => ({
    ...{ name, requests: 1, failed: 0, inputTokens: 100, cacheReadTokens: 30, cacheWriteTokens: 20, outputTokens: 10 },
    ...{ costNanoUsd: 2_000_000_000, unpriced: 0, ...more },
  });
  const { call, clock } = openMethods({
    async usageByDay(sinceMs) {
      asked.push(sinceMs);
      return [day('2025-12-31', {}), day('2026-01-01', { unpriced: 1, failed: 1 })];
    },
  });
  const cost = (await call('usage.cost', { days: 2 })) as Fields & { daily: Fields[]; totals: Fields };
  assert.deepEqual(asked, [clock.now() - 86_400_000]);
  assert.deepEqual(cost.daily[0], {
    ...{ date: '2025-12-31', input: 50, output: 10, cacheRead: 30, cacheWrite: 20, totalTokens: 110, totalCost: 2 },
    ...{ missingCostEntries: 0, requests: 1, failed: 0 },
  });
  assert.deepEqual([cost.totals['totalTokens'], cost.totals['totalCost'], cost.totals['missingCostEntries']], [220, 4, 1]);
  assert.deepEqual(await call('usage.status'), { updatedAt: clock.now(), providers: [] });
});

test('the last noteworthy events are kept, older ones are counted, and one kind can be asked for', async () => {
  const { call, ring, clock } = openMethods();
  for (const type of ['a.b', 'c.d', 'a.b', 'e.f']) ring.record(type, { durationMs: 7 });
  const report = (await call('diagnostics.stability', { limit: 25, type: 'a.b' })) as Fields;
  assert.deepEqual(report, {
    ...{ generatedAt: '2026-01-01T00:00:00.000Z', capacity: 3, count: 3, dropped: 1, firstSeq: 2, lastSeq: 4 },
    events: [{ seq: 3, ts: clock.now(), type: 'a.b', details: { durationMs: 7 } }],
    summary: { byType: { 'c.d': 1, 'a.b': 1, 'e.f': 1 } },
  });
  const later = (await call('diagnostics.stability', { sinceSeq: 3 })) as { events: Fields[] };
  assert.deepEqual(
    later.events.map(({ seq }) => seq),
    [4],
  );
});

test('the audit log is paged by its positions', async () => {
  const asked: unknown[] = [];
  const entry = (position: number) => ({ position, at: '2026-01-01', actor: 'cli', action: 'key.created', subject: 'k', detail: {} });
  const { call } = openMethods({
    async audit(question) {
      asked.push(question);
      return [entry(9), entry(8)];
    },
  });
  assert.deepEqual(await call('audit.list', { limit: 2, before: 10, actionPrefix: 'key.' }), {
    entries: [entry(9), entry(8)],
    nextBefore: 8,
  });
  assert.equal(((await call('audit.list', { limit: 3 })) as Fields)['nextBefore'], null);
  assert.deepEqual(asked, [{ limit: 2, before: 10, actionPrefix: 'key.' }, { limit: 3 }]);
});

test('who the gateway is; one without a key pair has no such method', async () => {
  const { call } = openMethods();
  assert.deepEqual(await call('gateway.identity.get'), { deviceId: 'd'.repeat(64), publicKey: 'key' });
  assert.deepEqual(await call('system.info'), { platform: 'linux' });
  assert.ok(!('gateway.identity.get' in openMethods({ identity: undefined }).methods));
});

test('without a log file logs.tail says where the log goes', async () => {
  await assert.rejects(openMethods().call('logs.tail', { limit: 10, maxBytes: 250_000 }), { code: 'not_in_release' });
});
