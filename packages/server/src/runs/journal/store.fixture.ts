/** Stores for tests of the journal: both engines, and several processes on one of them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEventBody } from '@openclaw/protocol';
import { createFakeClock, type FakeClock } from '../../core/fake-clock.ts';
import type { Database } from '../../storage/index.ts';
import { migrations } from '../../storage/migrations/index.ts';
import { openPostgres } from '../../storage/postgres/database.ts';
import type { PgliteServer } from '../../storage/postgres/pglite.fixture.ts';
import { openSqlite } from '../../storage/sqlite/database.ts';
import { storePaths } from '../../storage/sqlite/paths.ts';
import type { Journal, NewRun } from './contract.ts';
import { createJournal } from './journal.ts';

export interface JournalSetup extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly database: Database;
  readonly journal: Journal;
  /** Another process on the same store. */
  again(): Journal;
}

/** @param server PostgreSQL; absent: SQLite on a disk of its own */
export async function setUpJournal(server?: PgliteServer): Promise<JournalSetup> {
  await using resources = new AsyncDisposableStack();
  const clock = createFakeClock();
  const database = server ? await openEmpty(server, resources) : await openOnDisk(resources);
  resources.defer(() => database.close());
  const again = (): Journal => createJournal({ database, clock });
  const kept = resources.move();
  return { clock, database, journal: again(), again, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function openOnDisk(resources: AsyncDisposableStack): Promise<Database> {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-journal-'));
  resources.defer(() => rmSync(directory, { recursive: true }));
  return openSqlite({ paths: storePaths(directory), clock: createFakeClock(), migrations, reader: 'at once' });
}

function openEmpty(server: PgliteServer, resources: AsyncDisposableStack): Promise<Database> {
  resources.defer(() => server.empty());
  return openPostgres({ client: server.connect(), migrations });
}

export function newRun(id: string, more: Partial<NewRun> & { readonly sessionKey?: string } = {}): NewRun {
  const { sessionKey = 'agent:main:main', ...rest } = more;
  return {
    id,
    idempotencyKey: undefined,
    requestHash: 'hash',
    created: {
      ...{ kind: 'run.created', agentId: 'main', sessionKey, input: 'hello', origin: { kind: 'api', by: 'gateway' } },
      ...{
        limits: { steps: 50, tokens: 1e6, usd: 1, timeMs: 60_000, children: 20, depth: 3 },
        model: null,
        parentRunId: null,
        forkedFrom: null,
      },
    },
    ...rest,
  };
}

export const resumed = (epoch: number): RunEventBody => ({ kind: 'run.resumed', epoch, reason: 'started' });

export function stepStarted(step: number, attempt = 1): RunEventBody {
  return {
    ...{ kind: 'step.started', step, stepKind: 'model', name: 'fast', attempt, effect: 'idempotent' },
    ...{ inputHash: 'hash', idempotencyKey: `run/${step}` },
  };
}

export function delta(step: number, offset: number, text: string): RunEventBody {
  return { kind: 'step.delta', step, attempt: 1, offset, text };
}

export function stepFinished(step: number, attempt = 1): RunEventBody {
  return {
    kind: 'step.finished',
    step,
    attempt,
    result: { text: `result ${step}` },
    use: { inputTokens: 10, outputTokens: 2, costNanoUsd: 5 },
  };
}

export const finished: RunEventBody = { kind: 'run.finished', output: { text: 'done' } };
