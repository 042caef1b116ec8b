/** What makes instances of one workload serve: their probes, and the entry ports by which they are reached. */
import type { Probe, WorkloadSpec, WorkloadStatus } from '@openclaw/protocol';
import type { Ledger, SeenInstance } from './contract.ts';
import { isAvailable } from './availability.ts';
import type { EntryPort } from './entry.ts';
import type { LedgerOwner } from './ledger-store.ts';
import { probeOnce } from './probe-once.ts';
import type { ProbedUnit } from './probes.ts';
import { unitKey, type KnownUnit } from './unit-book.ts';
import type { World } from './world.ts';

export interface Serving {
  /** How units were known before this process: those that were ready stay so until their probes say otherwise. */
  adopt(status: WorkloadStatus | undefined): void;
  /** Has the units asked that live now. */
  watch(ledger: Ledger, specOf: (revision: number) => WorkloadSpec | undefined): void;
  /** Hands connections to those that are ready now. @returns why ports could not be opened, by port */
  serve(seen: readonly SeenInstance[], spec: WorkloadSpec | undefined): Promise<ReadonlyMap<number, string>>;
  endpoints(): NonNullable<WorkloadStatus['endpoints']>;
  close(): Promise<void>;
}

export function createServing(world: World, { uid }: LedgerOwner): Serving {
  let wasReady: ReadonlySet<string> = new Set();
  let endpoints: NonNullable<WorkloadStatus['endpoints']> = [];

  return {
    adopt(status) {
      wasReady = new Set(
        status?.instances.flatMap(({ id, containers }) =>
          containers.flatMap(({ name, ready, restarts }) => (ready ? [unitKey({ instance: id, container: name, attempt: restarts })] : [])),
        ),
      );
    },
    watch(ledger, specOf) {
      const units = ledger.instances.flatMap((instance): ProbedUnit[] =>
        instance.containers.flatMap(({ name, attempt }) => {
          const known = world.book.get({ instance: instance.id, container: name, attempt });
          const spec = specOf(instance.revision)?.containers.find((container) => container.name === name);
          if (!known || known.state.ended !== undefined || !spec || instance.leaving !== undefined) return [];
          const key = unitKey(known.state.id);
          return [
            {
              ...{ key, startedAtMs: known.state.startedAtMs, container: spec, wasReady: wasReady.has(key) },
              ask: (probe: Probe, signal: AbortSignal) => probeOnce(probe, targetOf(world, known, spec.ports ?? []), signal),
            },
          ];
        }),
      );
      world.probes.sync(uid, units);
    },
    async serve(seen, spec) {
      const ports = spec === undefined ? [] : entryPorts(seen, { spec, world });
      const problems = await world.entries.sync(uid, ports);
      endpoints = ports.flatMap(({ name, port }) =>
        problems.has(port) ? [] : [{ ...(name === undefined ? {} : { name }), port, address: `127.0.0.1:${port}` }],
      );
      return problems;
    },
    endpoints: () => endpoints,
    async close() {
      world.probes.sync(uid, []);
      await world.entries.sync(uid, []);
    },
  };
}

interface EntryFacts {
  readonly spec: WorkloadSpec;
  readonly world: World;
}

function entryPorts(seen: readonly SeenInstance[], { spec, world }: EntryFacts): EntryPort[] {
  const ready = seen.filter((instance) => instance.leaving === undefined && isAvailable(instance));
  return spec.containers.flatMap(({ name: container, ports = [] }) =>
    ports.map(({ name, containerPort, hostPort = containerPort }) => ({
      ...(name === undefined ? {} : { name }),
      port: hostPort,
      targets: ready.flatMap((instance) => {
        const attempt = instance.containers.find((each) => each.name === container)?.attempt;
        const unit = attempt === undefined ? undefined : world.book.get({ instance: instance.id, container, attempt });
        return unit?.state.ports.flatMap((port) => (port.containerPort === containerPort ? [port.reachedAtPort] : [])) ?? [];
      }),
    })),
  );
}

type Ports = NonNullable<WorkloadSpec['containers'][number]['ports']>;

function targetOf({ drivers }: World, { driver, state }: KnownUnit, ports: Ports): Parameters<typeof probeOnce>[1] {
  return {
    portOf(wanted) {
      const containerPort = typeof wanted === 'number' ? wanted : ports.find(({ name }) => name === wanted)?.containerPort;
      return state.ports.find((port) => port.containerPort === containerPort)?.reachedAtPort ?? containerPort;
    },
    async run(command, options) {
      const found = drivers.get(driver);
      return found ? found.run(state.id, command, options) : { exitCode: 1 };
    },
  };
}
