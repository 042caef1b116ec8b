/**
 * Runs over HTTP on the real journal and engine, with a model that plays what it is told and tools of this file. Inside a test, or as a
 * process of its own that can be killed:
 *
 *     node packages/server/test/harness/run-server.ts DIRECTORY PORT
 *
 * The model takes the last message of the user for its script, one answer a line: `say TEXT`, `call NAME {json}`, `fail`, or `hold`, which
 * answers once the file `release` is in the directory. What is none of these it repeats. `call agent {json}` hands a task to `helper`.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ToolCallRequest } from '@openclaw/protocol';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { OpenClawError } from '../../src/core/errors.ts';
import { createIds } from '../../src/core/ids.ts';
import { createLog } from '../../src/core/log.ts';
import { createBodyBudget } from '../../src/gateway/body-budget.ts';
import { listen } from '../../src/gateway/index.ts';
import { createRunEndpoints } from '../../src/gateway/endpoints/runs.ts';
import type { SessionDirectory } from '../../src/gateway/endpoints/sessions.ts';
import { createRequestHandler } from '../../src/gateway/router.ts';
import type { GatewayPolicy } from '../../src/gateway/policy.ts';
import type { EndpointTable } from '../../src/gateway/request.ts';
import type { Agent, ModelCaller } from '../../src/runs/engine/contract.ts';
import { createRunEngine, type RunEngine } from '../../src/runs/engine/engine.ts';
import { createPrograms, createResultFiles } from '../../src/runs/index.ts';
import type { Journal } from '../../src/runs/journal/contract.ts';
import { createJournal } from '../../src/runs/journal/journal.ts';
import type { Tool } from '../../src/runs/tools/contract.ts';
import { createHandOverTool } from '../../src/runs/tools/hand-over.ts';
import { migrations } from '../../src/storage/migrations/index.ts';
import { openSqlite } from '../../src/storage/sqlite/database.ts';
import { storePaths } from '../../src/storage/sqlite/paths.ts';

/** Tokens of callers, by what they may do. */
export const tokens = { admin: 'token-of-the-operator', runsA: 'key-of-a', runsB: 'key-of-b', models: 'key-for-models' } as const;

const callers = new Map([
  [tokens.admin, { kind: 'gateway', id: 'gateway', scopes: new Set(['models', 'runs', 'admin']), models: undefined } as const],
  [tokens.runsA, { kind: 'key', id: 'key_a', scopes: new Set(['runs']), models: ['fast'] } as const],
  [tokens.runsB, { kind: 'key', id: 'key_b', scopes: new Set(['runs']), models: undefined } as const],
  [tokens.models, { kind: 'key', id: 'key_m', scopes: new Set(['models']), models: undefined } as const],
] as const);

export interface RunServer extends AsyncDisposable {
  readonly url: string;
  readonly engine: RunEngine;
  readonly journal: Journal;
  /** Calls of the tools so far, by their names. */
  readonly calls: string[];
}

export interface RunServerOptions {
  readonly directory: string;
  /** @default a free one */
  readonly port?: number;
  /** Of the streams. @default the system's */
  readonly clock?: Clock;
  readonly sessions?: SessionDirectory;
  /** Beside those of runs. */
  readonly endpoints?: EndpointTable;
}

const agent: Agent = {
  ...{ id: 'main', model: 'fast', instructions: 'You play a script.' },
  limits: { steps: 50, tokens: 1e9, usd: 1e6, timeMs: 1e9, children: 20, depth: 3 },
};
const agents = new Map([agent, { ...agent, id: 'helper' }].map((each) => [each.id, each]));

