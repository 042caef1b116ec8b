/** Workloads at `/metrics`: the latest reading of each instance and what has happened, under the same names on all drivers. */
import type { Counter, Family, Metrics, Sample } from '../../core/metrics.ts';
import type { InstanceReading } from './sampler.ts';

export interface FiguresSource {
  /** Instances that live, with their latest reading where there is one. */
  readonly instances: () => Iterable<{
    readonly namespace: string;
    readonly workload: string;
    readonly instance: string;
    readonly reading: InstanceReading | undefined;
    readonly restarts: number;
  }>;
  readonly workloads: () => Iterable<{
    readonly namespace: string;
    readonly workload: string;
    readonly replicas: number;
    readonly ready: number;
    readonly restarts: number;
  }>;
}

export interface Figures {
  readonly events: Family<Counter>;
  /** From now on the figures are those of this part; undefined: there are none. */
  follow(source: FiguresSource | undefined): void;
}

/** Instances that are shown; what is beyond them is only in the API. */
const instanceLimit = 500;

export function registerFigures(metrics: Metrics): Figures {
  let source: FiguresSource | undefined;
  const ofInstances = (name: string, help: string, read: (reading: InstanceReading) => number | undefined): void =>
    metrics.callback({
      ...{ name, help, type: name.endsWith('_total') ? 'counter' : 'gauge', labelNames: ['namespace', 'workload', 'instance'] },
      read: () => samplesOf(source, read),
    });
  ofInstances('openclaw_workload_memory_usage_bytes', 'All that the kernel charges an instance.', ({ sample }) => sample.usageBytes);
  ofInstances(
    'openclaw_workload_memory_working_set_bytes',
    'Usage without files that nobody uses.',
    ({ sample }) => sample.workingSetBytes,
  );
  ofInstances('openclaw_workload_memory_rss_bytes', 'Resident in all processes of an instance.', ({ sample }) => sample.rssBytes);
  ofInstances('openclaw_workload_memory_limit_bytes', 'Its limit.', ({ limitBytes }) => limitBytes);
  ofInstances(
    'openclaw_workload_memory_pressure_percent',
    'Share of ten seconds that some tasks waited for memory.',
    ({ sample }) => sample.psi?.some,
  );
  ofInstances('openclaw_workload_cpu_seconds_total', 'Processor time of the units that run now.', ({ sample }) => sample.cpuSeconds);
  ofInstances(
    'openclaw_workload_oom_kills_total',
    'Processes ended for their memory in the units that run now.',
    ({ outOfMemoryKills }) => outOfMemoryKills,
  );
  const ofWorkloads = (
    name: string,
    help: string,
    read: (workload: { replicas: number; ready: number; restarts: number }) => number,
  ): void =>
    metrics.callback({
      ...{ name, help, type: name.endsWith('_total') ? 'counter' : 'gauge', labelNames: ['namespace', 'workload'] },
      read: () => [...(source?.workloads() ?? [])].map((each) => ({ labels: [each.namespace, each.workload], value: read(each) })),
    });
  ofWorkloads('openclaw_workload_replicas', 'Instances that are wanted.', ({ replicas }) => replicas);
  ofWorkloads('openclaw_workload_ready_replicas', 'Instances that are ready.', ({ ready }) => ready);
  ofWorkloads('openclaw_workload_restarts_total', 'Restarts of containers.', ({ restarts }) => restarts);
  const events = metrics.counter({
    name: 'openclaw_workload_events_total',
    help: 'Events of workloads by reason, among them clw-memory-oom and clw-memory-pressure.',
    labelNames: ['namespace', 'workload', 'reason'],
    seriesLimit: 2000,
  });
  return {
    events,
    follow(next) {
      source = next;
    },
  };
}

function samplesOf(source: FiguresSource | undefined, read: (reading: InstanceReading) => number | undefined): Sample[] {
  const samples: Sample[] = [];
  for (const { namespace, workload, instance, reading } of source?.instances() ?? []) {
    const value = reading && read(reading);
    if (value !== undefined && samples.length < instanceLimit) samples.push({ labels: [namespace, workload, instance], value });
  }
  return samples;
}
