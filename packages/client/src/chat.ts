/** `chat.completions.create`: one answer, whole or as a stream. The messages of a conversation are the caller's to keep. */
import { createChatStream, createChunkReader, type BegunStream, type ChatStream } from './chat-stream.ts';
import type { ChatCompletion, ChatRequest } from './chat-types.ts';
import type { CallOptions, Calls } from './calls.ts';
import type { Clock } from './clock.ts';
import type { Connection, OutgoingRequest } from './connection.ts';
import type { Deadline } from './deadline.ts';
import { requestIdOf } from './errors.ts';
import { createEventReader } from './events.ts';
import type { Attempt } from './retry.ts';

export interface ChatCompletions {
  /**
   * Asks a model.
   *
   * With `stream: true` the promise resolves with the first chunk on its way. Until then everything that can pass by itself is tried again; afterwards
   * nothing is, since what was read cannot be taken back.
   *
   * @example
   * const answer = await client.chat.completions.create({ model: 'anthropic/claude-sonnet-4-5', messages: [{ role: 'user', content: 'Hello' }] });
   * @example
   * const stream = await client.chat.completions.create({ model, messages, stream: true });
   * for await (const chunk of stream) show(chunk.choices[0]?.delta.content ?? '');
   */
  create(request: ChatRequest & { readonly stream: true }, options?: CallOptions): Promise<ChatStream>;
  create(request: ChatRequest & { readonly stream?: false }, options?: CallOptions): Promise<ChatCompletion>;
  create(request: ChatRequest, options?: CallOptions): Promise<ChatCompletion | ChatStream>;
}

export interface ChatOptions {
  readonly calls: Calls;
  readonly connection: Connection;
  readonly idleTimeoutMs: number;
  readonly clock: Clock;
}

export function createChatCompletions({ calls, connection, idleTimeoutMs, clock }: ChatOptions): ChatCompletions {
  /** Until the first chunk, so that a stream that breaks before it is tried again. */
  async function begin(request: OutgoingRequest, attempt: Attempt, deadline: Deadline): Promise<BegunStream> {
    const response = await connection.send(request, attempt);
    const type = response.headers.get('content-type') ?? 'none';
    if (!response.body || !type.includes('event-stream')) {
      await response.body?.cancel();
      throw connection.unreadable(`a stream was asked for, and its content type is ${type}`);
    }
    const reader = createEventReader(response.body, { deadline, idleTimeoutMs, clock, unreadable: connection.unreadable });
    const chunks = createChunkReader(reader, response, connection);
    try {
      return { reader, chunks, first: await chunks.next(), requestId: requestIdOf(response.headers) };
    } catch (error) {
      await reader.cancel();
      throw error;
    }
  }

  async function create(request: ChatRequest & { readonly stream: true }, options?: CallOptions): Promise<ChatStream>;
  async function create(request: ChatRequest & { readonly stream?: false }, options?: CallOptions): Promise<ChatCompletion>;
  async function create(request: ChatRequest, options: CallOptions = {}): Promise<ChatCompletion | ChatStream> {
    const outgoing = { method: 'POST', path: '/chat/completions', body: JSON.stringify(request), headers: options.headers } as const;
    if (!request.stream) return calls.run((attempt) => connection.sendForJson<ChatCompletion>(outgoing, attempt), options);
    const { value, lease } = await calls.open((attempt, deadline) => begin(outgoing, attempt, deadline), options);
    lease.deadline.stopTimer();
    return createChatStream(value, lease);
  }

  return { create };
}
