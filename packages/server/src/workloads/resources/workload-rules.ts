/** Rules between the fields of a Workload, and what may be written and is probably not meant. */
import { formatMemory, parseBytes, parseMilli, type ContainerSpec, type Probe, type WorkloadSpec } from '@openclaw/protocol';
import type { Host } from './kind.ts';
import { checkTemplate } from './metadata.ts';
import { mistake, type Mistake } from './mistakes.ts';

export function workloadRules(value: unknown): readonly Mistake[] {
  const spec = value as WorkloadSpec;
  return [
    ...spec.containers.flatMap((container, index) => containerRules(spec, container, `spec.containers[${index}]`)),
    ...spec.volumes.flatMap((source, index) => exactlyOne(`spec.volumes[${index}]`, source, ['hostPath', 'named', 'emptyDir'])),
    ...portRules(spec),
    ...softLimitRules(spec),
    ...checkTemplate(spec.template?.metadata, 'spec.template.metadata'),
  ];
}

export function workloadWarnings(value: unknown, { memoryBytes }: Host): readonly string[] {
  const { containers, replicas, driver } = value as WorkloadSpec;
  const warnings = containers.flatMap(({ resources = {} }, index) => {
    const path = `spec.containers[${index}].resources`;
    const { request, limit } = { request: bytes(resources.requests?.memory), limit: bytes(resources.limits?.memory) };
    return [
      ...(request !== undefined && request === limit
        ? [`${path}: the request equals the limit of ${resources.limits?.memory}: nothing is left above what it normally uses`]
        : []),
      ...(limit !== undefined && limit > memoryBytes
        ? [`${path}.limits.memory: ${resources.limits?.memory} is more than this machine has (${formatMemory(memoryBytes)})`]
        : []),
    ];
  });
  if (driver === 'docker')
    for (const [index, { reportsHeap }] of containers.entries())
      if (reportsHeap === true) warnings.push(`spec.containers[${index}].reportsHeap: Docker's containers tell nothing of their heap`);
  const requested = replicas * containers.reduce((sum, { resources }) => sum + (bytes(resources?.requests?.memory) ?? 0), 0);
  if (requested <= memoryBytes) return warnings;
  const what = `${formatMemory(requested)} of memory are requested by ${replicas === 1 ? 'it' : `${replicas} replicas`}`;
  return [...warnings, `spec: ${what}, and this machine has ${formatMemory(memoryBytes)}: it will wait as Pending`];
}

function containerRules({ volumes, driver }: WorkloadSpec, container: ContainerSpec, path: string): readonly Mistake[] {
  const { image, command = [], env = [], volumeMounts = [], resources = {}, ports = [] } = container;
  const found: Mistake[] = [];
  if (image === undefined && driver === 'docker') found.push(mistake.required(`${path}.image`, 'Docker runs images'));
  else if (image === undefined && command.length === 0) found.push(mistake.required(`${path}.command`, 'there is no image either'));
  for (const [index, { value, valueFrom }] of env.entries()) {
    const at = `${path}.env[${index}]`;
    if (value !== undefined && valueFrom) found.push(mistake.forbidden(`${at}.valueFrom`, 'there is a value already'));
    if (valueFrom && !valueFrom.secretKeyRef) found.push(mistake.required(`${at}.valueFrom.secretKeyRef`));
  }
  for (const [index, { name }] of volumeMounts.entries()) {
    const names = volumes.map((volume) => volume.name);
    if (!names.includes(name))
      found.push(mistake.contradiction(`${path}.volumeMounts[${index}].name`, name, 'no volume of spec.volumes has this name'));
  }
  for (const [unit, read] of [
    ['memory', parseBytes],
    ['cpu', parseMilli],
  ] as const) {
    const [request, limit] = [resources.requests?.[unit], resources.limits?.[unit]];
    if (request === undefined || limit === undefined || (read(request) ?? 0) <= (read(limit) ?? 0)) continue;
    found.push(mistake.contradiction(`${path}.resources.requests.${unit}`, request, `it must not be more than the limit of ${limit}`));
  }
  const portNames = ports.flatMap(({ name }) => name ?? []);
  for (const name of ['startupProbe', 'livenessProbe', 'readinessProbe'] as const) {
    const probe = container[name];
    if (probe) found.push(...probeRules(probe, `${path}.${name}`, portNames));
    if (name !== 'readinessProbe' && (probe?.successThreshold ?? 1) !== 1)
      found.push(mistake.contradiction(`${path}.${name}.successThreshold`, probe?.successThreshold, 'it must be 1 here'));
  }
  return found;
}

function probeRules(probe: Probe, path: string, portNames: readonly string[]): readonly Mistake[] {
  const found = [...exactlyOne(path, probe, ['exec', 'httpGet', 'tcpSocket'])];
  for (const kind of ['httpGet', 'tcpSocket'] as const) {
    const port = probe[kind]?.port;
    if (typeof port === 'string' && !portNames.includes(port))
      found.push(mistake.contradiction(`${path}.${kind}.port`, port, 'no port of the container has this name'));
  }
  return found;
}

function exactlyOne(path: string, value: object, names: readonly string[]): readonly Mistake[] {
  const given = names.filter((name) => Object.hasOwn(value, name));
  if (given.length === 0) return [mistake.required(path, `one of ${names.join(', ')}`)];
  return given.slice(1).map((name) => mistake.forbidden(`${path}.${name}`, `there is ${given[0]} already`));
}

function portRules({ containers }: WorkloadSpec): readonly Mistake[] {
  const found: Mistake[] = [];
  const hostPorts = new Set<number>();
  const names = new Set<string>();
  for (const [index, { ports = [] }] of containers.entries()) {
    for (const [place, { name, containerPort, hostPort = containerPort }] of ports.entries()) {
      const path = `spec.containers[${index}].ports[${place}]`;
      if (hostPorts.has(hostPort)) found.push(mistake.duplicate(`${path}.hostPort`, hostPort));
      if (name !== undefined && names.has(name)) found.push(mistake.duplicate(`${path}.name`, name));
      hostPorts.add(hostPort);
      if (name !== undefined) names.add(name);
    }
  }
  return found;
}

function softLimitRules({ softMemoryLimit, containers }: WorkloadSpec): readonly Mistake[] {
  if (!softMemoryLimit || containers.some(({ resources }) => resources?.limits?.memory !== undefined)) return [];
  return [mistake.forbidden('spec.softMemoryLimit', 'it is a share of a memory limit, and no container has one')];
}

function bytes(quantity: string | undefined): number | undefined {
  return quantity === undefined ? undefined : parseBytes(quantity);
}
