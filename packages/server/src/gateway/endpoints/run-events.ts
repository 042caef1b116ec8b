/**
 * The events of a run as server-sent events: those that were, those that come, to the end of the run.
 *
 * A client that reads slowly is waited for and nothing is held for it: what it has not been sent lies in the journal. The stream of a gateway
 * that stops ends without its `end`, so that clients know to come back.
 */
import type { RunEvent } from '@openclaw/protocol';
import type { Clock } from '../../core/clock.ts';
import type { Runs } from '../../runs/index.ts';
import { sinkOf } from '../reply.ts';
import type { GatewayRequest } from '../request.ts';
import { wrong } from './operation-router.ts';

export interface EventStreamOptions {
  readonly runs: Pick<Runs, 'get' | 'events'>;
  readonly clock: Clock;
  /** Aborted when the gateway stops. */
  readonly stopping: AbortSignal;
}

/** Proxies cut what is silent; most wait for a minute. */
const heartbeatMs = 15_000;

/** What a client that comes back has seen last: its own word goes before that of the address, which is from its first visit. */
export function readAfter({ raw }: GatewayRequest, asked: number | undefined): number {
  const last = raw.headers['last-event-id'];
  if (last === undefined || last === '') return asked ?? 0;
  if (typeof last !== 'string' || !/^\d{1,15}$/.test(last)) throw wrong('Last-Event-ID', 'must be the id of an event');
  return Number(last);
}

export async function streamEvents(
  { request, runId, after }: { readonly request: GatewayRequest; readonly runId: string; readonly after: number },
  { runs, clock, stopping }: EventStreamOptions,
): Promise<void> {
  const { response } = request;
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, stopping]);
  const sink = sinkOf(response);
  sink.head(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-request-id': request.requestId,
  });
  if (request.raw.method === 'HEAD') return sink.end();
  // Before the first event, which may be long in coming, the client shall know that it is being served.
  response.flushHeaders();
  const heartbeat = clock.every(heartbeatMs, () => {
    if (!response.writableNeedDrain) sink.write(': alive\n\n');
  });
  try {
    let last = after;
    for await (const event of runs.events(runId, after, signal)) {
      if (!sink.write(frameOf(event))) await sink.drained();
      if (gone.signal.aborted) return;
      last = event.seq;
    }
    const run = signal.aborted ? undefined : await runs.get(runId);
    const isOver = run !== undefined && run.endedAtMs !== null && run.lastSeq <= last;
    sink.end(isOver ? `event: end\ndata: ${JSON.stringify({ status: run.status, lastSeq: run.lastSeq })}\n\n` : undefined);
  } finally {
    heartbeat.cancel();
  }
}

function frameOf(event: RunEvent): string {
  return `id: ${event.seq}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
}
