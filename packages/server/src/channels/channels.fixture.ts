/** Channels on a store of their own, over runs that are as a test says, for tests. */
import type { CreateRunRequest, RunEvent, RunEventBody, RunOrigin, RunView } from '@openclaw/protocol';
import type { ChannelsSettings } from '../config/index.ts';
import { OpenClawError } from '../core/errors.ts';
import { createLog } from '../core/log.ts';
import { createMetrics, type Metrics } from '../core/metrics.ts';
import { createChannels, type Channels, type ChannelsOptions } from './channels.ts';
import type { ChannelRuns, HookAnswer, HookRequest } from './contract.ts';
import { setUpOutbox, type OutboxSetup } from './outbox.fixture.ts';
import { secretBytes, signStandard } from './webhook/signature.ts';
import type { WebhookSettings } from './webhook/webhook.ts';

export interface FakeRun {
  readonly id: string;
  readonly request: CreateRunRequest;
  readonly origin: RunOrigin;
}

export interface FakeRuns extends ChannelRuns {
  readonly begun: FakeRun[];
  /** What the next ones are refused with. */
  refusal: OpenClawError | undefined;
  /** As the journal does: what is to be kept with it is committed together, then everybody is told. */
  happen(runId: string, body: RunEventBody): Promise<void>;
}

export interface ChannelsSetup extends AsyncDisposable {
  readonly outbox: Pick<OutboxSetup, 'clock' | 'database' | 'store' | 'logged'>;
  readonly runs: FakeRuns;
  readonly metrics: Metrics;
  /** Addresses from which a wrong signature came. */
  readonly guesses: string[];
  /** What whoever guesses is answered from now on. */
  tooMany: OpenClawError | undefined;
  /** A process on the same store. */
  process(more?: Partial<ChannelsOptions>): Channels;
}

export const secret = 'secret-of-those-who-send-to-us';
export const outSecret = 'secret-of-those-whom-we-tell-it';

export function webhook(more: Partial<WebhookSettings> = {}): WebhookSettings {
  return { secrets: [secret], signature: 'standard', toleranceMs: 300_000, agent: 'main', ...more };
}

/** Attempts have time without end: that of the tests passes faster than the network's. */
export function tells(url: string): Pick<WebhookSettings, 'deliver'> {
  return {
    deliver: {
      ...{ url, secrets: [outSecret], privateAddresses: ['127.0.0.1'], timeoutMs: 3_600_000 },
      ...{ attempts: 3, maxAgeMs: 3_600_000, baseDelayMs: 1000, maxDelayMs: 10_000 },
    },
  };
}

export function settingsOf(entries: ChannelsSettings['webhook']['entries']): ChannelsSettings {
  return { webhook: { entries } };
}

export async function setUpChannels(): Promise<ChannelsSetup> {
  await using resources = new AsyncDisposableStack();
  const outbox = resources.use(await setUpOutbox());
  const { clock, database, logged } = outbox;
  const opened: Channels[] = [];
  const runs = createFakeRuns(outbox, () => opened.at(-1));
  const guesses: string[] = [];
  const metrics = createMetrics();
  const log = createLog({ clock, level: 'info', format: 'json', destinations: [{ write: (line) => void logged.push(line) }] });
  resources.defer(async () => void (await Promise.all(opened.map((channels) => channels.close()))));
  const kept = resources.move();
  const setup: ChannelsSetup = {
    ...{ outbox, runs, guesses, metrics, tooMany: undefined },
    process(more = {}) {
      const channels = createChannels({
        ...{ database, runs, clock, log, owner: 'gateway', random: () => 1 },
        metrics: opened.length === 0 ? metrics : createMetrics(),
        life: { alive: () => {}, died: () => {} },
        noteGuess: ({ address }) => (guesses.push(address), setup.tooMany),
        ...more,
      });
      opened.push(channels);
      return channels;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
  return setup;
}

export interface SignedRequest {
  readonly id?: string;
  readonly body?: string;
  readonly by?: string;
  readonly headers?: Record<string, string>;
}

/** Sends it as somebody who has the secret `by`. */
export function post(
  { outbox }: Pick<ChannelsSetup, 'outbox'>,
  channels: Channels,
  channelId: string,
): (request?: SignedRequest) => Promise<HookAnswer> {
  return ({ id = 'msg_1', body = 'Good morning.', by = secret, headers } = {}) => {
    const timestampS = Math.floor(outbox.clock.now() / 1000);
    const request: HookRequest = {
      headers: headers ?? signStandard({ id, timestampS, body }, [secretBytes(by)]),
      address: '203.0.113.7',
      readBody: async () => Buffer.from(body),
    };
    return channels.receive(channelId, request);
  };
}

function createFakeRuns({ database }: Pick<OutboxSetup, 'database'>, channels: () => Channels | undefined): FakeRuns {
  const byKey = new Map<string, FakeRun>();
  const listeners = new Set<Parameters<ChannelRuns['observe']>[0]>();
  const views = new Map<string, RunView>();
  const runs: FakeRuns = {
    begun: [],
    refusal: undefined,
    async create(request, origin) {
      if (runs.refusal) throw runs.refusal;
      const known = byKey.get(request.idempotencyKey ?? '');
      const run = known ?? { id: `run_${byKey.size + 1}`, request, origin };
      byKey.set(request.idempotencyKey ?? '', run);
      if (known && JSON.stringify(known.request) !== JSON.stringify(request))
        throw new OpenClawError('idempotency_key_reused', { details: { runId: request.idempotencyKey ?? '' } });
      if (known) return { run, isKnown: true };
      runs.begun.push(run);
      views.set(run.id, viewOf(run));
      await runs.happen(run.id, { kind: 'run.resumed', epoch: 1, reason: 'started' });
      return { run, isKnown: false };
    },
    find: async (key) => byKey.get(key),
    observe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async happen(runId, body) {
      const before = views.get(runId);
      if (!before) throw new TypeError('there is no such run');
      const isEnd = body.kind === 'run.finished' || body.kind === 'run.failed' || body.kind === 'run.cancelled';
      const view = { ...before, lastSeq: before.lastSeq + 1, endedAtMs: isEnd ? 1 : null };
      views.set(runId, view);
      const events: RunEvent[] = [{ runId, seq: view.lastSeq, atMs: 1_767_225_600_000, ...body }];
      const statements = channels()?.alongside(events, view) ?? [];
      if (statements.length > 0) await database.write({ statements });
      for (const listener of listeners) listener(events, view);
    },
  };
  return runs;
}

function viewOf({ id, origin, request }: FakeRun): RunView {
  return {
    ...{
      id,
      status: 'running',
      agentId: request.agent ?? 'main',
      sessionKey: request.session ?? `agent:main:${id}`,
      input: request.input,
      origin,
    },
    ...{
      model: null,
      limits: { steps: 1, tokens: 1, usd: 1, timeMs: 1, children: 0, depth: 0 },
      createdAtMs: 0,
      updatedAtMs: 0,
      endedAtMs: null,
    },
    ...{
      workedMs: 0,
      workingSinceMs: null,
      lastSeq: 1,
      steps: 0,
      use: { inputTokens: 0, outputTokens: 0, costNanoUsd: null },
      knownCostNanoUsd: 0,
    },
    ...{ waitsFor: null, output: null, error: null, parentRunId: null, forkedFrom: null },
  };
}
