/** All methods over parts that hold everything in memory, and clients that keep what they are told. */
import { holdsScope, type ClientDescription, type RunEvent, type RunView } from '@openclaw/protocol';
import { OpenClawError } from '../../../core/errors.ts';
import { createFakeClock, type FakeClock } from '../../../core/fake-clock.ts';
import type { JsonObject } from '../../../core/json.ts';
import type { BroadcastOptions, ControlClient, Hub, MethodTable } from '../contract.ts';
import type {
  OpenApproval,
  RunDirectory,
  RunStarter,
  SessionMessage,
  SessionSummary,
  StartedTurn,
  TurnEvent,
  TurnRequest,
  TurnResult,
} from '../run-starter.ts';
import { createFakeSchedules } from './cron.fixture.ts';
import type { ConfigurationDesk, ConfigurationTexts } from './config.ts';
import type { Devices, PairedDevice, PairingRequest } from '../../../access/index.ts';
import {
  createMethods,
  createStabilityRing,
  publishApprovals,
  publishDevices,
  publishTurns,
  type MethodsOptions,
  type StabilityRing,
} from './index.ts';

export interface TestClient extends ControlClient {
  readonly events: { readonly event: string; readonly payload: unknown }[];
}

export interface TestMethods {
  readonly methods: MethodTable;
  readonly clock: FakeClock;
  readonly turns: FakeTurns;
  readonly runs: FakeRuns;
  readonly devices: FakeDevices;
  readonly keeper: FakeKeeper;
  readonly ring: StabilityRing;
  readonly closed: { readonly deviceId: string | undefined; readonly code: number; readonly reason: string }[];
  connect(scopes?: readonly string[], more?: Partial<ControlClient['principal']>): TestClient;
  /** The last answer; those before it are in `accepted`. @throws what the method throws, and an error where the client may not call it */
  call(method: string, params?: JsonObject, how?: CallOptions): Promise<unknown>;
}

export interface CallOptions {
  readonly client?: TestClient;
  readonly accepted?: unknown[];
  readonly signal?: AbortSignal;
}

const admin = ['operator.admin'];

export function openMethods(options: Partial<MethodsOptions> = {}): TestMethods {
  const clock = createFakeClock();
  const clients: TestClient[] = [];
  const closed: TestMethods['closed'] = [];
  const hub = createHub(clients, closed);
  const turns = createTurns(clock);
  const runs = createRuns();
  const devices = createDevices();
  const keeper = createKeeper();
  const ring = createStabilityRing({ clock, capacity: 3 });
  const { methods } = createMethods({
    schedules: createFakeSchedules(),
    ...{ clock, hub, turns, runs, devices, keeper, version: '1.2.3', texts: plainTexts },
    agents: { defaultId: 'main', list: () => [{ id: 'main' }, { id: 'coder', model: 'acme/coder' }] },
    commandPolicies: () => ({ defaults: 'deny', agents: {} }),
    defaultModel: () => 'openclaw/rehearsal',
    report: async () => ({ status: 'ok', checks: { state: { state: 'ok' }, providers: { state: 'ok' } } }),
    eventLoop: { p99Ms: () => 1, maxMs: () => 2 },
    configurationState: () => keeper.status.state,
    listModels: async () => [],
    logFile: undefined,
    usageByDay: async () => [],
    stability: ring,
    audit: async () => [],
    channels: () => [],
    identity: { deviceId: 'd'.repeat(64), publicKey: 'key' },
    systemInfo: () => ({ platform: 'linux' }),
    ...options,
  });
  publishTurns({ turns, hub });
  publishApprovals({ turns, hub });
  publishDevices({ devices, hub, now: clock.now });
  const connect: TestMethods['connect'] = (scopes = admin, more = {}) => {
    const client = createClient(scopes, more, clock.now());
    clients.push(client);
    return client;
  };
  const usual = connect();
  return {
    ...{ methods, clock, turns, runs, devices, keeper, ring, closed, connect },
    async call(name, params = {}, { client = usual, accepted = [], signal = new AbortController().signal } = {}) {
      const method = methods[name];
      if (!method) throw new Error(`unknown method: ${name}`);
      const scope = typeof method.scope === 'function' ? method.scope(params) : method.scope;
      if (scope !== 'none' && !holdsScope(client.principal.scopes, scope)) throw new Error(`missing scope: ${scope}`);
      return method.run({ params, client, signal, accept: (payload) => void accepted.push(payload) });
    },
  };
}

