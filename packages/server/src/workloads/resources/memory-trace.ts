/** The kind MemoryTrace: a recording of the memory of a workload, at least once a second. */
import type { ApiObject, MemoryTraceSpec, MemoryTraceStatus } from '@openclaw/protocol';
import { ageColumn, column, nameColumn, wide } from './columns.ts';
import { field } from './field.ts';
import { dnsLabel, dnsSubdomain } from './forms.ts';
import type { Kind } from './kind.ts';
import { mistake } from './mistakes.ts';

const { integer, list, object, text } = field;

type MemoryTraceObject = ApiObject<MemoryTraceSpec, MemoryTraceStatus>;

export const memoryTraceKind: Kind = {
  kind: 'MemoryTrace',
  resource: 'memorytraces',
  singular: 'memorytrace',
  shortNames: ['mt'],
  description: 'A recording of the memory of a workload. Its file is the subresource `trace`.',
  name: dnsSubdomain,
  spec: object(
    'What is recorded.',
    {
      workload: text('A workload of the same namespace.', { form: dnsLabel() }),
      durationSeconds: integer('For how long.', { default: 300, minimum: 1, maximum: 86_400 }),
      intervalSeconds: integer('How often a reading is taken.', { default: 1, minimum: 1, maximum: 60 }),
    },
    { required: ['workload'] },
  ),
  status: object('How far it is. Written by OpenClaw.', {
    phase: text('Recording, Complete or Failed.'),
    message: text('In words.'),
    startedAt: text('When it began.'),
    completedAt: text('When it was over.'),
    instances: list(
      'What is recorded of each.',
      object('An instance.', {
        instance: text('Its name.'),
        samples: integer('Readings so far.', { minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
      }),
    ),
  }),
  isImmutable: true,
  hasScale: false,
  writeScope: 'operator.write',
  columns: [
    nameColumn,
    column<MemoryTraceObject>('Workload', 'What is recorded.', ({ spec }) => spec?.workload),
    column<MemoryTraceObject>('Phase', 'How far it is.', ({ status }) => status?.phase ?? 'Pending'),
    column<MemoryTraceObject>('Samples', 'Readings of all instances.', ({ status }) => {
      return (status?.instances ?? []).reduce((sum, { samples }) => sum + samples, 0);
    }),
    ageColumn,
    wide(column<MemoryTraceObject>('Duration', 'For how long.', ({ spec }) => `${spec?.durationSeconds}s`)),
    wide(column<MemoryTraceObject>('Message', 'In words.', ({ status }) => status?.message)),
  ],
  selectable: {
    'spec.workload': (object) => (object as MemoryTraceObject).spec?.workload ?? '',
    'status.phase': (object) => (object as MemoryTraceObject).status?.phase ?? 'Pending',
  },
  rules(spec) {
    const { durationSeconds, intervalSeconds } = spec as MemoryTraceSpec;
    if (intervalSeconds <= durationSeconds) return [];
    return [mistake.contradiction('spec.intervalSeconds', intervalSeconds, 'it must not be longer than the recording')];
  },
  warnings: () => [],
};
