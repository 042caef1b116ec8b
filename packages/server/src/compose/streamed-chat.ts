/**
 * A streamed chat completion over the model path, in this process and without HTTP around it: what is sent goes in, the chunks of the
 * answer come out. Whoever stops reading has left, and the model path waits for whoever reads slowly.
 *
 * It does not read what a chunk says: see `agent-model-caller.ts`. What goes wrong comes back as the error that it was.
 */
import { errorCatalogue, type ErrorCode } from '@openclaw/protocol';
import { OpenClawError } from '../core/errors.ts';
import { isJsonObject, parseObject, type JsonObject } from '../core/json.ts';
import { createServerSentEventParser, type ServerSentEvent } from '../models/dialects/server-sent-events.ts';
import type { ModelService, ModelSink, Taken } from '../models/index.ts';

export interface StreamedChat {
  readonly requestId: string;
  /** Under whose name it is written down. */
  readonly callerId: string;
  /** A chat completion's members, but for those that ask for a stream. */
  readonly body: object;
  /** A session stays at one target where its route wants that. */
  readonly sessionKey: string;
  /** A provider that is asked again knows that it was. */
  readonly idempotencyKey: string;
  /** Once it is aborted, the stream ends and says no more. */
  readonly signal: AbortSignal;
  /** Told what it took before the last chunk was read to its end. */
  readonly whenOver?: (taken: Taken) => void;
}

/** Beyond this the model path waits until some of it was read. */
const heldBytesLimit = 64 * 1024;
/** The body of an error; the model path writes it in one piece, and it is short. */
const errorCharactersLimit = 64 * 1024;

/** @throws OpenClawError what the model path says, before the answer or in the middle of it; the signal's reason */
export async function* streamChat(service: Pick<ModelService, 'serve'>, chat: StreamedChat): AsyncGenerator<JsonObject, undefined> {
  const { signal, requestId, whenOver } = chat;
  signal.throwIfAborted();
  const channel = new Channel();
  const leave = (): void => channel.leave();
  signal.addEventListener('abort', leave, { once: true });
  const serving = service.serve(
    {
      requestId,
      dialect: 'openai-completions',
      operation: 'chat',
      body: Buffer.from(JSON.stringify({ ...chat.body, stream: true, stream_options: { include_usage: true } })),
      headers: { 'x-openclaw-session': chat.sessionKey, 'idempotency-key': chat.idempotencyKey },
      caller: { id: chat.callerId, models: undefined },
      whenGone: (listener) => channel.whenGone(listener),
      timeoutMs: undefined,
      ...(whenOver && { whenOver }),
    },
    channel,
  );
  try {
    yield* readAnswer(channel, chat);
    return undefined;
  } finally {
    signal.removeEventListener('abort', leave);
    // Whoever stops reading early has left; after the end this says nothing.
    channel.leave();
    await serving;
  }
}

/** There is something else in the stream than there has to be. */
function notAnAnswer(requestId: string): OpenClawError {
  const reason = 'the stream has something else in it than a chat completion';
  return new OpenClawError('upstream_malformed', { details: { provider: 'the provider', reason, requestId } });
}

/** What a chunk says. A model that declines says so in words of its own, which are an answer too. */
export function textsOf(delta: JsonObject): string[] {
  return [delta['content'], delta['refusal']].filter((text) => typeof text === 'string' && text !== '') as string[];
}

async function* readAnswer(channel: Channel, { signal, requestId }: StreamedChat): AsyncGenerator<JsonObject, undefined> {
  const parser = createServerSentEventParser();
  let refusal = '';
  for (let bytes = await channel.next(); bytes; bytes = await channel.next()) {
    if (channel.isStream) yield* chunksIn(parser.push(bytes), requestId);
    else if (refusal.length < errorCharactersLimit) refusal += bytes.toString('utf8');
  }
  // Half an answer must not look like a whole one.
  signal.throwIfAborted();
  if (!channel.isStream) throw errorOf(parseObject(refusal), requestId);
  return undefined;
}

/** One after the other: what was said before an error was said. */
function* chunksIn(events: readonly ServerSentEvent[], requestId: string): Generator<JsonObject> {
  for (const { data } of events) {
    if (data === undefined || data === '[DONE]') continue;
    const chunk = parseObject(data);
    if (!chunk || 'error' in chunk) throw errorOf(chunk, requestId);
    yield chunk;
  }
}

/** The error that the model path wrote for a client, as it was before: its code, its words, and whether another try can help. */
function errorOf(body: JsonObject | undefined, requestId: string): OpenClawError {
  const error = body?.['error'];
  const openclaw = isJsonObject(error) ? error['openclaw'] : undefined;
  if (!isJsonObject(error) || !isJsonObject(openclaw) || !isErrorCode(openclaw['code'])) {
    return notAnAnswer(requestId);
  }
  const { code, hint } = openclaw;
  const words = { message: String(error['message'] ?? ''), hint: typeof hint === 'string' ? hint : '' };
  // On the wire the hint is the end of the message.
  if (words.hint !== '' && words.message.endsWith(words.hint)) words.message = words.message.slice(0, -words.hint.length).trimEnd();
  return new OpenClawError(code, { words });
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCatalogue, code);
}

/** Between the model path, which writes, and the conversation, which reads. */
class Channel implements ModelSink {
  isStream = false;
  readonly #chunks: Buffer[] = [];
  #heldBytes = 0;
  #hasEnded = false;
  #hasLeft = false;
  #wakeReader = (): void => {};
  #wakeWriters: (() => void)[] = [];
  #onGone: (() => void) | undefined;

  head(_status: number, headers: Readonly<Record<string, string>>): void {
    this.isStream = headers['content-type']?.startsWith('text/event-stream') ?? false;
  }

  write(chunk: Buffer | string): boolean {
    if (this.#hasLeft) return true;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    this.#chunks.push(bytes);
    this.#heldBytes += bytes.length;
    this.#wakeReader();
    return this.#heldBytes < heldBytesLimit;
  }

  drained(): Promise<void> {
    if (this.#hasLeft || this.#heldBytes < heldBytesLimit) return Promise.resolve();
    return new Promise((resolve) => this.#wakeWriters.push(resolve));
  }

  end(chunk?: Buffer | string): void {
    if (chunk !== undefined && chunk.length > 0) this.write(chunk);
    this.#hasEnded = true;
    this.#wakeReader();
  }

  /** Undefined at the end. */
  async next(): Promise<Buffer | undefined> {
    while (this.#chunks.length === 0 && !this.#hasEnded && !this.#hasLeft) {
      await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
    const chunk = this.#chunks.shift();
    if (chunk) this.#heldBytes -= chunk.length;
    if (this.#heldBytes < heldBytesLimit) this.#letWrite();
    return chunk;
  }

  leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#chunks.length = 0;
    this.#heldBytes = 0;
    this.#letWrite();
    this.#wakeReader();
    if (!this.#hasEnded) this.#onGone?.();
  }

  whenGone(listener: () => void): void {
    this.#onGone = listener;
    if (this.#hasLeft && !this.#hasEnded) listener();
  }

  #letWrite(): void {
    const writers = this.#wakeWriters;
    this.#wakeWriters = [];
    for (const wake of writers) wake();
  }
}
