/** Output of a workload or of one Pod as lines of text, as `kubectl logs` reads it. */
import type { WorkloadLine } from '../../workloads/index.ts';
import { sinkOf } from '../reply.ts';
import { insightOf, readCount, readFlag, wrong, type ObjectCall } from './call.ts';

export interface OutputOf {
  /** The workload. */
  readonly name: string;
  /** Of one of its instances alone. */
  readonly instance?: string;
}

export async function streamOutput(call: ObjectCall, { name, instance = call.query.get('instance') ?? '' }: OutputOf): Promise<void> {
  const { request, query, namespace, api } = call;
  const insight = insightOf(call);
  const gone = new AbortController();
  request.response.on('close', () => gone.abort());
  const withTimes = readFlag(query, 'timestamps');
  const limitBytes = readCount(query, 'limitBytes') ?? Infinity;
  const wish = {
    ...{ follow: readFlag(query, 'follow'), previous: readFlag(query, 'previous'), ...sinceOf(call) },
    ...named('tailLines', readCount(query, 'tailLines')),
    ...named('instance', instance === '' ? undefined : instance),
    ...named('container', query.get('container') || undefined),
  };
  const signal = AbortSignal.any([gone.signal, api.stopping]);
  const lines = insight.output({ namespace, name }, { ...wish, signal })[Symbol.asyncIterator]();
  // Before the head: what cannot be answered is refused with a status of its own.
  const first = wish.follow ? undefined : await lines.next();
  const sink = sinkOf(request.response);
  sink.head(200, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  request.response.flushHeaders();
  let writtenBytes = 0;
  try {
    for (let next = first ?? (await lines.next()); next.done !== true && writtenBytes < limitBytes; next = await lines.next()) {
      const text = withTimes ? stamped(next.value) : `${next.value.text}\n`;
      writtenBytes += Buffer.byteLength(text);
      if (!sink.write(text)) await sink.drained();
    }
    sink.end();
  } catch (thrown) {
    // Half an answer can only be cut: ended it would look whole.
    if (!signal.aborted) throw thrown;
    sink.end();
  } finally {
    await lines.return?.(undefined);
    gone.abort();
  }
}

function sinceOf({ query, api }: ObjectCall): { readonly sinceMs?: number } {
  const seconds = readCount(query, 'sinceSeconds');
  if (seconds !== undefined) return { sinceMs: api.clock.now() - seconds * 1000 };
  const time = query.get('sinceTime');
  if (time === null || time === '') return {};
  const sinceMs = Date.parse(time);
  if (Number.isNaN(sinceMs)) throw wrong('sinceTime', 'must be a time as in RFC 3339');
  return { sinceMs };
}

function stamped({ atMs, text }: WorkloadLine): string {
  return `${new Date(atMs).toISOString()} ${text}\n`;
}

function named<Name extends string, T>(name: Name, value: T | undefined): { readonly [name in Name]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [name in Name]?: T };
}
