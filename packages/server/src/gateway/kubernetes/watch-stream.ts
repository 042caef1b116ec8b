/**
 * A watch as lines of JSON: what there is where that is asked for, changes, and bookmarks by which a client knows where to go on.
 *
 * A client that reads slowly is waited for; the store ends a watch that falls too far behind, and the client comes again.
 */
import type { ApiObject } from '@openclaw/protocol';
import { toOpenClawError } from '../../core/errors.ts';
import type { ObjectChange } from '../../workloads/index.ts';
import { sinkOf } from '../reply.ts';
import { readCount, readFlag, wrong, type Call } from './call.ts';
import { groupVersionOf } from './collection.ts';
import { readSelectors, type Matches } from './selectors.ts';
import { statusOf } from './status.ts';
import { objectBody, representationOf, type TableOptions } from './table.ts';

const bookmarkEveryMs = 60_000;
/** As in Kubernetes: a client comes again. */
const defaultSeconds = 1800;
const mostSeconds = 86_400;
const initialEnd = { 'k8s.io/initial-events-end': 'true' };

interface WatchWish {
  readonly resourceVersion: string | undefined;
  readonly sendsInitialEnd: boolean;
  readonly bookmarks: boolean;
  readonly seconds: number;
  readonly namespace: string | undefined;
  readonly matches: Matches | undefined;
}

function readWish(call: Call): WatchWish {
  const { query, address, collection } = call;
  const version = query.get('resourceVersion') ?? '';
  const sendsInitial = query.has('sendInitialEvents') ? readFlag(query, 'sendInitialEvents') : undefined;
  if (sendsInitial !== undefined && query.get('resourceVersionMatch') !== 'NotOlderThan')
    throw wrong('resourceVersionMatch', 'must be NotOlderThan where sendInitialEvents is given');
  const isFromNow = sendsInitial === false && version === '';
  const matches = readSelectors(query, collection.selectable);
  const { name } = address;
  return {
    // `0` is any version, so what is there now is as good as what was.
    resourceVersion: sendsInitial === true || ((version === '' || version === '0') && !isFromNow) ? undefined : version,
    sendsInitialEnd: sendsInitial === true,
    bookmarks: readFlag(query, 'allowWatchBookmarks'),
    seconds: Math.max(1, Math.min(mostSeconds, readCount(query, 'timeoutSeconds') || defaultSeconds)),
    namespace: address.namespace,
    matches: name === undefined ? matches : (object) => object.metadata.name === name && (matches?.(object) ?? true),
  };
}

export async function streamChanges(call: Call): Promise<void> {
  const { request, collection, api } = call;
  const { watch } = collection;
  if (!watch) throw wrong('watch', `${collection.resource} cannot be watched; list them`);
  const wish = readWish(call);
  const version = wish.resourceVersion === '' ? await api.store.version() : wish.resourceVersion;
  const over = new AbortController();
  request.response.on('close', () => over.abort());
  const timer = api.clock.after(wish.seconds * 1000, () => over.abort());
  const signal = AbortSignal.any([over.signal, api.stopping]);
  const lines = new Lines(call);
  const bookmarks = wish.bookmarks ? api.clock.every(bookmarkEveryMs, () => lines.bookmark()) : undefined;
  try {
    lines.begin();
    if (request.raw.method === 'HEAD') return;
    const scope = {
      ...(wish.namespace === undefined ? {} : { namespace: wish.namespace }),
      ...(wish.matches ? { matches: wish.matches } : {}),
    };
    const from = version === undefined ? {} : { resourceVersion: version };
    let isInitial = wish.sendsInitialEnd;
    const onProgress = (reached: string): void => {
      lines.reached = reached;
      if (isInitial) lines.bookmark(initialEnd);
      isInitial = false;
    };
    for await (const change of watch({ ...scope, ...from, signal, onProgress })) await lines.change(change);
  } catch (thrown) {
    // The head is out: what is wrong is said as an event.
    await lines.write({ type: 'ERROR', object: statusOf(toOpenClawError(thrown, request.requestId)) });
  } finally {
    timer.cancel();
    bookmarks?.cancel();
    over.abort();
    lines.end();
  }
}

class Lines {
  /** Everything up to here was handed over. */
  reached: string | undefined;
  readonly #call: Call;
  readonly #sink: ReturnType<typeof sinkOf>;
  readonly #table: TableOptions;

  constructor(call: Call) {
    this.#call = call;
    this.#sink = sinkOf(call.request.response);
    const { collection, request, query, api } = call;
    const representation = representationOf(request.raw.headers.accept, query);
    this.#table = {
      ...{ collection, representation },
      get nowMs() {
        return api.clock.now();
      },
    };
  }

  begin(): void {
    const { request } = this.#call;
    this.#sink.head(200, { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-request-id': request.requestId });
    // Before the first change, which may be long in coming, the client shall know that it is being served.
    request.response.flushHeaders();
  }

  async change({ type, object }: ObjectChange): Promise<void> {
    await this.write({ type, object: objectBody(object, this.#table) });
    this.reached = object.metadata.resourceVersion;
  }

  /** Not to a client that has not taken what was said before. */
  bookmark(annotations?: Readonly<Record<string, string>>): void {
    const { response } = this.#call.request;
    if (this.reached === undefined || (response.writableNeedDrain && !annotations)) return;
    const { collection } = this.#call;
    const metadata = { resourceVersion: this.reached, creationTimestamp: null, ...(annotations ? { annotations } : {}) };
    const object = { kind: collection.kind, apiVersion: groupVersionOf(collection), metadata };
    const { representation } = this.#table;
    const body = representation.asTable ? tableOf(object, metadata) : object;
    this.#sink.write(`${JSON.stringify({ type: 'BOOKMARK', object: body })}\n`);
  }

  async write(event: { readonly type: string; readonly object: object }): Promise<void> {
    if (!this.#sink.write(`${JSON.stringify(event)}\n`)) await this.#sink.drained();
  }

  end(): void {
    this.#sink.end();
  }
}

/** Without cells: there is nothing to show. */
function tableOf(object: Pick<ApiObject, 'kind' | 'apiVersion'>, metadata: object): object {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: [],
    rows: [{ cells: [], object: { ...object, metadata } }],
  };
}
