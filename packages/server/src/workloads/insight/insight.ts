/** Answers what is asked of a workload beside its object: from the drivers what is now, from the history what was, from the analysis what it means. */
import {
  formatBytes,
  memoryTraceVersion,
  type InstanceMetrics,
  type LeakAnalysis,
  type MemoryRecommendation,
  type MemorySample,
  type MemoryTrace,
  type SizingAnalysis,
  type Workload,
  type WorkloadAnalysis,
  type WorkloadMemoryMap,
  type WorkloadMetrics,
  type WorkloadRevisions,
} from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import { analyseMemory, recommendMemory } from '../analysis/index.ts';
import type { LedgerStore } from '../controllers/ledger-store.ts';
import type { UnitBook, KnownUnit } from '../controllers/unit-book.ts';
import type { Ledger } from '../controllers/contract.ts';
import type { Driver } from '../drivers/driver.ts';
import type { RuntimeLines } from '../events/runtime-lines.ts';
import type { OutputQuery, WorkloadInsight, WorkloadLine, WorkloadName } from '../insight.ts';
import type { History, KeptInstance } from '../metrics/history.ts';
import { thinTo } from '../metrics/thin.ts';
import type { ResourceStore } from '../store/resource-store.ts';
import { mergedOutput } from './output.ts';
import type { Recordings } from './recordings.ts';
import { stepsOf } from './steps.ts';

export interface InsightOptions {
  readonly store: ResourceStore;
  readonly ledgers: LedgerStore;
  readonly history: History;
  readonly book: UnitBook;
  readonly lines: RuntimeLines;
  readonly recordings: Recordings;
  readonly driverOf: (unit: KnownUnit) => Driver | undefined;
  readonly ledgerOf: (workloadUid: string) => Ledger | undefined;
  readonly clock: Clock;
}

/** Points of one instance that a drawing is made of. */
const drawnSamples = 5000;
const fiveSecondsMs = 5000;

export function createInsight(options: InsightOptions): WorkloadInsight {
  const { clock, ledgers, book } = options;
  const find = (workload: WorkloadName): Promise<Workload> => findWorkload(options.store, workload);
  const traceOf = async (workload: Workload, query: { readonly windowMs: number; readonly instance?: string }): Promise<MemoryTrace> => {
    const instance = await chooseInstance(options, workload, query);
    return readTrace(options, { workload, instance, sinceMs: clock.now() - query.windowMs });
  };

  return {
    async metrics(name, windowMs) {
      const workload = await find(name);
      return readMetrics(options, workload, windowMs);
    },
    async memoryMap(name, signal) {
      const { metadata } = await find(name);
      return readMaps(options, metadata.uid, signal);
    },
    async trace(name, query) {
      return traceOf(await find(name), query);
    },
    recordedTrace: (name, instance) => options.recordings.read(name, instance),
    async analysis(name, windowMs) {
      const workload = await find(name);
      return analyse(workload, { windowMs, trace: await traceOf(workload, { windowMs }) });
    },
    async revisions(name): Promise<WorkloadRevisions> {
      const { metadata } = await find(name);
      const items = await ledgers.revisions(metadata.uid);
      // One that has come back is told once, by its latest number.
      const distinct = items.filter(({ hash }, index) => items.findIndex((each) => each.hash === hash) === index);
      return { items: distinct.map(({ hash: _hash, ...revision }) => revision) };
    },
    async *output(name, query): AsyncIterable<WorkloadLine> {
      const { metadata } = await find(name);
      const { uid } = metadata;
      yield* mergedOutput(
        {
          clock,
          units: () => chooseUnits(book.ofWorkload(uid), { query, ledger: options.ledgerOf(uid), driverOf: options.driverOf }),
          runtimeLines: (sinceMs) => options.lines.read(uid, sinceMs),
          observeRuntime: (listener) => options.lines.observe(uid, listener),
        },
        query,
      );
    },
  };
}

/** @throws OpenClawError `workload_not_found` */
async function findWorkload(store: ResourceStore, { namespace, name }: WorkloadName): Promise<Workload> {
  const object = await store.get({ resource: 'workloads', namespace, name });
  if (!object) throw new OpenClawError('workload_not_found', { details: { resource: 'workloads', namespace, name } });
  return object as Workload;
}

