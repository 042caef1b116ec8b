/** Figures that look like those of a gateway at work, made from the time alone: the shapes of `/health`, `/metrics` and `/admin/v1`. */
import type { KeyRecord, ModelDescription, ModelRow, RequestTrail, TargetRow, UsageRow, Warning } from '@openclaw/protocol';
import type { Scene } from './fixture-gateway.ts';

export interface Figures {
  health(scene: Scene): object;
  metrics(): string;
  /** Undefined where there is nothing. */
  admin(method: string, url: URL): object | undefined;
}

const startedMs = Date.now() - 3 * 86_400_000 - 4 * 3_600_000;
const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();
const minuteMs = 60_000;

export function createFigures(isEmpty: () => boolean): Figures {
  const keys = [...madeUpKeys];
  return {
    health,
    metrics: () => metricsAt((Date.now() - startedMs) / 1000, isEmpty()),
    admin(method, url) {
      const [, , , kind, ...rest] = url.pathname.split('/').map(decodeURIComponent);
      const empty = isEmpty();
      if (kind === 'keys' && method === 'POST')
        return { ...keys[0], id: 'key_new', name: 'new', key: 'ock_3f9Qx0YbT7mVw2LrK8sJd5HnZ1cGp6Ae' };
      if (kind === 'keys' && method !== 'GET') return keys[0];
      if (kind === 'keys') return { keys: empty ? [] : keys };
      if (kind === 'usage')
        return { rows: empty ? [] : usage(url.searchParams.get('by') ?? 'model', Number(url.searchParams.get('since'))) };
      if (kind === 'targets' && method === 'POST') return { concerned: 1 };
      if (kind === 'targets') return { window: '5m', targets: empty ? [] : targets };
      if (kind === 'warnings') return { warnings: empty ? [] : warnings };
      if (kind === 'models') return rest.length > 0 ? describe(rest.join('/')) : { models: empty ? [] : models };
      if (kind === 'requests') return rest.length > 0 ? trails[0] : { requests: empty ? [] : trails, oldest: ago(3_600_000) };
      return undefined;
    },
  };
}

function health(scene: Scene): object {
  const uptimeSeconds = Math.floor((Date.now() - startedMs) / 1000);
  const checks = {
    configuration: { state: 'ok' },
    state: { state: 'ok' },
    disk: { state: 'ok' },
    memory: { state: 'ok' },
    eventLoop: { state: 'ok' },
    providers: { state: 'degraded', detail: 'mistral: the key of MISTRAL_API_KEY is refused (401)' },
  };
  const problem = 'openclaw.json:12:5: models.providers.acme.baseUrl: must be an http or https address.';
  if (scene === 'rescue') {
    const broken = { ...checks, configuration: { state: 'failed', detail: problem } };
    return { status: 'rescue', version: '0.1.0', uptimeSeconds: 40, code: 'config_invalid', reason: problem, checks: broken };
  }
  if (scene === 'refused-configuration') checks.configuration = { state: 'degraded', detail: problem } as { state: string };
  if (scene === 'empty') checks.providers = { state: 'ok', detail: '' };
  return { status: scene === 'empty' ? 'ok' : 'degraded', version: '0.1.0', uptimeSeconds, checks };
}

/** Sums since the start whose growth goes up and down with the minutes. */
function metricsAt(seconds: number, isEmpty: boolean): string {
  const grown = (rate: number, swing: number, periodSeconds: number): number =>
    rate * seconds - (swing * rate * periodSeconds * Math.cos((2 * Math.PI * seconds) / periodSeconds)) / (2 * Math.PI);
  const [completed, failed] = isEmpty ? [0, 0] : [grown(38, 0.35, 240), grown(0.7, 0.9, 97)];
  const shares = [0.02, 0.11, 0.34, 0.62, 0.81, 0.93, 0.985, 1];
  const buckets = [0.1, 0.25, 0.5, 1, 2, 4, 8, 16].map(
    (bound, index) =>
      `openclaw_model_request_seconds_bucket{provider="a",model="b",le="${bound}"} ${Math.round(completed * (shares[index] ?? 1))}`,
  );
  return [
    `openclaw_model_requests_total{provider="a",model="b",outcome="completed"} ${Math.round(completed)}`,
    `openclaw_model_requests_total{provider="a",model="b",outcome="upstream_overloaded"} ${Math.round(failed)}`,
    ...buckets,
    `openclaw_model_requests_in_flight ${isEmpty ? 0 : Math.round(44 + 12 * Math.sin(seconds / 38) + 5 * Math.sin(seconds / 7))}`,
    `openclaw_model_queue_requests ${isEmpty ? 0 : Math.max(0, Math.round(6 * Math.sin(seconds / 60)))}`,
    `process_resident_memory_bytes ${Math.round((214 + 20 * Math.sin(seconds / 90)) * 2 ** 20)}`,
    `openclaw_memory_limit_bytes ${512 * 2 ** 20}`,
    'nodejs_eventloop_delay_seconds{quantile="0.99"} 0.0042',
    `process_start_time_seconds ${startedMs / 1000}`,
  ].join('\n');
}