function createClient(scopes: readonly string[], more: Partial<ControlClient['principal']>, connectedAtMs: number): TestClient {
  const events: TestClient['events'] = [];
  const client: ClientDescription = { id: 'cli', version: '1', platform: 'linux', mode: 'cli' };
  return {
    ...{ connectionId: crypto.randomUUID(), client, connectedAtMs, events, capabilities: new Set() },
    principal: { method: 'token', role: 'operator', scopes: new Set(scopes), deviceId: undefined, ...more },
    peer: { address: '127.0.0.1', isDirectLoopback: true, origin: undefined, headers: {} },
    send: (event, payload) => void events.push({ event, payload }),
  };
}

function createHub(clients: readonly TestClient[], closed: TestMethods['closed']): Hub {
  return {
    clients: () => clients,
    presence: () => [],
    broadcast(event, payload, { scope, to = () => true }: BroadcastOptions = {}) {
      for (const client of clients) if ((!scope || holdsScope(client.principal.scopes, scope)) && to(client)) client.send(event, payload);
    },
    closeWhere(matches, close) {
      const found = clients.filter(matches);
      for (const { principal } of found) closed.push({ deviceId: principal.deviceId, ...close });
      return found.length;
    },
  };
}

export interface FakeTurns extends RunStarter {
  readonly started: TurnRequest[];
  readonly results: Map<string, TurnResult>;
  readonly sessions: Map<string, { summary: SessionSummary; messages: SessionMessage[] }>;
  /** Lets a wait for it come back. */
  finish(runId: string, result: Partial<TurnResult>): void;
  tell(event: TurnEvent): void;
  open(key: string, ...texts: readonly string[]): void;
  runningNow: Awaited<ReturnType<RunStarter['running']>>;
  openApprovals: OpenApproval[];
  commit(events: readonly RunEvent[], view: RunView): void;
}

