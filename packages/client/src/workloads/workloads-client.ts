/**
 * The workload API as its clients ask it: objects after Kubernetes' conventions, and what the API tells of workloads beside them.
 *
 * It prints nothing, keeps nothing and tries nothing again but a watch that ended by itself; how questions travel is in `transport.ts`.
 */
import type {
  ApiList,
  ApiObject,
  ApiStatus,
  MemoryTrace,
  WatchEvent,
  WorkloadAnalysis,
  WorkloadMemoryMap,
  WorkloadMetrics,
  WorkloadRevisions,
} from '@openclaw/protocol';
import { clientError, reasonOf } from '../errors.ts';
import { readLines, readText } from './body.ts';
import { apiVersionOf, collectionPath, kindsIn, workloadKind, memoryTraceKind, type ApiResourceList, type ResourceKind } from './kinds.ts';
import { ApiRefusal, refusalFrom } from './refusal.ts';
import type { ApiTable } from './table.ts';
import type { ApiAnswer, ApiQuestion, Transport } from './transport.ts';

export interface ObjectName {
  readonly kind: ResourceKind;
  /** Absent for kinds that have none. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface WorkloadPlace {
  readonly namespace: string;
  readonly name: string;
}

export interface ListQuestion {
  readonly kind: ResourceKind;
  /** Without: of all. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface ChangeOptions {
  /** Checks everything, changes nothing. */
  readonly dryRun?: boolean;
  /** A field that nobody knows is a mistake. */
  readonly strict?: boolean;
}

export type PatchForm = 'merge' | 'json';

export interface PatchOptions extends ChangeOptions {
  /** @default 'merge' */
  readonly form?: PatchForm;
  readonly subresource?: 'status' | 'scale';
}

export interface LogQuestion {
  readonly follow?: boolean;
  readonly sinceSeconds?: number;
  readonly tailLines?: number;
  readonly previous?: boolean;
  readonly timestamps?: boolean;
  readonly instance?: string;
  readonly container?: string;
}

/** What a change gave, and what the server notes about it. */
export interface Changed {
  readonly object: ApiObject;
  readonly warnings: readonly string[];
}

export interface WorkloadsClientOptions {
  readonly transport: Transport;
  /** For messages. */
  readonly server: string;
}

export type WorkloadsClient = ReturnType<typeof createWorkloadsClient>;

const answerLimitBytes = 256 * 2 ** 20;
const refusalLimitBytes = 2 ** 20;
const asTable = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
const patchTypes: Readonly<Record<PatchForm, string>> = { merge: 'application/merge-patch+json', json: 'application/json-patch+json' };

