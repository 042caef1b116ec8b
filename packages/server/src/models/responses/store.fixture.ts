/** A store of responses on each engine, for tests, and the calls, answers and targets that go in and out of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFakeClock, type FakeClock } from '../../core/fake-clock.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { createLog } from '../../core/log.ts';
import type { Database } from '../../storage/index.ts';
import { migrations } from '../../storage/migrations/index.ts';
import { openPostgres } from '../../storage/postgres/database.ts';
import type { PgliteServer } from '../../storage/postgres/pglite.fixture.ts';
import { openSqlite } from '../../storage/sqlite/database.ts';
import { storePaths } from '../../storage/sqlite/paths.ts';
import type { ModelCall } from '../call.ts';
import type { AnswerOrigin } from '../read-answer.ts';
import type { Provider, Target } from '../target.ts';
import type { ResponseArchiveOptions } from './archive.ts';
import { createResponseStore, type PreparedRequest, type ResponseStore } from './index.ts';

export interface TestResponses extends AsyncDisposable {
  readonly store: ResponseStore;
  readonly database: Database;
  readonly clock: FakeClock;
  readonly logLines: string[];
}

/** @param server PostgreSQL, emptied at the end; without it a SQLite store in a directory of its own */
export async function openResponses(server?: PgliteServer, options: Partial<ResponseArchiveOptions> = {}): Promise<TestResponses> {
  await using resources = new AsyncDisposableStack();
  const clock = createFakeClock();
  const database = server ? await openEmpty(server, resources) : await openOnDisk(resources, clock);
  resources.defer(() => database.close());
  const logLines: string[] = [];
  const log = createLog({ clock, destinations: [{ write: (line) => void logLines.push(line) }] });
  const store = createResponseStore({ database, clock, log, ...options });
  resources.defer(() => store.close());
  const kept = resources.move();
  return { store, database, clock, logLines, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function openOnDisk(resources: AsyncDisposableStack, clock: FakeClock): Promise<Database> {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-responses-'));
  resources.defer(() => rmSync(directory, { recursive: true }));
  return openSqlite({ paths: storePaths(directory), clock, migrations, reader: 'at once' });
}

function openEmpty(server: PgliteServer, resources: AsyncDisposableStack): Promise<Database> {
  resources.defer(() => server.empty());
  return openPostgres({ client: server.connect(), migrations });
}

export function callOf(owner: string, body: JsonObject): ModelCall {
  const call: Partial<ModelCall> = {
    requestId: 'req_1',
    dialect: 'openai-responses',
    body: Buffer.from(JSON.stringify(body)),
    caller: { id: owner, models: undefined },
  };
  return call as ModelCall;
}

/** A target of `provider/model`; its provider speaks Responses unless it is told otherwise. */
export function targetAt(name: string, more: { readonly dialect?: Provider['dialect']; readonly keyId?: string } = {}): Target {
  const [id = '', model = ''] = name.split('/');
  const provider = { id, dialect: more.dialect ?? 'openai-responses' } as Partial<Provider> as Provider;
  const key = { id: more.keyId ?? '1', source: 'the test', weight: 1, headers: {} };
  return { provider, key, model, name, known: undefined, weight: 1 };
}

export function requestTo(targets: readonly Target[], owner: string, body: JsonObject): PreparedRequest {
  return { call: callOf(owner, body), body, targets };
}

/** What a provider answers that says `text`; `more` are fields of the response. */
export function answerOf(id: string, text: string, more: JsonObject = {}): JsonObject {
  const content: JsonValue[] = [{ type: 'output_text', text, annotations: [] }];
  const message = { id: `msg_${id}`, type: 'message', role: 'assistant', status: 'completed', content };
  return { id, object: 'response', status: 'completed', model: 'large', output: [message], store: true, ...more };
}

/** Where an answer came from: as it was, where its provider speaks Responses. */
export function from(target: Target): AnswerOrigin {
  return { target, passedThrough: target.provider.dialect === 'openai-responses' };
}