async function readMetrics({ history, clock }: InsightOptions, { metadata }: Workload, windowMs: number): Promise<WorkloadMetrics> {
  const { uid, namespace = 'default', name } = metadata;
  const [from, to] = [clock.now() - windowMs, clock.now()];
  const instances = await Promise.all(
    (await history.instances(uid, from)).map(async ({ instance, ...facts }): Promise<InstanceMetrics> => {
      const samples = await history.samples(uid, instance, from);
      const latest = samples.at(-1);
      return {
        instance,
        ...{ driver: facts.driver, limits: facts.limits },
        ...(facts.limitBytes === undefined ? {} : { limitBytes: facts.limitBytes }),
        ...(facts.requestBytes === undefined ? {} : { requestBytes: facts.requestBytes }),
        samples: thinTo(samples, drawnSamples),
        marks: await history.marks(uid, instance, from),
        ...(latest === undefined ? {} : { latest }),
        peakBytes: samples.reduce((peak, { usageBytes }) => Math.max(peak, usageBytes), 0),
      };
    }),
  );
  const firstAt = Math.min(to, ...instances.flatMap(({ samples }) => samples[0]?.at ?? []));
  return { namespace, name, from: Math.max(from, firstAt), to, instances };
}

async function readMaps({ book, driverOf }: InsightOptions, uid: string, signal: AbortSignal): Promise<WorkloadMemoryMap> {
  const living = book.ofWorkload(uid).filter(({ state }) => state.ended === undefined);
  const instances = await Promise.all(
    living.map(async (unit) => {
      const driver = driverOf(unit);
      const [map, sample] = await Promise.all([driver?.memoryMap(unit.state.id, signal), driver?.sample(unit.state.id)]);
      if (map === undefined) return [];
      const limit = sample?.limitBytes === undefined ? {} : { limitBytes: sample.limitBytes };
      return [{ instance: unit.state.id.instance, ...map, ...limit }];
    }),
  );
  return { instances: instances.flat() };
}

async function chooseInstance(
  { history, clock }: InsightOptions,
  { metadata }: Workload,
  { windowMs, instance }: { readonly windowMs: number; readonly instance?: string },
): Promise<KeptInstance> {
  const { uid, namespace = 'default', name } = metadata;
  const sinceMs = clock.now() - windowMs;
  const kept = (await history.instances(uid, sinceMs)).filter((each) => instance === undefined || each.instance === instance);
  // The one that was there for most of the window has the most to tell.
  const longest = kept.toSorted((a, b) => lengthSince(b, sinceMs) - lengthSince(a, sinceMs))[0];
  if (longest) return longest;
  if (instance !== undefined)
    throw new OpenClawError('workload_not_found', { details: { resource: 'instance', namespace, name: instance } });
  return { instance: name, driver: 'process', limits: 'kernel', firstAtMs: sinceMs, lastAtMs: sinceMs };
}

function lengthSince({ firstAtMs, lastAtMs }: KeptInstance, sinceMs: number): number {
  return lastAtMs - Math.max(firstAtMs, sinceMs);
}

interface TraceQuestion {
  readonly workload: Workload;
  readonly instance: KeptInstance;
  readonly sinceMs: number;
}

async function readTrace({ history }: InsightOptions, { workload, instance: kept, sinceMs }: TraceQuestion): Promise<MemoryTrace> {
  const { uid, namespace = 'default', name } = workload.metadata;
  const { instance, driver, limitBytes, requestBytes, startedAtMs } = kept;
  const marks = await history.marks(uid, instance, sinceMs);
  const samples = await history.samples(uid, instance, sinceMs);
  return {
    ...{ version: memoryTraceVersion, workload: name, namespace, instance, driver, intervalMs: fiveSecondsMs },
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(requestBytes === undefined ? {} : { requestBytes }),
    ...(startedAtMs === undefined ? {} : { startedAt: startedAtMs }),
    ...(isNode(workload, samples) ? { runtime: 'node' } : {}),
    samples,
    ...(marks.length > 0 ? { marks } : {}),
  };
}