/** Every call throws `ApiRefusal` for what the server refuses, and OpenClawError `connection_failed`, `answer_broken`, `unreadable_answer`. */
export function createWorkloadsClient({ transport, server }: WorkloadsClientOptions) {
  const ask = createAsk(transport, server);
  const read = async <T>(path: string, headers: Readonly<Record<string, string>> = {}): Promise<T> =>
    (await ask.json<T>({ method: 'GET', path, headers })).value;
  const ofWorkload = (place: WorkloadPlace, what: string, query: Query = {}): string =>
    `${objectPath({ ...place, kind: workloadKind })}/${what}${queryText(query)}`;
  return {
    get: (name: ObjectName) => read<ApiObject>(objectPath(name)),
    list: (question: ListQuestion) => read<ApiList>(listPath(question)),
    getTable: (name: ObjectName) => read<ApiTable>(objectPath(name), { accept: asTable }),
    listTable: (question: ListQuestion) => read<ApiTable>(listPath(question), { accept: asTable }),
    /** Changes after `resourceVersion`, until the server ends it or `signal` aborts. */
    watch: (question: WatchQuestion) => watch(ask, question),
    create: (object: NewObject, options: ChangeOptions = {}) =>
      ask.change({
        method: 'POST',
        path: `${collectionPath(object.kind, object.namespace)}${queryText(changeQuery(options))}`,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(object.manifest),
      }),
    patch: (name: ObjectName, patch: unknown, { form = 'merge', subresource, ...options }: PatchOptions = {}) =>
      ask.change({
        method: 'PATCH',
        path: `${objectPath(name)}${subresource === undefined ? '' : `/${subresource}`}${queryText(changeQuery(options))}`,
        headers: { 'content-type': patchTypes[form] },
        body: JSON.stringify(patch),
      }),
    /** The object as it was last, or the Status that confirms it. */
    delete: async (name: ObjectName) =>
      (await ask.json<ApiObject | ApiStatus>({ method: 'DELETE', path: objectPath(name), headers: {} })).value,

    log: (place: WorkloadPlace, question: LogQuestion, signal?: AbortSignal) =>
      ask.pieces(ofWorkload(place, 'log', { ...question }), { signal }),
    podLog: (name: ObjectName, question: LogQuestion, signal?: AbortSignal) =>
      ask.pieces(`${objectPath(name)}/log${queryText({ ...question })}`, { signal }),
    metrics: (place: WorkloadPlace, windowSeconds: number) => read<WorkloadMetrics>(ofWorkload(place, 'metrics', { windowSeconds })),
    memoryMap: (place: WorkloadPlace) => read<WorkloadMemoryMap>(ofWorkload(place, 'memorymap')),
    trace: (place: WorkloadPlace, query: { readonly windowSeconds: number; readonly instance?: string }) =>
      read<MemoryTrace>(ofWorkload(place, 'trace', query)),
    recordedTrace: (place: WorkloadPlace, instance?: string) =>
      read<MemoryTrace>(`${objectPath({ ...place, kind: memoryTraceKind })}/trace${queryText({ instance })}`),
    analysis: (place: WorkloadPlace, windowSeconds: number) => read<WorkloadAnalysis>(ofWorkload(place, 'analysis', { windowSeconds })),
    revisions: (place: WorkloadPlace) => read<WorkloadRevisions>(ofWorkload(place, 'revisions')),

    /** Every kind that the server has, in the groups of its discovery. */
    kinds: () => discover(read),
    openApi: (kind: Pick<ResourceKind, 'group' | 'version'>) =>
      read<unknown>(`/openapi/v3/${kind.group === '' ? `api/${kind.version}` : `apis/${apiVersionOf(kind)}`}`),
    version: () => read<{ readonly gitVersion: string }>('/version'),
    podMetrics: (namespace?: string) => read<ApiList<PodMetrics>>(collectionPath(podMetricsKind, namespace)),
  };
}

export interface PodMetrics {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly containers: readonly { readonly name: string; readonly usage: { readonly cpu: string; readonly memory: string } }[];
}

export interface NewObject {
  readonly kind: ResourceKind;
  readonly namespace?: string | undefined;
  readonly manifest: unknown;
}

export interface WatchQuestion extends ListQuestion {
  readonly resourceVersion: string;
  /** Objects of events are tables with one row. @default false */
  readonly asTable?: boolean;
  readonly signal?: AbortSignal | undefined;
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

const podMetricsKind: ResourceKind = {
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  kind: 'PodMetrics',
  plural: 'pods',
  singular: 'pod',
  shortNames: [],
  namespaced: true,
};

export function objectPath({ kind, namespace, name }: ObjectName): string {
  return `${collectionPath(kind, namespace)}/${encodeURIComponent(name)}`;
}

function listPath({ kind, namespace, labelSelector, fieldSelector }: ListQuestion, more: Query = {}): string {
  return `${collectionPath(kind, namespace)}${queryText({ labelSelector, fieldSelector, ...more })}`;
}

function changeQuery({ dryRun = false, strict = false }: ChangeOptions): Query {
  return { dryRun: dryRun ? 'All' : undefined, fieldValidation: strict ? 'Strict' : undefined };
}

function queryText(query: Query): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== false);
  return pairs.length === 0
    ? ''
    : `?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)] as [string, string])).toString()}`;
}

interface Ask {
  json<T>(question: ApiQuestion): Promise<{ readonly value: T; readonly warnings: readonly string[] }>;
  change(question: ApiQuestion): Promise<Changed>;
  /** Begins at once, so that a refusal is thrown here and not in the middle of what is read. */
  pieces(path: string, options: PieceOptions): Promise<AsyncIterable<Uint8Array>>;
}

interface PieceOptions {
  readonly signal: AbortSignal | undefined;
  /** @default anything */
  readonly accept?: string;
}

