/** What lies below an object: its status and scale, its output, and what is told of it beside the object. */
import type { Workload } from '@openclaw/protocol';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Kind, WorkloadInsight } from '../../workloads/index.ts';
import { answer, insightOf, notFound, readCount, warn, wrong, type ObjectCall } from './call.ts';
import { streamOutput } from './output-stream.ts';
import { readObjectBody, readPatchBody } from './read-request-body.ts';
import { getObject } from './reading.ts';
import { applyPatch, patchObject, replaceObject, writeObject } from './writing.ts';

type Handler = (call: ObjectCall, kind: Kind) => Promise<void>;
type Methods = Readonly<Partial<Record<string, Handler>>>;

const defaultWindowSeconds = 3600;
const analysisWindowSeconds = 86_400;
const mostWindowSeconds = 30 * 86_400;

const ofEvery: Readonly<Record<string, Methods>> = {
  status: {
    GET: (call) => getObject(call),
    PUT: (call, kind) => replaceObject(call, kind, 'status'),
    PATCH: (call, kind) => patchObject(call, kind, 'status'),
  },
};

/** By the resource. */
const below: Readonly<Record<string, Readonly<Record<string, Methods>>>> = {
  workloads: {
    scale: { GET: getScale, PUT: replaceScale, PATCH: patchScale },
    log: { GET: (call) => streamOutput(call, { name: call.name }) },
    metrics: { GET: ask((insight, call, windowMs) => insight.metrics(call, windowMs), defaultWindowSeconds) },
    memorymap: {
      GET: ask((insight, call) => insight.memoryMap(call, AbortSignal.any([call.api.stopping, goneSignal(call)])), defaultWindowSeconds),
    },
    trace: { GET: ask((insight, call, windowMs) => insight.trace(call, { windowMs, ...instanceOf(call) }), defaultWindowSeconds) },
    analysis: { GET: ask((insight, call, windowMs) => insight.analysis(call, windowMs), analysisWindowSeconds) },
    revisions: { GET: ask((insight, call) => insight.revisions(call), defaultWindowSeconds) },
  },
  memorytraces: {
    trace: { GET: ask((insight, call) => insight.recordedTrace(call, instanceOf(call).instance), defaultWindowSeconds) },
  },
};

/** @returns undefined where there is no such subresource */
export function subresourcesOf(kind: Kind, name: string): Methods | undefined {
  if (Object.hasOwn(ofEvery, name)) return ofEvery[name];
  const methods = below[kind.resource] ?? {};
  return Object.hasOwn(methods, name) ? methods[name] : undefined;
}

type Question = (insight: WorkloadInsight, call: ObjectCall, windowMs: number) => Promise<object>;

function ask(question: Question, presetSeconds: number): Handler {
  return async (call) => {
    const seconds = readCount(call.query, 'windowSeconds', mostWindowSeconds) || presetSeconds;
    answer(call.request, 200, await question(insightOf(call), call, seconds * 1000));
  };
}

function instanceOf({ query }: ObjectCall): { readonly instance?: string } {
  const instance = query.get('instance');
  return instance === null || instance === '' ? {} : { instance };
}

function goneSignal({ request }: ObjectCall): AbortSignal {
  const gone = new AbortController();
  request.response.on('close', () => gone.abort());
  return gone.signal;
}

async function getScale(call: ObjectCall): Promise<void> {
  const workload = await call.collection.get(call.namespace, call.name);
  if (!workload) throw notFound(call, call.namespace, call.name);
  answer(call.request, 200, scaleOf(workload as Workload));
}

async function replaceScale(call: ObjectCall, kind: Kind): Promise<void> {
  const body = await readObjectBody(call);
  await writeScale(call, kind, () => body);
}

async function patchScale(call: ObjectCall, kind: Kind): Promise<void> {
  const patch = await readPatchBody(call);
  await writeScale(call, kind, (scale) => applyPatch(scale, patch));
}

async function writeScale(call: ObjectCall, kind: Kind, next: (scale: JsonValue) => JsonObject): Promise<void> {
  const { object, warnings } = await writeObject(call, kind, {
    part: 'object',
    next(current) {
      const scale = next(scaleOf(current as Workload) as unknown as JsonValue);
      const spec = isJsonObject(scale['spec']) ? scale['spec'] : {};
      if (spec['replicas'] === undefined) throw wrong('spec.replicas', 'must say how many are wanted');
      const sent = isJsonObject(scale['metadata']) ? scale['metadata'] : {};
      const metadata = { ...(current.metadata as unknown as JsonObject), resourceVersion: sent['resourceVersion'] ?? '' };
      return { ...(current as unknown as JsonObject), metadata, spec: { ...(current.spec as JsonObject), replicas: spec['replicas'] } };
    },
  });
  warn(call.request, warnings);
  answer(call.request, 200, scaleOf(object as Workload));
}

function scaleOf({ metadata, spec, status }: Workload): object {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  return {
    ...{ kind: 'Scale', apiVersion: 'autoscaling/v1', metadata: { name, namespace, uid, resourceVersion, creationTimestamp } },
    spec: { replicas: spec?.replicas ?? 0 },
    status: { replicas: status?.replicas ?? 0, ...(status?.selector === undefined ? {} : { selector: status.selector }) },
  };
}
