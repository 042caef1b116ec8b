/**
 * What of a workload's spec makes its instances what they are, told apart from what only says how many there are. A hash of it names a revision.
 */
import { createHash } from 'node:crypto';
import { parseBytes, parseMilli, type ContainerSpec, type WorkloadSpec } from '@openclaw/protocol';
import type { Template } from './contract.ts';

export function templateOf({ containers, volumes, restartPolicy, driver, template }: WorkloadSpec): Template {
  return { containers, volumes, restartPolicy, driver, ...(template === undefined ? {} : { template }) };
}

/** The same for templates that mean the same, in whatever order their fields were written. */
export function hashOf(template: Template): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(template)))
    .digest('hex');
}

/** Like a Pod's: the workload, its revision, and what tells it from others. */
export function instanceName(workload: string, hash: string, random: () => number): string {
  const letters = 'bcdfghjklmnpqrstvwxz2456789';
  const suffix = Array.from({ length: 5 }, () => letters[Math.floor(random() * letters.length)]).join('');
  return `${workload.slice(0, 50)}-${hash.slice(0, 5)}-${suffix}`;
}

export function memoryLimitOf({ resources }: ContainerSpec): number | undefined {
  return resources?.limits?.memory === undefined ? undefined : parseBytes(resources.limits.memory);
}

/** As Kubernetes has it: who asks for nothing asks for its limit. */
export function memoryRequestOf(container: ContainerSpec): number | undefined {
  const request = container.resources?.requests?.memory;
  return request === undefined ? memoryLimitOf(container) : parseBytes(request);
}

export function cpuLimitOf({ resources }: ContainerSpec): number | undefined {
  return resources?.limits?.cpu === undefined ? undefined : parseMilli(resources.limits.cpu);
}

/** Of an instance; undefined where one of its containers has none. */
export function sumOf(containers: readonly ContainerSpec[], of: (container: ContainerSpec) => number | undefined): number | undefined {
  return containers
    .map(of)
    .reduce<number | undefined>((sum, bytes) => (sum === undefined || bytes === undefined ? undefined : sum + bytes), 0);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, field]) => [name, sorted(field)]));
}