const target = (name: string, tries: number, more: Partial<TargetRow> = {}): TargetRow => ({
  ...{
    target: name,
    key: '1',
    breaker: 'closed',
    heldOpen: false,
    pausedMs: 0,
    reason: null,
    limit: 40,
    underWay: Math.round(tries / 90),
    waiting: 0,
  },
  ...{
    requests: tries,
    completed: tries,
    failed: 0,
    cancelled: 0,
    rateLimited: 0,
    refused: 0,
    successPercent: tries === 0 ? null : 100,
    errors: {},
  },
  total: tries === 0 ? null : { p50Ms: 840, p95Ms: 3100, p99Ms: 6400 },
  firstOutput: tries === 0 ? null : { p50Ms: 310, p95Ms: 900, p99Ms: 1800 },
  ...{ inputTokens: tries * 1900, outputTokens: tries * 420, costNanoUsd: tries * 6_200_000 },
  ...more,
});

const targets: readonly TargetRow[] = [
  target('openai/gpt-5-mini', 6240, { limit: 120, underWay: 31, total: { p50Ms: 640, p95Ms: 2210, p99Ms: 4800 } }),
  target('anthropic/claude-sonnet-5', 3810, {
    successPercent: 93.4,
    failed: 251,
    errors: { upstream_overloaded: 212, upstream_timeout: 39 },
    waiting: 3,
  }),
  target('anthropic/claude-sonnet-5', 1120, { key: '2' }),
  target('google/gemini-3-flash', 940, { total: { p50Ms: 410, p95Ms: 1380, p99Ms: 2900 } }),
  target('mistral/mistral-large', 58, {
    ...{ breaker: 'open', successPercent: 12, failed: 51, pausedMs: 14_000, reason: 'the provider refused 5 requests in a row: 401' },
    errors: { upstream_authentication: 51 },
  }),
  target('openrouter/qwen-3-max', 210, { heldOpen: true, breaker: 'open', reason: 'held open by an operator' }),
  target('local/llama-3.3-70b', 0, { limit: 4 }),
];

const warnings: readonly Warning[] = [
  {
    ...{ code: 'failing', target: 'anthropic/claude-sonnet-5', key: '1', since: ago(7 * minuteMs) },
    message: '6.6 % of 3,810 requests failed in the last five minutes.',
    evidence: { failedPercent: 6.6, requests: 3810 },
    errors: { upstream_overloaded: 212 },
  },
];

const abilities = ['tools', 'images', 'reasoning', 'structuredOutput', 'promptCaching', 'streaming'] as const;
const models: readonly ModelRow[] = [
  {
    ...{ name: 'fast', kind: 'route', provider: null, contextWindow: null, maxOutputTokens: null, abilities: null, price: null },
    targets: ['openai/gpt-5-mini', 'google/gemini-3-flash', 'local/llama-3.3-70b'],
  },
  {
    ...{ name: 'best', kind: 'route', provider: null, contextWindow: null, maxOutputTokens: null, abilities: null, price: null },
    targets: ['anthropic/claude-sonnet-5', 'openai/gpt-5'],
  },
  ...[
    'openai/gpt-5',
    'openai/gpt-5-mini',
    'anthropic/claude-sonnet-5',
    'google/gemini-3-flash',
    'mistral/mistral-large',
    'local/llama-3.3-70b',
  ].map((name, index): ModelRow => ({
    ...{ name, kind: 'model', provider: name.split('/')[0] ?? null, contextWindow: 400_000 / (index + 1), maxOutputTokens: 128_000 },
    abilities: name.startsWith('local') ? null : abilities.slice(0, 6 - (index % 3)),
    price: name.startsWith('local') ? null : { input: 1.25 * (index + 1), output: 10, cacheRead: 0.125, cacheWrite: null },
    targets: null,
  })),
];

function describe(name: string): ModelDescription {
  return {
    ...{ name, kind: 'route', strategy: 'priority', afterFirstToken: 'continue' },
    targets: ['openai/gpt-5-mini', 'google/gemini-3-flash'].map((each) => ({
      ...{ name: each, weight: 1, api: 'openai-completions', address: 'https://api.example.com/v1' },
      keys: [{ id: '1', source: 'OPENAI_API_KEY in the environment', weight: 1, state: 'ok', reason: null }],
      contextWindow: { value: 400_000, source: 'catalogue' },
      maxOutputTokens: { value: 128_000, source: 'catalogue' },
      abilities: { value: [...abilities], source: 'catalogue' },
      price: { value: { input: 0.25, output: 2, cacheRead: 0.025, cacheWrite: null }, source: 'catalogue' },
    })),
  };
}