function createTurns(clock: FakeClock): FakeTurns {
  const listeners = new Set<(event: TurnEvent) => void>();
  const observers = new Set<Parameters<RunStarter['observe']>[0]>();
  const waiting = new Map<string, ((result: TurnResult) => void)[]>();
  const need = (key: string) => {
    const session = fake.sessions.get(key);
    if (!session) throw new OpenClawError('session_not_found', { details: { sessionKey: key } });
    return session;
  };
  const fake: FakeTurns = {
    started: [],
    results: new Map(),
    sessions: new Map(),
    runningNow: undefined,
    openApprovals: [],
    async start(request): Promise<StartedTurn> {
      const known = fake.started.some(({ idempotencyKey }) => idempotencyKey === request.idempotencyKey);
      fake.started.push(request);
      const { sessionKey, agentId, idempotencyKey: runId } = request;
      return { runId, sessionKey, agentId, acceptedAtMs: clock.now(), known };
    },
    async wait(runId, { timeoutMs }) {
      const result = fake.results.get(runId);
      if (result || timeoutMs === 0) return result;
      return new Promise((resolve) => waiting.set(runId, [...(waiting.get(runId) ?? []), resolve]));
    },
    running: async () => fake.runningNow,
    abort: async ({ runId }) => (runId === undefined ? ['run-1', 'run-2'] : [runId]),
    async listSessions({ limit, offset }) {
      const all = [...fake.sessions.values()].map(({ summary }) => summary);
      return { sessions: all.slice(offset, offset + limit), total: all.length };
    },
    async history(key, { limit, offset = 0 }) {
      const session = fake.sessions.get(key);
      const end = (session?.messages.length ?? 0) - offset;
      const messages = session?.messages.slice(Math.max(0, end - limit), end) ?? [];
      return { session: session?.summary, messages, ...(end > limit ? { nextOffset: offset + messages.length } : {}) };
    },
    async patchSession(key, changes) {
      if (!fake.sessions.has(key)) fake.open(key);
      const session = need(key);
      session.summary = { ...session.summary, ...changes };
      return session.summary;
    },
    async resetSession(key) {
      const session = need(key);
      session.messages = [];
      session.summary = { ...session.summary, messageCount: 0 };
      return session.summary;
    },
    deleteSession: async (key) => fake.sessions.delete(key),
    idleSessions: () => Promise.resolve(0),
    deleteIdleSessions: () => Promise.resolve(0),
    async compactSession(key) {
      return need(key).messages.length > 0;
    },
    approvals: async () => fake.openApprovals,
    runOfApproval: async (id) => fake.openApprovals.find(({ approvalId }) => approvalId === id)?.runId,
    observe(observer) {
      observers.add(observer);
      return () => void observers.delete(observer);
    },
    commit: (events, view) => observers.forEach((observe) => observe(events, view)),
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    finish(runId, result) {
      const times = { startedAtMs: clock.now() - 500, endedAtMs: clock.now() };
      const whole: TurnResult = { runId, sessionKey: 'agent:main:main', agentId: 'main', status: 'ok', text: '', ...times, ...result };
      fake.results.set(runId, whole);
      for (const resolve of waiting.get(runId) ?? []) resolve(whole);
    },
    tell: (event) => listeners.forEach((listener) => listener(event)),
    open(key, ...texts) {
      const messages = texts.map((text, index): SessionMessage => {
        const role = index % 2 === 0 ? 'user' : 'assistant';
        const runId = `run-${Math.floor(index / 2)}`;
        return {
          id: `m${index + 1}`,
          seq: index + 1,
          role,
          text,
          atMs: clock.now(),
          runId,
          ...(role === 'user' ? { idempotencyKey: runId } : {}),
        };
      });
      const summary: SessionSummary = {
        ...{ key, sessionId: 'ses_1', agentId: 'main', label: null, model: null, messageCount: messages.length },
        ...{ updatedAtMs: clock.now(), createdAtMs: clock.now() },
      };
      fake.sessions.set(key, { summary, messages });
    },
  };
  return fake;
}

export interface FakeRuns extends RunDirectory {
  readonly asked: unknown[][];
  readonly runs: Map<string, { view: RunView; readonly events: readonly RunEvent[] }>;
}

export const run: RunView = {
  ...{ id: 'run-1', status: 'running', agentId: 'main', sessionKey: 'agent:main:main', input: 'hi', model: null },
  ...{ origin: { kind: 'chat', by: 'gateway-token' }, limits: { steps: 50, tokens: 1000, usd: 1, timeMs: 1000, children: 20, depth: 3 } },
  ...{
    createdAtMs: 1000,
    updatedAtMs: 1000,
    endedAtMs: null,
    workedMs: 0,
    workingSinceMs: null,
    lastSeq: 2,
    steps: 0,
    waitsFor: null,
    output: null,
    error: null,
  },
  ...{ knownCostNanoUsd: 0, use: { inputTokens: 0, outputTokens: 0, costNanoUsd: 0 }, parentRunId: null, forkedFrom: null },
};

function createRuns(): FakeRuns {
  const asked: unknown[][] = [];
  const note =
    (name: string) =>
    async (...words: unknown[]): Promise<RunView> => {
      asked.push([name, ...words]);
      return fake.get(typeof words[0] === 'string' ? words[0] : (words[0] as { runId: string }).runId);
    };
  const fake: FakeRuns = {
    asked,
    runs: new Map(),
    async get(runId) {
      const found = fake.runs.get(runId);
      if (!found) throw new OpenClawError('run_not_found', { details: { runId } });
      return found.view;
    },
    async list({ limit, status }) {
      const all = [...fake.runs.values()].map(({ view }) => view);
      return all.filter((view) => view.status === (status ?? view.status)).slice(0, limit);
    },
    async *events(runId, after, signal) {
      for (const event of fake.runs.get(runId)?.events ?? []) if (event.seq > after && !signal.aborted) yield event;
    },
    ...{ cancel: note('cancel'), signal: note('signal'), retry: note('retry'), fork: note('fork') },
    ...{ resolveApproval: note('resolveApproval'), resolveOutcome: note('resolveOutcome') },
  };
  return fake;
}

