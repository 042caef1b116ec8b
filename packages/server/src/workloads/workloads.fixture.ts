/** The whole part over a machine in memory, a real database and a clock that stands still, for tests: gateways come and go, what runs stays. */
import { setImmediate as turn } from 'node:timers/promises';
import type { ApiEvent, Workload, WorkloadSpec } from '@openclaw/protocol';
import { createLog } from '../core/log.ts';
import { createMetrics, type Metrics } from '../core/metrics.ts';
import { createFakeHost, type FakeHost, type FakeUnit } from './fake-host.fixture.ts';
import { registerFigures } from './metrics/figures.ts';
import { openObjects, type TestObjects } from './store/store.fixture.ts';
import { createWorkloads, type Workloads, type WorkloadSettings, type WorkloadsOptions } from './workloads.ts';

export const mebibyte = 2 ** 20;

export interface TestGateway {
  readonly part: Workloads;
  readonly metrics: Metrics;
  /** Ends without a word to what runs, as `kill -9` does. */
  stop(): Promise<void>;
}

export interface TestWorkloads extends AsyncDisposable {
  readonly objects: TestObjects;
  readonly host: FakeHost;
  readonly lines: string[];
  settings: WorkloadSettings;
  activeRuns: WorkloadsOptions['activeRuns'];
  start(): Promise<TestGateway>;
  apply(name: string, spec?: Partial<WorkloadSpec>): Promise<Workload>;
  get(name: string): Promise<Workload | undefined>;
  /** Lets everything happen that happens by itself, until the condition holds. */
  until(condition: () => unknown, what?: string): Promise<void>;
  /** Moves the clock on in small steps, and lets happen what falls due. */
  pass(ms: number): Promise<void>;
  events(name: string): Promise<readonly ApiEvent[]>;
  living(name: string): readonly FakeUnit[];
}

const key = (name: string) => ({ resource: 'workloads', namespace: 'default', name });

export const plainSpec: WorkloadSpec = {
  replicas: 1,
  driver: 'auto',
  containers: [{ name: 'main', command: ['serve'], resources: { limits: { memory: '100Mi' } } }],
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  volumes: [],
  revisionHistoryLimit: 10,
};

/** For `until`. */
export function isPhase(workloads: TestWorkloads, name: string, phase: string): () => Promise<boolean> {
  return async () => (await workloads.get(name))?.status?.phase === phase;
}

export async function openWorkloads(): Promise<TestWorkloads> {
  const objects = await openObjects();
  const { clock, store, database } = objects;
  const host = createFakeHost(clock);
  const gateways = new Set<TestGateway>();
  const lines: string[] = [];
  const log = createLog({ clock, destinations: [{ write: (line) => void lines.push(line) }], format: 'json' });
  let seed = 1;
  const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;

  const settle = async (): Promise<void> => {
    for (let round = 0; round < 4; round += 1) {
      await turn();
      for (const { part } of gateways) await part.settled();
    }
  };

  const test: TestWorkloads = {
    ...{ objects, host, lines },
    activeRuns: () => [],
    settings: {
      images: {},
      driver: 'auto',
      samplingIntervalMs: 5000,
      retention: { fineMs: 86_400_000, minutesMs: 7 * 86_400_000, tensMs: 30 * 86_400_000 },
    },
    async start() {
      const metrics = createMetrics();
      const part = createWorkloads({
        ...{ store, database, clock, log, random },
        drivers: [host.driver()],
        settings: () => test.settings,
        host: { node: 'this-machine', memoryBytes: 8 * 2 ** 30, baseEnvironment: { PATH: '/bin' } },
        readSecret: async (name, secret) => (name === 'known' ? `value of ${secret}` : undefined),
        activeRuns: (addresses) => test.activeRuns(addresses),
        figures: registerFigures(metrics),
      });
      const gateway: TestGateway = {
        part,
        metrics,
        async stop() {
          gateways.delete(gateway);
          await part.close();
        },
      };
      await part.start();
      gateways.add(gateway);
      await settle();
      return gateway;
    },
    async apply(name, spec = {}) {
      const whole = { ...plainSpec, ...spec };
      const existing = await store.get(key(name));
      const object = existing
        ? await store.update(key(name), (current) => ({ ...current, spec: whole }))
        : await store.create({ apiVersion: 'openclaw.io/v1', kind: 'Workload', key: key(name), metadata: {}, spec: whole });
      return object as Workload;
    },
    get: async (name) => (await store.get(key(name))) as Workload | undefined,
    async until(condition, what = 'it') {
      for (let round = 0; round < 2000; round += 1) {
        if (await condition()) return;
        await settle();
      }
      throw new Error(
        `${what} never came about: ${JSON.stringify((await store.list({ resource: 'workloads' })).items.map(({ status }) => status))}`,
      );
    },
    async pass(ms) {
      for (let left = ms; left > 0; left -= 1000) {
        clock.advance(Math.min(1000, left));
        await settle();
      }
    },
    async events(name) {
      const { items } = await store.list({ resource: 'events' });
      return (items as readonly ApiEvent[]).filter(({ involvedObject }) => involvedObject.name === name);
    },
    living: (name) => host.living().filter(({ plan }) => plan.workload.name === name),
    async [Symbol.asyncDispose]() {
      for (const gateway of gateways) await gateway.stop();
      await objects[Symbol.asyncDispose]();
    },
  };
  return test;
}
