/**
 * Builds the part that runs workloads, once there is something for it to do: an object in the store, or a request for its API. Until then nothing of it is in
 * memory.
 */
import { readFile } from 'node:fs/promises';
import { hostname, totalmem } from 'node:os';
import { join } from 'node:path';
import type { WorkloadsSettings } from '../config/index.ts';
import type { Clock } from '../core/clock.ts';
import { withoutLastNewline, type Environment } from '../core/env.ts';
import { reasonOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { OpenedWorkloads, WorkloadEndpointsOptions } from '../gateway/index.ts';
import type { WorkloadsLook } from '../operations/index.ts';
import type { Database } from '../storage/index.ts';
import { registerFigures, type Figures } from '../workloads/metrics/figures.ts';
import type { WorkloadsOptions } from '../workloads/index.ts';

export interface WorkloadsSide extends WorkloadEndpointsOptions {
  /** Takes over what an earlier process has left, where there is anything. */
  start(): Promise<void>;
  /** Settings have changed. */
  reconfigure(): void;
  look(): WorkloadsLook;
  /** Lets go of everything of this process; what runs goes on. */
  close(): Promise<void>;
}

export interface BuildWorkloadsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly settings: () => WorkloadsSettings;
  readonly stateDirectory: string;
  readonly environment: Environment;
  /** Told of secrets that workloads get. */
  readonly onSecret: (secret: string) => void;
  readonly activeRuns: WorkloadsOptions['activeRuns'];
}

interface Built extends OpenedWorkloads {
  readonly troubles: () => readonly string[];
  readonly reconfigure: () => void;
  readonly close: () => Promise<void>;
}

export function buildWorkloads(options: BuildWorkloadsOptions): WorkloadsSide {
  const { database, log } = options;
  const figures = registerFigures(options.metrics);
  let opening: Promise<Built> | undefined;
  let built: Built | undefined;
  let problem: string | undefined;
  let isClosed = false;

  const open = async (): Promise<Built> => {
    if (isClosed) throw new Error('workloads have been let go of');
    try {
      built = await (opening ??= buildPart(options, figures));
      problem = undefined;
      return built;
    } catch (thrown) {
      opening = undefined;
      problem = reasonOf(thrown);
      throw thrown;
    }
  };

  return {
    open,
    async start() {
      try {
        if (await isNeeded(database)) await open();
      } catch (error) {
        log.error('workloads could not be taken over', { error });
      }
    },
    reconfigure: () => built?.reconfigure(),
    look: () => ({ problem, troubles: built?.troubles() ?? [] }),
    async close() {
      isClosed = true;
      const part = await opening?.catch(() => undefined);
      await part?.close();
    },
  };
}

/** Whether an earlier process has left anything. */
async function isNeeded(database: Database): Promise<boolean> {
  const rows = await database.read({
    sql: `SELECT name FROM workload_objects WHERE resource IN ('workloads', 'memorytraces')
      UNION ALL SELECT name FROM workload_ledgers ORDER BY name LIMIT 1`,
  });
  return rows.length > 0;
}

async function buildPart(options: BuildWorkloadsOptions, figures: Figures): Promise<Built> {
  const { database, clock, settings, stateDirectory, environment, activeRuns } = options;
  const log = options.log.child({ component: 'workloads' });
  const { createDockerDriver, createProcessDriver, createWorkloads, openResourceStore } = await import('../workloads/index.ts');
  const store = await openResourceStore({ database, clock, log });
  const directory = join(stateDirectory, 'workloads');
  const host = { node: hostname(), memoryBytes: memoryOfHost(), baseEnvironment: passedOn(environment, ['PATH', 'HOME', 'LANG', 'TZ']) };
  const part = createWorkloads({
    ...{ store, database, clock, log, host, activeRuns, figures, settings },
    drivers: [
      createProcessDriver({ directory, clock }),
      createDockerDriver({ directory, clock, pull: () => settings().docker.pull, ...dockerSocket(settings(), environment) }),
    ],
    readSecret: (name, key) => readSecret(options, name, key),
    random: Math.random,
  });
  try {
    await part.start();
  } catch (thrown) {
    await part.close();
    store.close();
    throw thrown;
  }
  return {
    store,
    host,
    insight: part.insight,
    troubles: () => part.troubles(),
    reconfigure: () => part.reconfigure(),
    async close() {
      await part.close();
      store.close();
    },
  };
}

/** As `docker` itself finds it, where that is a socket of this machine: ports of a unit are reached here. */
function dockerSocket({ docker }: WorkloadsSettings, environment: Environment): { readonly socketPath?: string } {
  const host = environment.lookup('DOCKER_HOST')?.value;
  const socketPath = docker.socket ?? (host?.startsWith('unix://') === true ? host.slice('unix://'.length) : undefined);
  return socketPath === undefined ? {} : { socketPath };
}

/** What this process may use, where a container or a unit of systemd bounds it. */
function memoryOfHost(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 && constrained < totalmem() ? constrained : totalmem();
}

/** The configuration first; else a file, of which neither name leads out of its folder. */
async function readSecret(
  { settings, stateDirectory, onSecret }: BuildWorkloadsOptions,
  name: string,
  key: string,
): Promise<string | undefined> {
  const own = settings().secrets[name];
  const configured = own !== undefined && Object.hasOwn(own, key) ? own[key] : undefined;
  if (configured !== undefined) return configured;
  if (![name, key].every((part) => /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(part))) return undefined;
  try {
    const value = withoutLastNewline(await readFile(join(stateDirectory, 'credentials', 'workloads', name, key), 'utf8'));
    onSecret(value);
    return value;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
}

function passedOn(environment: Environment, names: readonly string[]): Record<string, string> {
  const found = names.map((name) => [name, environment.lookup(name)?.value] as const);
  return Object.fromEntries(found.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