function createAsk(transport: Transport, server: string): Ask {
  const broken = (thrown: unknown): Error =>
    clientError('answer_broken', { details: { url: server, reason: reasonOf(thrown) }, cause: thrown });

  async function send(question: ApiQuestion): Promise<ApiAnswer> {
    const answer = await transport({ ...question, headers: { accept: 'application/json', ...question.headers } }).catch(
      (thrown: unknown) => {
        question.signal?.throwIfAborted();
        throw clientError('connection_failed', { details: { url: server, reason: reasonOf(thrown) }, cause: thrown });
      },
    );
    if (answer.status >= 200 && answer.status < 300) return answer;
    // The status says enough where its words break off.
    const { text } = await readText(answer.body, refusalLimitBytes).catch(() => ({ text: '' }));
    throw refusalFrom(answer.status, text);
  }

  async function json<T>(question: ApiQuestion): Promise<{ readonly value: T; readonly warnings: readonly string[] }> {
    const answer = await send(question);
    const { text, whole } = await readText(answer.body, answerLimitBytes).catch((thrown: unknown) => {
      question.signal?.throwIfAborted();
      throw broken(thrown);
    });
    const value = whole ? parse(text) : undefined;
    if (typeof value !== 'object' || value === null) {
      const reason = whole
        ? `it is no JSON object, but begins ${JSON.stringify(text.slice(0, 60))}`
        : `it is longer than ${answerLimitBytes} bytes`;
      throw clientError('unreadable_answer', { details: { url: server, reason } });
    }
    return { value: value as T, warnings: warningsIn(answer.header('warning')) };
  }

  return {
    json,
    async change(question) {
      const { value, warnings } = await json<ApiObject>(question);
      return { object: value, warnings };
    },
    async pieces(path, { signal, accept = '*/*' }) {
      const { body } = await send({ method: 'GET', path, headers: { accept }, ...(signal === undefined ? {} : { signal }) });
      return mapped(body, signal, broken);
    },
  };
}

async function* mapped(
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
  broken: (thrown: unknown) => Error,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (thrown) {
    signal?.throwIfAborted();
    throw broken(thrown);
  }
}

async function* watch(
  ask: Ask,
  { resourceVersion, asTable: tables = false, signal, ...question }: WatchQuestion,
): AsyncGenerator<WatchEvent> {
  let since = resourceVersion;
  for (;;) {
    let told = false;
    const path = listPath(question, { watch: true, resourceVersion: since, allowWatchBookmarks: true });
    const body = await ask.pieces(path, { signal, accept: tables ? asTable : 'application/json' });
    for await (const line of readLines(body)) {
      const event = parse(line) as WatchEvent | undefined;
      if (event === undefined) continue;
      if (event.type === 'ERROR') throw new ApiRefusal((event.object as ApiStatus).code ?? 500, event.object as ApiStatus);
      since = versionIn(event) ?? since;
      told = true;
      if (event.type !== 'BOOKMARK') yield event;
    }
    // Servers end watches after a while. One that ends without a word would be asked without a pause.
    if (!told || signal?.aborted === true) return;
  }
}

function versionIn({ object }: WatchEvent): string | undefined {
  const metadata: unknown = 'metadata' in object ? object.metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null || !('resourceVersion' in metadata)) return undefined;
  return typeof metadata.resourceVersion === 'string' && metadata.resourceVersion !== '' ? metadata.resourceVersion : undefined;
}

type Read = <T>(path: string, headers?: Readonly<Record<string, string>>) => Promise<T>;

/** The core group and the preferred version of every other. */
async function discover(read: Read): Promise<readonly ResourceKind[]> {
  const { groups } = await read<{ readonly groups: readonly { readonly preferredVersion: { readonly groupVersion: string } }[] }>('/apis');
  const paths = ['/api/v1', ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)];
  return (await Promise.all(paths.map((path) => read<ApiResourceList>(path)))).flatMap(kindsIn);
}

/** Headers of one name arrive joined: `299 - "one", 299 - "two"`. */
function warningsIn(header: string | undefined): readonly string[] {
  if (header === undefined) return [];
  return [...header.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text.replace(/\\(.)/g, '$1'));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The caller says what came instead.
    return undefined;
  }
}
