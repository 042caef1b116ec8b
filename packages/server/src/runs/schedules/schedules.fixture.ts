/** Schedules on a store of their own, over runs that are as many and end as a test says, for tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CreateRunRequest, RunOrigin } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import { createFakeClock, type FakeClock } from '../../core/fake-clock.ts';
import { createLog } from '../../core/log.ts';
import type { Database } from '../../storage/index.ts';
import { migrations } from '../../storage/migrations/index.ts';
import { openPostgres } from '../../storage/postgres/database.ts';
import type { PgliteServer } from '../../storage/postgres/pglite.fixture.ts';
import { openSqlite } from '../../storage/sqlite/database.ts';
import { storePaths } from '../../storage/sqlite/paths.ts';
import type { ScheduleRuns, Schedules } from './contract.ts';
import type { ScheduleLimits } from './limits.ts';
import { createSchedules } from './schedules.ts';

export interface FakeRun {
  readonly id: string;
  readonly request: CreateRunRequest;
  readonly origin: RunOrigin;
  readonly atMs: number;
  endedAtMs: number | null;
}

export interface FakeRuns extends ScheduleRuns {
  /** Each once, however often it was asked for. */
  readonly begun: FakeRun[];
  /** How often a run was asked for. */
  asked: number;
  /** The next so many are refused: before the run is there, or after it is, when only the answer is lost. */
  refuse: { times: number; readonly isThere: boolean; readonly code: 'draining' | 'agent_not_found' } | undefined;
  /** Whether runs end as soon as they have begun. @default true */
  endAtOnce: boolean;
}

export interface SchedulesSetup extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly runs: FakeRuns;
  readonly schedules: Schedules;
  readonly logged: string[];
  /** Another process on the same store. */
  again(): Schedules;
  /** Lets time pass in steps, each with all that follows from it. */
  pass(durationMs: number, stepMs?: number): Promise<void>;
  /** The moments of the runs that were begun, as times of the day. */
  times(): string[];
}

export interface SetupOptions {
  readonly nowMs?: number;
  readonly limits?: Partial<ScheduleLimits>;
  /** @default SQLite on a disk of its own */
  readonly server?: PgliteServer;
}

export async function setUpSchedules({ nowMs, limits = {}, server }: SetupOptions = {}): Promise<SchedulesSetup> {
  await using resources = new AsyncDisposableStack();
  const clock = createFakeClock(nowMs === undefined ? {} : { nowMs });
  const database = server ? await openEmpty(server, resources) : await openOnDisk(resources);
  resources.defer(() => database.close());
  const runs = createFakeRuns(clock);
  const logged: string[] = [];
  const log = createLog({ clock, level: 'info', format: 'json', destinations: [{ write: (line) => void logged.push(line) }] });
  const opened: Schedules[] = [];
  const again = (): Schedules => {
    const schedules = createSchedules({ database, clock, log, runs, limits });
    opened.push(schedules);
    return schedules;
  };
  resources.defer(async () => void (await Promise.all(opened.map((schedules) => schedules.close()))));
  const kept = resources.move();
  return {
    ...{ clock, runs, logged, schedules: again(), again },
    async pass(durationMs, stepMs = 60_000) {
      for (let leftMs = durationMs; leftMs > 0; leftMs -= stepMs) {
        clock.advance(Math.min(stepMs, leftMs));
        for (const schedules of opened) await schedules.idle();
      }
    },
    times: () => runs.begun.map(({ atMs }) => new Date(atMs).toISOString().slice(11, 16)),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function openOnDisk(resources: AsyncDisposableStack): Promise<Database> {
  const directory = mkdtempSync(join(tmpdir(), 'openclaw-schedules-'));
  resources.defer(() => rmSync(directory, { recursive: true }));
  return openSqlite({ paths: storePaths(directory), clock: createFakeClock(), migrations, reader: 'at once' });
}

function openEmpty(server: PgliteServer, resources: AsyncDisposableStack): Promise<Database> {
  resources.defer(() => server.empty());
  return openPostgres({ client: server.connect(), migrations });
}

function createFakeRuns(clock: FakeClock): FakeRuns {
  const byKey = new Map<string, FakeRun>();
  const runs: FakeRuns = {
    begun: [],
    asked: 0,
    refuse: undefined,
    endAtOnce: true,
    async create(request, origin) {
      runs.asked += 1;
      const { refuse } = runs;
      const isRefused = refuse !== undefined && refuse.times > 0;
      if (isRefused) refuse.times -= 1;
      if (isRefused && !refuse.isThere) throw new OpenClawError(refuse.code);
      const key = request.idempotencyKey ?? '';
      const known = byKey.get(key);
      const run = known ?? {
        id: `run_${byKey.size + 1}`,
        request,
        origin,
        atMs: clock.now(),
        endedAtMs: runs.endAtOnce ? clock.now() : null,
      };
      if (!known) runs.begun.push(run);
      byKey.set(key, run);
      if (isRefused) throw new OpenClawError(refuse.code);
      return { run };
    },
    async get(runId) {
      const run = runs.begun.find(({ id }) => id === runId);
      if (!run) throw new OpenClawError('run_not_found');
      return run;
    },
  };
  return runs;
}