const trail = (index: number): RequestTrail => {
  const isTroubled = index % 7 === 0;
  const isFailed = index % 23 === 21;
  const model = ['fast', 'best', 'openai/gpt-5-mini'][index % 3] ?? 'fast';
  const answered = index % 3 === 1 ? 'anthropic/claude-sonnet-5' : 'openai/gpt-5-mini';
  return {
    ...{
      id: `req_01KAJ8W3Q2M5T7X9Z1B3D5F${String(index).padStart(3, '0')}`,
      at: ago(index * 1900),
      caller: ['key_ci', 'key_anna', 'gateway'][index % 3] ?? '',
    },
    ...{
      dialect: index % 3 === 1 ? 'anthropic-messages' : 'openai-completions',
      requestedModel: model,
      target: answered,
      stream: index % 2 === 0,
    },
    ...{ outcome: isFailed ? 'upstream_overloaded' : 'completed', status: isFailed ? 503 : 200, queueMs: isTroubled ? 120 : 0 },
    ...{ firstOutputMs: isFailed ? null : 300 + ((index * 37) % 400), totalMs: isTroubled ? 4210 : 700 + ((index * 131) % 2400) },
    ...{
      inputTokens: 1200 + index * 31,
      outputTokens: isFailed ? 0 : 200 + ((index * 53) % 900),
      costNanoUsd: isFailed ? null : 4_100_000 + index * 90_000,
    },
    ...{ cached: index % 11 === 10, attemptCount: isTroubled ? 3 : 1 },
    attempts: isTroubled ? troubledAttempts : [],
    decisions: isTroubled
      ? ['passed over mistral/mistral-large (key 1): its breaker is open', 'asked openai/gpt-5-mini too: the first output was late']
      : [],
  };
};

const troubledAttempts: RequestTrail['attempts'] = [
  {
    ...{
      target: 'anthropic/claude-sonnet-5',
      key: '1',
      startedMs: 0,
      waitedMs: 0,
      durationMs: 620,
      firstOutputMs: null,
      outcome: 'upstream_overloaded',
    },
    ...{ reason: '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', retryAfterMs: 400, hedge: false },
  },
  {
    ...{
      target: 'anthropic/claude-sonnet-5',
      key: '2',
      startedMs: 1080,
      waitedMs: 120,
      durationMs: 3130,
      firstOutputMs: null,
      outcome: 'cancelled',
    },
    ...{ reason: null, retryAfterMs: null, hedge: false },
  },
  {
    ...{ target: 'openai/gpt-5-mini', key: '1', startedMs: 2600, waitedMs: 0, durationMs: 1610, firstOutputMs: 340, outcome: 'completed' },
    ...{ reason: null, retryAfterMs: null, hedge: true },
  },
];

const trails: readonly RequestTrail[] = Array.from({ length: 60 }, (_, index) => trail(index));

const key = (name: string, more: Partial<KeyRecord>): KeyRecord => ({
  ...{
    id: `key_${name}`,
    name,
    prefix: `ock_${name.slice(0, 2)}4f`,
    scopes: ['models'],
    models: null,
    state: 'active',
    createdAt: ago(40 * 86_400_000),
  },
  ...{ expiresAt: null, revokedAt: null, limits: { rpm: null, tpm: null, usdPerDay: null, usdPerMonth: null }, used: null },
  ...more,
});

const madeUpKeys: readonly KeyRecord[] = [
  key('ci', {
    limits: { rpm: 60, tpm: 100_000, usdPerDay: 5, usdPerMonth: 100 },
    used: { requests: 41, tokens: 61_300, usdToday: 4.38, usdThisMonth: 61.2, usdReserved: 0.04 },
    models: ['fast', 'local/llama-3.3-70b'],
  }),
  key('anna', {
    limits: { rpm: null, tpm: null, usdPerDay: 20, usdPerMonth: null },
    used: { requests: null, tokens: null, usdToday: 2.1, usdThisMonth: null, usdReserved: 0 },
  }),
  key('grafana', { scopes: ['models', 'admin'], expiresAt: new Date(Date.now() + 12 * 86_400_000).toISOString() }),
  key('old-bot', { state: 'revoked', revokedAt: ago(86_400_000) }),
];

function usage(by: string, sinceMs: number): readonly UsageRow[] {
  const row = (name: string, weight: number): UsageRow => ({
    ...{ name, requests: Math.round(1400 * weight), failed: Math.round(19 * weight), inputTokens: Math.round(2_900_000 * weight) },
    ...{
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: Math.round(610_000 * weight),
      costNanoUsd: Math.round(8_400_000_000 * weight),
    },
    unpriced: 0,
  });
  if (by === 'key') return [row('key_ci', 3), row('key_anna', 1.4), row('gateway', 0.3)];
  if (by === 'model')
    return ['openai/gpt-5-mini', 'anthropic/claude-sonnet-5', 'google/gemini-3-flash', 'local/llama-3.3-70b'].map((name, index) =>
      row(name, 5 / (index + 1)),
    );
  const days = Math.round((Date.now() - sinceMs) / 86_400_000) + 1;
  return Array.from({ length: days }, (_, index) =>
    row(new Date(sinceMs + index * 86_400_000).toISOString().slice(0, 10), 0.6 + 0.4 * Math.sin(index / 2) + (index % 7 < 5 ? 0.5 : 0)),
  ).filter(({ name }) => name <= new Date().toISOString().slice(0, 10));
}
