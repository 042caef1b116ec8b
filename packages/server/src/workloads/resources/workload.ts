/** The kind Workload: a program that OpenClaw keeps running under limits. */
import { formatMemory, type Workload } from '@openclaw/protocol';
import { ageColumn, column, nameColumn, wide } from './columns.ts';
import { dnsLabel } from './forms.ts';
import type { Kind } from './kind.ts';
import { workloadRules, workloadWarnings } from './workload-rules.ts';
import { workloadSpec, workloadStatus } from './workload-spec.ts';

/** Names of instances are longer by a hash and a suffix, and have to be names of hosts. */
const longestName = 50;

export const workloadKind: Kind = {
  kind: 'Workload',
  resource: 'workloads',
  singular: 'workload',
  shortNames: ['wl'],
  description: 'A program that OpenClaw keeps running under limits.',
  name: dnsLabel(longestName),
  spec: workloadSpec,
  status: workloadStatus,
  isImmutable: false,
  hasScale: true,
  writeScope: 'operator.admin',
  columns: [
    nameColumn,
    column<Workload>('Phase', 'How it is.', ({ status }) => status?.phase ?? 'Pending'),
    column<Workload>('Ready', 'Instances that may be asked for work, of those that are wanted.', ({ spec, status }) => {
      return `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`;
    }),
    {
      ...column<Workload>('Restarts', 'How often its programs were started again.', ({ status }) => status?.restarts ?? 0),
      type: 'integer',
    },
    column<Workload>('Memory', 'What its largest instance uses, of its limit.', memoryOf),
    ageColumn,
    wide(column<Workload>('Driver', 'What runs it.', ({ spec, status }) => status?.driver ?? spec?.driver)),
    wide(
      column<Workload>('Images', 'What it runs.', ({ spec }) =>
        spec?.containers.map(({ image, command }) => image ?? command?.[0] ?? '').join(','),
      ),
    ),
    wide(
      column<Workload>('Endpoints', 'Where its ports are reached.', ({ status }) =>
        emptyIsNone(status?.endpoints?.map(({ address }) => address)),
      ),
    ),
    wide(column<Workload>('Reason', 'Why it is in this phase.', ({ status }) => status?.reason)),
  ],
  selectable: {
    'status.phase': (object) => (object as Workload).status?.phase ?? 'Pending',
    'spec.driver': (object) => (object as Workload).spec?.driver ?? '',
  },
  rules: workloadRules,
  warnings: workloadWarnings,
};

function memoryOf({ status }: Workload): string | undefined {
  const readings = (status?.instances ?? []).flatMap(({ memory }) => memory ?? []);
  const [most] = readings.toSorted((one, other) => other.current - one.current);
  if (!most) return undefined;
  return most.limit === undefined ? formatMemory(most.current) : `${formatMemory(most.current)}/${formatMemory(most.limit)}`;
}

function emptyIsNone(texts: readonly string[] | undefined): string | undefined {
  return texts && texts.length > 0 ? texts.join(',') : undefined;
}