/** What tells of its heap, and what is started as `node`. */
function isNode({ spec }: Workload, samples: readonly MemorySample[]): boolean {
  const [container, second] = spec?.containers ?? [];
  return (
    samples.some(({ externalBytes }) => externalBytes !== undefined) ||
    (second === undefined && /(?:^|\/)node$/.test(container?.command?.[0] ?? ''))
  );
}

interface AnalysisFacts {
  readonly windowMs: number;
  readonly trace: MemoryTrace;
}

function analyse({ metadata, spec }: Workload, { windowMs, trace }: AnalysisFacts): WorkloadAnalysis {
  const found = analyseMemory(trace);
  const isLeak = found.verdict === 'leak';
  const hours = found.hoursToLimit;
  const leak: LeakAnalysis = {
    verdict: found.summary,
    isLeak,
    // Where nothing can be said yet, nothing is sure.
    confidence: found.verdict === 'too-short' ? 0 : { low: 0.3, medium: 0.6, high: 0.9 }[found.confidence],
    ...(found.bytesPerHour === undefined
      ? {}
      : { slopeBytesPerHour: { estimate: found.bytesPerHour.value, low: found.bytesPerHour.low, high: found.bytesPerHour.high } }),
    ...(found.grows.length === 0 ? {} : { grows: found.grows.map(({ name }) => name).join(', ') }),
    ...(hours === undefined
      ? {}
      : {
          limitReachedInMs: { low: hours.earliest * 3_600_000, ...(hours.latest === undefined ? {} : { high: hours.latest * 3_600_000 }) },
        }),
    ...(found.scenarios.length === 0 ? {} : { looksLike: found.scenarios }),
    evidence: found.evidence,
  };
  const sizing = (spec?.containers ?? []).map(({ name: container }, _index, { length }): SizingAnalysis =>
    length === 1
      ? sizeOf(container, recommendMemory(trace, found))
      : { container, p95Bytes: 0, windowMs, samples: 0, refused: 'An instance with several containers is measured as one.' },
  );
  const { namespace = 'default', name } = metadata;
  return {
    namespace,
    name,
    windowMs,
    samples: trace.samples.length,
    leak,
    sizing,
    steps: stepsOf(trace, { verdict: found.verdict, summary: found.summary }),
  };
}

function sizeOf(container: string, found: MemoryRecommendation): SizingAnalysis {
  const { p95Bytes, samples, hours, limitBytes, requestBytes, maxOldSpaceMebibytes: oldSpace, refusal, notes } = found;
  const facts = { container, p95Bytes: p95Bytes.value, windowMs: Math.round(hours * 3_600_000), samples };
  if (limitBytes === undefined || requestBytes === undefined) return { ...facts, refused: refusal ?? notes[0] ?? 'Nothing was measured.' };
  return {
    ...facts,
    ...{ limit: formatBytes(limitBytes), request: formatBytes(requestBytes), notes },
    ...(oldSpace === undefined ? {} : { nodeOptions: `--max-old-space-size=${oldSpace}` }),
  };
}

interface UnitChoice {
  readonly query: OutputQuery;
  readonly ledger: Ledger | undefined;
  readonly driverOf: InsightOptions['driverOf'];
}

/** Of each container the present unit, or with `previous` the one before; of instances that are gone only where they are named. */
function chooseUnits(units: readonly KnownUnit[], { query, ledger, driverOf }: UnitChoice) {
  const present = new Map(
    (ledger?.instances ?? []).flatMap(({ id, containers }) => containers.map(({ name, attempt }) => [`${id}/${name}`, attempt] as const)),
  );
  return units.flatMap((unit) => {
    const { id } = unit.state;
    const driver = driverOf(unit);
    const now = present.get(`${id.instance}/${id.container}`);
    const isNamed =
      (query.instance === undefined ? now !== undefined : query.instance === id.instance) &&
      (query.container ?? id.container) === id.container;
    // While one waits to be started again, what it said last is what is of interest.
    const latest = units.filter(({ state }) => state.id.instance === id.instance && state.id.container === id.container);
    const newest = Math.max(...latest.map(({ state }) => state.id.attempt));
    const wanted = query.previous ? Math.min(now ?? newest, newest + 1) - 1 : Math.min(now ?? newest, newest);
    return driver && isNamed && id.attempt === wanted ? [{ driver, state: unit.state }] : [];
  });
}