export async function startRunServer({
  directory,
  port = 0,
  clock = systemClock,
  sessions,
  endpoints: more,
}: RunServerOptions): Promise<RunServer> {
  const database = await openSqlite({ paths: storePaths(directory), clock: systemClock, migrations, reader: 'at once' });
  const journal = createJournal({ database, clock: systemClock });
  const log = createLog({ clock: systemClock, destinations: [], level: 'silent' });
  const ids = createIds();
  const calls: string[] = [];
  const tools = [
    countingTool('look', 'read', calls),
    countingTool('pay', 'once', calls),
    createHandOverTool([{ id: 'helper', description: undefined }]),
  ];
  const engine = createRunEngine({
    ...{ journal, clock: systemClock, ids, log, owner: 'gateway', callModel: playScript(directory) },
    agents: { get: findAgent, list: () => [...agents.values()] },
    toolbox: { list: async () => tools, policy: (_id, tool) => (tool.name === 'pay' ? 'ask' : 'allow'), close: async () => {} },
    window: { fit: (messages) => ({ kind: 'fits', messages, tokens: 0 }) },
    windowOf: () => ({ contextTokens: 100_000, answerTokens: 4000 }),
    ...{ defaultModel: () => 'fast', history: async () => [], workspaceOf: async () => directory },
    isContextOverflow: () => false,
  });
  await engine.start();
  const stopping = new AbortController();
  const results = createResultFiles(join(directory, 'results'));
  const programs = createPrograms({ journal, results, newId: () => ids.run(), resultLimitBytes: () => 2 ** 20 });
  const largeBodies = { limitBytes: () => 2 * 2 ** 20, budget: createBodyBudget(2 ** 30) };
  const served = createRunEndpoints({
    runs: engine,
    programs,
    sessions: sessions ?? noSessions,
    largeBodies,
    clock,
    stopping: stopping.signal,
  });
  const endpoints = { ...served, ...more };
  const handler = createRequestHandler({
    ...{ endpoints, authenticate, log, ids, admit: () => {}, onRequest: () => {} },
    policy: () =>
      ({ open: false, ambient: false, controlUi: { enabled: false, allowedHosts: [], allowedOrigins: [] } }) as unknown as GatewayPolicy,
  });
  const limits = { headerBytes: 16_384, headerTimeoutMs: 9000, bodyTimeoutMs: 10_000, keepAliveMs: 5000, connections: 1000 };
  const listener = await listen({ host: '127.0.0.1', port, limits }, { request: handler });
  return {
    url: `http://127.0.0.1:${listener.port}`,
    ...{ engine, journal, calls },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      engine.drain();
      await listener.close();
      await engine.close();
      await database.close();
    },
  };
}

function findAgent(id: string): Agent {
  const found = agents.get(id);
  if (!found) throw new OpenClawError('agent_not_found', { details: { agentId: id } });
  return found;
}

function authenticate({ headers, socket }: IncomingMessage): typeof callers extends Map<string, infer Caller> ? Caller : never {
  const token = headers.authorization?.replace('Bearer ', '') ?? '';
  const caller = callers.get(token as 'key-of-a');
  if (!caller) throw new OpenClawError('missing_credentials', { details: { from: socket.remoteAddress ?? '' } });
  return caller;
}

const noSessions: SessionDirectory = {
  list: async () => ({ sessions: [], total: 0 }),
  show: (key) => Promise.reject(new OpenClawError('session_not_found', { details: { sessionKey: key } })),
  remove: async () => false,
};

function countingTool(name: string, effect: Tool['effect'], calls: string[]): Tool {
  return {
    ...{ name, effect, description: `does ${name}`, parameters: { type: 'object' } },
    async run() {
      calls.push(name);
      return { isError: false, text: `${name} done` };
    },
  };
}

function playScript(directory: string): ModelCaller {
  return async function* answer({ messages, signal, idempotencyKey }) {
    const last = messages.findLast(({ role }) => role === 'user');
    const lines = last && 'text' in last ? last.text.split('\n') : [];
    const position = messages.slice(messages.lastIndexOf(last ?? messages[0]!)).filter(({ role }) => role === 'assistant').length;
    const line = lines[Math.min(position, lines.length - 1)] ?? '';
    const [word = '', name = '', ...rest] = line.split(' ');
    if (word === 'fail') throw new OpenClawError('upstream_refused', { details: { provider: 'script', reason: 'it says so' } });
    if (word === 'call') {
      const callId = createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 12);
      const call: ToolCallRequest = { callId, name, argumentsText: rest.join(' ') || '{}' };
      yield { kind: 'toolCall', call };
      yield { kind: 'end', finishReason: 'tool_calls', use: { inputTokens: 10, outputTokens: 5, costNanoUsd: 100 } };
      return;
    }
    const text = word === 'say' ? line.slice('say '.length) : line;
    if (word === 'hold') {
      yield { kind: 'text', text: 'holding ' };
      while (!existsSync(join(directory, 'release'))) await wait(5, undefined, { signal });
    }
    for (const piece of text.match(/.{1,8}/gs) ?? []) {
      signal.throwIfAborted();
      yield { kind: 'text', text: piece };
    }
    yield { kind: 'end', finishReason: 'stop', use: { inputTokens: 10, outputTokens: 5, costNanoUsd: 100 } };
  };
}

if (import.meta.main) {
  const [directory = '', port = '0'] = process.argv.slice(2);
  const server = await startRunServer({ directory, port: Number(port) });
  process.on('SIGTERM', () => void server[Symbol.asyncDispose]().then(() => process.exit(0)));
  process.stdout.write(`${server.url}\n`);
}
