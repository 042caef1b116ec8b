/**
 * The events of a run, in order and each once, to its end. A connection that breaks, and a gateway that starts again, are not the reader's
 * business: it is attached again after the last event that it was given.
 */
import type { RunEvent } from '@openclaw/protocol';
import { createDeadline } from '../deadline.ts';
import { clientError, withoutRetry } from '../errors.ts';
import { createEventReader } from '../events.ts';
import { Patience, type PatientOptions } from './patient.ts';

export interface RunEventOptions {
  /** Go on after this sequence number. @default 0, from the beginning */
  readonly after?: number;
  /** Ends the reading; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told when the connection was lost and is tried again. @default nobody is */
  readonly onReattach?: (reattach: { readonly after: number; readonly error: unknown }) => void;
}

/** Four signs of life that did not come. */
const silenceMs = 60_000;

export async function* readRunEvents(
  runId: string,
  { after = 0, signal, onReattach }: RunEventOptions,
  options: PatientOptions & { readonly closing: AbortSignal },
): AsyncGenerator<RunEvent, void, undefined> {
  const ending = signal ? AbortSignal.any([signal, options.closing]) : options.closing;
  const patience = new Patience(options);
  const place: Place = { runId, after, isOver: false };
  for (;;) {
    let failure: unknown;
    try {
      for await (const event of attach(place, options, ending)) {
        patience.reset();
        yield event;
      }
      failure = clientError('stream_broken', { details: { reason: 'it ended before the run did' } });
    } catch (error) {
      failure = error;
    }
    ending.throwIfAborted();
    if (place.isOver) return;
    await patience.wait(failure, ending).catch((error: unknown) => {
      ending.throwIfAborted();
      throw withoutRetry(error);
    });
    onReattach?.({ after: place.after, error: failure });
  }
}

/** How far a reader has come, over all its connections. */
interface Place {
  readonly runId: string;
  after: number;
  isOver: boolean;
}

/** One connection, as far as it goes. */
async function* attach(place: Place, { connection, clock }: PatientOptions, signal: AbortSignal): AsyncGenerator<RunEvent> {
  using deadline = createDeadline({ timeoutMs: silenceMs, signal, clock });
  const path = `/runs/${encodeURIComponent(place.runId)}/events`;
  const response = await connection.send(
    { method: 'GET', path, headers: { 'last-event-id': String(place.after) } },
    { signal: deadline.signal, remainingMs: Infinity },
  );
  deadline.stopTimer();
  if (!response.body) throw connection.unreadable('it has no events');
  const reader = createEventReader(response.body, {
    ...{ deadline, clock, idleTimeoutMs: silenceMs, countsFromStart: true },
    unreadable: connection.unreadable,
  });
  try {
    for (let event = await reader.next(); event; event = await reader.next()) {
      place.isOver = event.name === 'end';
      if (place.isOver) return;
      const told = parse(event.data, connection.unreadable);
      if (told.seq <= place.after) continue;
      place.after = told.seq;
      yield told;
    }
  } finally {
    await reader.cancel();
  }
}

function parse(data: string, unreadable: (reason: string) => Error): RunEvent {
  try {
    const event = JSON.parse(data) as RunEvent;
    if (Number.isInteger(event.seq)) return event;
  } catch {
    // What came instead is said below.
  }
  throw unreadable(`an event of a run begins ${JSON.stringify(data.slice(0, 60))}`);
}
