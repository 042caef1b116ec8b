/** What a pod asks for, of one container in it. */
import { parseBytes, parseMilli } from '@openclaw/protocol';
import type { JsonObject } from '../../../core/json.ts';
import { listOf, objectOf, positiveOf, textOf, textsOf } from '../answers.ts';
import type { Limits, Mount, Port, Program } from '../evidence.ts';

const defaultGraceSeconds = 30;
const heap = /--max[-_]old[-_]space[-_]size[= ](\d+)/;

export function programOf(pod: JsonObject, container: JsonObject): Program {
  const spec = objectOf(pod['spec']);
  const [own, whole] = [objectOf(container['securityContext']), objectOf(spec['securityContext'])];
  const userId = own['runAsUser'] ?? whole['runAsUser'];
  const environment = listOf(container['env']).map(objectOf);
  const words = [...textsOf(container['command']), ...textsOf(container['args'])];
  const heapMebibytes = Number(
    heap.exec(words.join(' '))?.[1] ??
      environment.map(({ value }) => heap.exec(textOf(value))?.[1]).find((found) => found !== undefined) ??
      0,
  );
  return {
    entrypoint: textsOf(container['command']),
    command: textsOf(container['args']),
    user: typeof userId === 'number' ? String(userId) : '',
    ...(typeof userId === 'number' ? { userId } : {}),
    workingDirectory: textOf(container['workingDir']) || '/',
    environmentNames: environment.map(({ name }) => textOf(name)),
    ...(heapMebibytes > 0 ? { heapLimitBytes: heapMebibytes * 2 ** 20 } : {}),
    wantedPorts: environment.flatMap(({ name, value }) =>
      /(?:^|_)PORT$/.test(textOf(name)) && /^\d{1,5}$/.test(textOf(value)) ? [Number(textOf(value))] : [],
    ),
    hasInit: spec['shareProcessNamespace'] === true,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: (positiveOf(spec['terminationGracePeriodSeconds']) ?? defaultGraceSeconds) * 1000,
    readOnlyRoot: own['readOnlyRootFilesystem'] === true,
  };
}

export function limitsOf(container: JsonObject): Limits {
  const limits = objectOf(objectOf(container['resources'])['limits']);
  const memoryBytes = parseBytes(quantity(limits['memory']));
  const milli = parseMilli(quantity(limits['cpu']));
  return {
    ...(memoryBytes === undefined || memoryBytes === 0 ? {} : { memoryBytes }),
    ...(milli === undefined || milli === 0 ? {} : { cpuCores: milli / 1000 }),
  };
}

function quantity(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

export function mountsOf(spec: JsonObject, container: JsonObject): readonly Mount[] {
  const volumes = listOf(spec['volumes']).map(objectOf);
  return listOf(container['volumeMounts']).map((each): Mount => {
    const { name, mountPath, readOnly } = objectOf(each);
    const volume = volumes.find((candidate) => candidate['name'] === name) ?? {};
    return { ...kindOf(volume), target: textOf(mountPath), readOnly: readOnly === true };
  });
}

function kindOf(volume: JsonObject): Pick<Mount, 'kind' | 'source'> {
  const name = textOf(volume['name']);
  const of = (field: string, key: string): string => textOf(objectOf(volume[field])[key]) || name;
  if (volume['persistentVolumeClaim'] !== undefined) return { kind: 'volume', source: of('persistentVolumeClaim', 'claimName') };
  if (volume['hostPath'] !== undefined) return { kind: 'bind', source: of('hostPath', 'path') };
  if (volume['configMap'] !== undefined) return { kind: 'config', source: of('configMap', 'name') };
  if (volume['secret'] !== undefined) return { kind: 'secret', source: of('secret', 'secretName') };
  if (objectOf(volume['emptyDir'])['medium'] === 'Memory') return { kind: 'tmpfs', source: name };
  return { kind: 'other', source: name };
}

export function portsOf(container: JsonObject): readonly Port[] {
  return listOf(container['ports'])
    .map(objectOf)
    .map(({ containerPort, protocol, hostPort }) => ({
      containerPort: positiveOf(containerPort) ?? 0,
      protocol: (textOf(protocol) || 'TCP').toLowerCase(),
      ...(positiveOf(hostPort) === undefined ? {} : { hostPort: Number(hostPort) }),
    }));
}
