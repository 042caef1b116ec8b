/** A streamed chat completion: its chunks one after the other, exactly one end. It does not put the chunks together. */
import type { ChatCompletionChunk } from './chat-types.ts';
import type { Lease } from './calls.ts';
import { clientError, errorFromEvent, withoutRetry, type AnswerHead } from './errors.ts';
import type { EventReader } from './events.ts';
import type { Connection } from './connection.ts';

/**
 * The chunks of an answer, to be read once. Leaving the loop, by `break`, `return` or an error, cancels the request, all the way to the provider.
 *
 * @example
 * for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '');
 */
export interface ChatStream extends AsyncIterable<ChatCompletionChunk>, AsyncDisposable {
  /** Finds the request in the gateway's log. */
  readonly requestId: string | undefined;
  /** Cancels the request. A stream that is never read holds its place in the limiter until this is called. */
  cancel(): Promise<void>;
}

/** A stream that has begun: its first chunk was read while trying again was still possible. */
export interface BegunStream {
  readonly reader: EventReader;
  readonly chunks: ChunkReader;
  readonly first: ChatCompletionChunk | undefined;
  readonly requestId: string | undefined;
}

export interface ChunkReader {
  /**
   * @returns `undefined` at the end, which is `[DONE]` or, from servers that do not send it, the end of the body after a finish reason
   * @throws OpenClawError for an error in the stream, and for one that ends early
   */
  next(): Promise<ChatCompletionChunk | undefined>;
}

export function createChunkReader(reader: EventReader, head: AnswerHead, { unreadable }: Pick<Connection, 'unreadable'>): ChunkReader {
  let finished = false;
  let over = false;

  function parse(data: string): ChatCompletionChunk {
    let value: unknown;
    try {
      value = JSON.parse(data);
    } catch {
      throw unreadable(`an event is no JSON, but begins ${JSON.stringify(data.slice(0, 60))}`);
    }
    if (typeof value !== 'object' || value === null) throw unreadable('an event is no JSON object');
    if ('error' in value && value.error) throw errorFromEvent(value, head);
    return value as ChatCompletionChunk;
  }

  return {
    async next() {
      const event = over ? undefined : await reader.next();
      if (event?.data === '[DONE]') over = finished = true;
      if (!event || over) {
        if (finished) return undefined;
        throw clientError('stream_broken', { details: { reason: 'it ended before the answer did' } });
      }
      const chunk = parse(event.data);
      finished ||= chunk.choices?.some((choice) => Boolean(choice.finish_reason)) ?? false;
      return chunk;
    },
  };
}

/** Hands the begun stream to the caller; the lease ends with it, however it ends. */
export function createChatStream({ reader, chunks, first, requestId }: BegunStream, { deadline, end }: Lease): ChatStream {
  let next: ChatCompletionChunk | undefined = first;
  let taken = false;
  let over = false;
  const isOver = (): boolean => over;

  /** Also for a stream that nobody reads: an abort ends it there and then. */
  const onAbort = (): void => void finish(() => reader.cancel());
  if (deadline.signal.aborted) onAbort();
  else deadline.signal.addEventListener('abort', onAbort, { once: true });

  async function finish(how: () => Promise<void>): Promise<void> {
    if (over) return;
    over = true;
    deadline.signal.removeEventListener('abort', onAbort);
    try {
      await how();
    } finally {
      end();
    }
  }

  function throwIfAborted(): void {
    if (deadline.signal.aborted) throw withoutRetry(deadline.signal.reason);
  }

  async function read(): Promise<IteratorResult<ChatCompletionChunk, undefined>> {
    throwIfAborted();
    if (isOver()) return { done: true, value: undefined };
    try {
      const value = next ?? (await chunks.next());
      next = undefined;
      if (value) return { done: false, value };
    } catch (error) {
      throwIfAborted();
      if (isOver()) return { done: true, value: undefined };
      await finish(() => reader.cancel());
      throw withoutRetry(error);
    }
    // Its own end: the caller has the whole answer, and need not wait, or know, what becomes of the connection.
    void finish(() => reader.drain().catch(() => undefined));
    return { done: true, value: undefined };
  }

  const cancel = (): Promise<void> => finish(() => reader.cancel());
  return {
    requestId,
    cancel,
    [Symbol.asyncDispose]: cancel,
    [Symbol.asyncIterator]() {
      if (taken) throw clientError('usage_error', { details: { reason: 'a stream can be read once', suggestion: 'Keep its chunks.' } });
      taken = true;
      return {
        next: read,
        async return() {
          await cancel();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
