/**
 * From a template to the plan of one unit: command, environment with its secrets, ports, limits and mounts. What a driver gets is complete; it looks nothing
 * up.
 */
import type { ContainerSpec, DriverName, EnvironmentVariable, VolumeSpec, WorkloadSpec } from '@openclaw/protocol';
import { parseBytes } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import type { UnitId, UnitMount, UnitPlan } from '../drivers/driver.ts';
import { commandOf, type ImageCommands } from './placement.ts';
import { cpuLimitOf, memoryLimitOf } from './template.ts';

/** The value of `key` of the secret `name`; undefined where there is none. */
export type SecretReader = (name: string, key: string) => Promise<string | undefined>;

export interface UnitPlanOptions {
  readonly id: UnitId;
  readonly workload: UnitPlan['workload'];
  readonly revision: number;
  readonly spec: Pick<WorkloadSpec, 'containers' | 'volumes' | 'terminationGracePeriodSeconds'>;
  readonly driver: DriverName;
  readonly images: ImageCommands;
  readonly readSecret: SecretReader;
  /** What a process on this machine gets of the gateway's own environment: where programs lie, and whose home it is. */
  readonly baseEnvironment: Readonly<Record<string, string>>;
  readonly freePort: () => Promise<number>;
}

/** @throws OpenClawError `workload_cannot_run` where a secret is missing */
export async function planUnit(options: UnitPlanOptions): Promise<UnitPlan> {
  const { id, workload, revision, spec, driver, images } = options;
  const container = spec.containers.find(({ name }) => name === id.container);
  if (!container) throw cannotRun(options, `revision ${revision} has no container of this name`);
  const ports = await portsOf(container, options);
  const environment = await environmentOf(container, { ...options, ports });
  const expand = (text: string): string => expandVariables(text, environment);
  const command = container.command ?? (driver === 'process' ? commandOf(container.image, images) : undefined) ?? [];
  const memoryLimitBytes = memoryLimitOf(container);
  const cpuLimitMilli = cpuLimitOf(container);
  return {
    ...{ id, workload, revision, environment, ports },
    command: command.map(expand),
    args: (container.args ?? []).map(expand),
    ...(container.image === undefined ? {} : { image: container.image }),
    ...(container.workingDir === undefined ? {} : { workingDirectory: container.workingDir }),
    ...(memoryLimitBytes === undefined ? {} : { memoryLimitBytes }),
    ...(cpuLimitMilli === undefined ? {} : { cpuLimitMilli }),
    ...(container.reportsHeap === true ? { reportsHeap: true } : {}),
    mounts: mountsOf(container, spec.volumes),
    graceMs: spec.terminationGracePeriodSeconds * 1000,
  };
}

/** `$(NAME)` as Kubernetes fills it in; `$$(NAME)` stays as `$(NAME)`, and an unknown name as it is. */
export function expandVariables(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$(\$)?\(([A-Za-z_][\w.-]*)\)/g, (whole, escaped: string | undefined, name: string) =>
    escaped === undefined ? (variables[name] ?? whole) : `$(${name})`,
  );
}

/** Each attempt has ports of its own: the one before may not have let go of its yet. */
function portsOf({ ports = [] }: ContainerSpec, { freePort }: UnitPlanOptions): Promise<UnitPlan['ports']> {
  return Promise.all(ports.map(async ({ containerPort }) => ({ containerPort, reachedAtPort: await freePort() })));
}

type EnvironmentOptions = UnitPlanOptions & { readonly ports: UnitPlan['ports'] };

async function environmentOf(container: ContainerSpec, options: EnvironmentOptions): Promise<Record<string, string>> {
  const { id, workload, driver, ports, baseEnvironment } = options;
  const [first] = ports;
  const environment: Record<string, string> = {
    ...(driver === 'process' ? baseEnvironment : {}),
    // Where the program has to listen. A process shares the machine with its replicas, so each has another port. Here too, so that `$(PORT)` is filled in.
    ...(first === undefined ? {} : { PORT: listenAt(first, driver) }),
    ...Object.fromEntries(ports.map((port) => [`OPENCLAW_PORT_${port.containerPort}`, listenAt(port, driver)])),
    OPENCLAW_WORKLOAD: workload.name,
    OPENCLAW_NAMESPACE: workload.namespace,
    OPENCLAW_INSTANCE: id.instance,
  };
  for (const variable of container.env ?? []) {
    const value = await valueOf(variable, options);
    if (value !== undefined) environment[variable.name] = expandVariables(value, environment);
  }
  return environment;
}

function listenAt({ containerPort, reachedAtPort }: UnitPlan['ports'][number], driver: DriverName): string {
  return String(driver === 'process' ? reachedAtPort : containerPort);
}

async function valueOf({ value, valueFrom }: EnvironmentVariable, options: UnitPlanOptions): Promise<string | undefined> {
  if (valueFrom === undefined) return value ?? '';
  const { name, key, optional } = valueFrom.secretKeyRef;
  const secret = await options.readSecret(name, key);
  if (secret !== undefined || optional === true) return secret;
  const where = `credentials/workloads/${name}/${key} of the state directory or workloads.secrets.${name}.${key}`;
  throw cannotRun(options, `the secret ${name} has no key ${key}; put it into ${where}`);
}

function mountsOf({ volumeMounts = [] }: ContainerSpec, volumes: readonly VolumeSpec[]): readonly UnitMount[] {
  return volumeMounts.flatMap(({ name, mountPath, readOnly = false }): UnitMount[] => {
    const volume = volumes.find((each) => each.name === name);
    return volume === undefined ? [] : [{ path: mountPath, readOnly, source: sourceOf(volume) }];
  });
}

function sourceOf({ hostPath, named, emptyDir }: VolumeSpec): UnitMount['source'] {
  if (hostPath) return { kind: 'host', path: hostPath.path };
  if (named) return { kind: 'named', name: named.name };
  const limitBytes = emptyDir?.sizeLimit === undefined ? undefined : parseBytes(emptyDir.sizeLimit);
  const limit = limitBytes === undefined ? {} : { limitBytes };
  return { kind: emptyDir?.medium === 'Memory' ? 'memory' : 'scratch', ...limit };
}

function cannotRun({ id, workload }: UnitPlanOptions, reason: string): OpenClawError {
  return new OpenClawError('workload_cannot_run', { details: { container: id.container, workload: workload.name, reason } });
}
