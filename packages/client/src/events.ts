/**
 * Reads the server-sent events of one answer, one at a time and no faster than they are asked for. A server that falls silent is given up.
 *
 * It does not know what the events mean: see `chat-stream.ts`.
 */
import type { Clock } from './clock.ts';
import type { Deadline } from './deadline.ts';
import { clientError, reasonOf, type OpenClawError } from './errors.ts';
import { createServerSentEventParser, type ServerSentEvent } from './server-sent-events.ts';

export interface EventReaderOptions {
  readonly deadline: Deadline;
  readonly idleTimeoutMs: number;
  readonly clock: Clock;
  readonly unreadable: (reason: string) => OpenClawError;
  /** Silence counts before the first event too. @default false: there the time of the call counts alone */
  readonly countsFromStart?: boolean;
}

export interface EventReader {
  /**
   * @returns `undefined` at the end of the body
   * @throws OpenClawError `stream_broken` or `unreadable_answer`, or the reason for which the call was aborted
   */
  next(): Promise<ServerSentEvent | undefined>;
  /** Reads what little may follow the last event, so that the connection can be used again; closes it if that takes long. */
  drain(): Promise<void>;
  /** Closes the connection. */
  cancel(): Promise<void>;
}

/** An image in one event fits; a server that never ends its line does not fill the memory. */
const heldLimitCharacters = 32 * 1024 * 1024;
/** After the last event a server that means well closes at once. */
const drainMs = 1_000;

export function createEventReader(body: ReadableStream<Uint8Array>, options: EventReaderOptions): EventReader {
  const { deadline, idleTimeoutMs, clock, unreadable, countsFromStart = false } = options;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = createServerSentEventParser();
  const ready: ServerSentEvent[] = [];
  let begun = countsFromStart;

  async function read(): Promise<Uint8Array | undefined> {
    // Before the first event the time of the call counts alone.
    const timer = begun ? clock.after(idleTimeoutMs, () => deadline.abort(broken(`nothing came for ${idleTimeoutMs} ms`))) : undefined;
    try {
      const { done, value } = await reader.read();
      return done ? undefined : value;
    } catch (error) {
      deadline.signal.throwIfAborted();
      throw broken(reasonOf(error), error);
    } finally {
      timer?.cancel();
    }
  }

  async function cancel(): Promise<void> {
    // A body that has failed by itself has nothing left to cancel.
    await reader.cancel().catch(() => undefined);
  }

  return {
    async next() {
      for (;;) {
        const event = ready.shift();
        begun ||= event !== undefined;
        if (event) return event;
        const chunk = await read();
        if (!chunk) return undefined;
        ready.push(...parser.push(decoder.decode(chunk, { stream: true })));
        if (parser.heldCharacters > heldLimitCharacters) throw unreadable(`an event is longer than ${heldLimitCharacters} characters`);
      }
    },
    async drain() {
      const timer = clock.after(drainMs, () => void cancel());
      try {
        for (;;) if ((await reader.read()).done) return;
      } finally {
        timer.cancel();
      }
    },
    cancel,
  };
}

function broken(reason: string, cause?: unknown): OpenClawError {
  return clientError('stream_broken', { details: { reason }, cause });
}
