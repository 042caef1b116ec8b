/**
 * A unit as a container, in both directions: what the engine is asked to make of a plan, and what its answers say of a unit. It talks to nobody.
 *
 * Labels say whose a container is and which unit; the environment of the plan, with its secrets, is in none of them.
 */
import { constants } from 'node:os';
import type { UnitEnd, UnitId, UnitMount, UnitPlan, UnitState } from '../driver.ts';

/** What the engine tells of a container, as far as it is used. */
export interface Inspected {
  readonly Id: string;
  readonly State: {
    readonly Status: string;
    readonly Running: boolean;
    readonly OOMKilled: boolean;
    readonly Pid: number;
    readonly ExitCode: number;
    readonly StartedAt: string;
    readonly FinishedAt: string;
  };
  readonly Config: {
    readonly Labels: Readonly<Record<string, string>> | null;
    readonly Env: readonly string[] | null;
    readonly WorkingDir?: string;
  };
  readonly HostConfig: { readonly Memory: number };
}

const prefix = 'openclaw.workloads.';
const label = (name: string): string => prefix + name;

/** Of one unit the name is always the same, so that the engine itself refuses to make it twice. No part of it has an underscore of its own. */
export function containerName(owner: string, { instance, container, attempt }: UnitId): string {
  return `openclaw_${owner}_${instance}_${container}_${attempt}`;
}

export function ownerLabel(owner: string): string {
  return `${label('owner')}=${owner}`;
}

export interface ContainerPlanOptions {
  readonly owner: string;
  readonly processLimit: number;
  /** Of the output that is kept. */
  readonly log: { readonly fileBytes: number; readonly files: number };
}

/** The body of `POST /containers/create`. */
export function containerOf(plan: UnitPlan, { owner, processLimit, log }: ContainerPlanOptions): object {
  const { id, workload, revision, memoryLimitBytes, cpuLimitMilli, ports } = plan;
  return {
    Image: plan.image,
    ...(plan.command.length === 0 ? {} : { Entrypoint: plan.command }),
    ...(plan.args.length === 0 ? {} : { Cmd: plan.args }),
    Env: Object.entries(plan.environment).map(([name, value]) => `${name}=${value}`),
    ...(plan.workingDirectory === undefined ? {} : { WorkingDir: plan.workingDirectory }),
    // Longer ones are no names of machines.
    Hostname: id.instance.slice(0, 63),
    ExposedPorts: Object.fromEntries(ports.map(({ containerPort }) => [`${containerPort}/tcp`, {}])),
    // The image may say how it wants to be asked to end; what controllers promise is SIGTERM.
    StopSignal: 'SIGTERM',
    Healthcheck: { Test: ['NONE'] },
    Labels: {
      [label('owner')]: owner,
      [label('namespace')]: workload.namespace,
      [label('name')]: workload.name,
      [label('uid')]: workload.uid,
      [label('instance')]: id.instance,
      [label('container')]: id.container,
      [label('attempt')]: String(id.attempt),
      [label('revision')]: String(revision),
      [label('ports')]: JSON.stringify(ports),
    },
    HostConfig: {
      // The same for memory and for both together: no swap.
      ...(memoryLimitBytes === undefined ? {} : { Memory: memoryLimitBytes, MemorySwap: memoryLimitBytes }),
      ...(cpuLimitMilli === undefined ? {} : { NanoCpus: cpuLimitMilli * 1_000_000 }),
      PidsLimit: processLimit,
      Init: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      RestartPolicy: { Name: 'no' },
      PortBindings: Object.fromEntries(
        ports.map(({ containerPort, reachedAtPort }) => [
          `${containerPort}/tcp`,
          [{ HostIp: '127.0.0.1', HostPort: String(reachedAtPort) }],
        ]),
      ),
      Mounts: plan.mounts.map((mount) => mountOf(mount, owner)),
      LogConfig: { Type: 'json-file', Config: { 'max-size': String(log.fileBytes), 'max-file': String(log.files) } },
    },
  };
}

function mountOf({ path, readOnly, source }: UnitMount, owner: string): object {
  const common = { Target: path, ReadOnly: readOnly };
  if (source.kind === 'host') return { ...common, Type: 'bind', Source: source.path };
  if (source.kind === 'memory')
    return {
      ...common,
      Type: 'tmpfs',
      TmpfsOptions: { Mode: 0o1777, ...(source.limitBytes === undefined ? {} : { SizeBytes: source.limitBytes }) },
    };
  const volume = { VolumeOptions: { Labels: { [label('owner')]: owner } } };
  // Without a name it goes with the container.
  return source.kind === 'scratch'
    ? { ...common, Type: 'volume', ...volume }
    : { ...common, Type: 'volume', ...volume, Source: volumeName(owner, source.name) };
}

/** Names of volumes may hold letters, digits, `_`, `.` and `-`. */
export function volumeName(owner: string, name: string): string {
  return `openclaw_${owner}_${encodeURIComponent(name).replace(/[^\w.-]/g, '_')}`;
}

/** Without its end. Undefined where the labels are not those that we write. */
export function stateOf({ Config, State }: Pick<Inspected, 'Config' | 'State'>, owner: string): UnitState | undefined {
  const labels = Config.Labels ?? {};
  const text = (name: string): string => labels[label(name)] ?? '';
  if (text('owner') !== owner || text('instance') === '') return undefined;
  return {
    id: { instance: text('instance'), container: text('container'), attempt: Number(text('attempt')) },
    workload: { namespace: text('namespace'), name: text('name'), uid: text('uid') },
    revision: Number(text('revision')),
    startedAtMs: Date.parse(State.StartedAt),
    limits: 'kernel',
    ports: JSON.parse(text('ports') || '[]') as UnitState['ports'],
  };
}

export interface EndFacts {
  readonly exitCode: number;
  readonly atMs: number;
  /** A process of it was ended for its memory, and nobody has sent SIGKILL since. */
  readonly wasOutOfMemory: boolean;
  readonly how: UnitEnd['how'];
  readonly message: string;
}

const killedCode = 137;
const signalBase = 128;

/** What the engine calls `OOMKilled` is true of each container in which some process was ended for its memory: the code has to fit too. */
export function endOf({ exitCode, atMs, wasOutOfMemory, how, message }: EndFacts): UnitEnd {
  const signal = Object.entries(constants.signals).find(([, number]) => number === exitCode - signalBase)?.[0];
  return {
    atMs,
    exitCode,
    ...(signal === undefined ? {} : { signal }),
    outOfMemory: exitCode === killedCode && wasOutOfMemory,
    how,
    ...(message === '' ? {} : { message }),
  };
}