export interface FakeDevices extends Devices {
  readonly asked: unknown[][];
  readonly listeners: Set<Parameters<Devices['onChange']>[0]>;
}

export const pairing: PairingRequest = {
  ...{ requestId: 'request-1', deviceId: 'device-1', publicKey: 'key-1', platform: 'linux', deviceFamily: null, clientId: 'cli' },
  ...{ clientMode: 'cli', displayName: null, role: 'operator', scopes: ['operator.read'], remoteIp: '10.0.0.2', reason: 'not-paired' },
  createdAtMs: 1000,
};
export const device: PairedDevice = {
  ...{ deviceId: 'device-2', publicKey: 'key-2', displayName: 'Desk', platform: 'linux', deviceFamily: 'Linux', clientId: 'cli' },
  ...{ clientMode: 'cli', approvedVia: 'silent', createdAtMs: 1, approvedAtMs: 2, lastSeenAtMs: 3, lastSeenIp: '127.0.0.1' },
  tokens: [{ role: 'operator', scopes: ['operator.read'], createdAtMs: 2 }],
};

function createDevices(): FakeDevices {
  const asked: unknown[][] = [];
  const listeners: FakeDevices['listeners'] = new Set();
  const note = async <T>(answer: T, ...words: unknown[]): Promise<T> => {
    asked.push(words);
    return answer;
  };
  return {
    asked,
    listeners,
    pending: () => [pairing],
    paired: () => [device],
    approve: (requestId, approver) => note(device, 'approve', requestId, approver.id),
    reject: (requestId, approver) => note(pairing, 'reject', requestId, approver.id),
    remove: (deviceId, approver) => note(undefined, 'remove', deviceId, approver.id),
    rename: (deviceId, name, approver) => note({ ...device, displayName: name }, 'rename', deviceId, name, approver.id),
    rotate: (which, approver) => note({ token: 'new-token', issuedAtMs: 5, ...device.tokens[0]! }, 'rotate', which, approver.id),
    revoke: (which, approver) => note(undefined, 'revoke', which, approver.id),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

export interface FakeKeeper extends ConfigurationDesk {
  text: string | undefined;
  current: ConfigurationDesk['current'];
  status: ConfigurationDesk['status'];
  readonly written: unknown[];
}

function createKeeper(): FakeKeeper {
  const rows = [1, 2].map((version) => ({
    version,
    at: '2026-01-01T00:00:00.000Z',
    by: 'file',
    hash: `hash-${version}`,
    changed: ['gateway.port'],
  }));
  const keeper: FakeKeeper = {
    text: '{ secret-token }',
    written: [],
    current: {
      settings: { gateway: { port: 1, auth: { token: 'secret-token' } } },
      secrets: new Map([['gateway.auth.token', 'secret-token']]),
      files: ['/etc/openclaw.json', '/etc/more.json'],
    },
    status: {
      ...{
        state: 'current',
        problem: undefined,
        file: '/etc/openclaw.json',
        isReadOnly: false,
        version: 2,
        needsRestart: ['gateway.port'],
      },
      ...{ appliedHash: 'hash-2', fileHash: 'hash-2' },
    },
    readText: () => keeper.text,
    check: async (text) =>
      text === 'good' ? [] : [new OpenClawError('config_invalid', { details: { where: 'x', reason: 'y', suggestion: 'z' } })],
    async write(request) {
      keeper.written.push(request);
      return rows[1]!;
    },
    async rollback(version, by) {
      keeper.written.push({ version, by });
      return rows[0]!;
    },
    versions: () => rows,
    versionText: (version) => `text of ${version}`,
  };
  return keeper;
}

const plainTexts: ConfigurationTexts = {
  hide: async (text) => text.replaceAll('secret-token', '‹secret›'),
  fill: async (text) => text.replaceAll('‹secret›', 'secret-token'),
  parse: async (text) => ({ parsed: text }),
  merge: async (text, patch) => `${text} + ${patch}`,
};
