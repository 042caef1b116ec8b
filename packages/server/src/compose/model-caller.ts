/**
 * Lets conversations ask models over the model path, in this process: a streamed chat completion without HTTP around it.
 *
 * It chooses no model and keeps no history. What goes wrong comes back as the error that it was.
 */
import { errorCatalogue, type ErrorCode } from '@openclaw/protocol';
import { OpenClawError } from '../core/errors.ts';
import type { Ids } from '../core/ids.ts';
import { isJsonObject, parseObject, type JsonObject } from '../core/json.ts';
import { createServerSentEventParser, type ServerSentEvent } from '../models/dialects/server-sent-events.ts';
import type { ModelService, ModelSink } from '../models/index.ts';
import type { ModelCaller, ModelPart, ModelTurn } from '../runs/index.ts';

export interface ModelCallerOptions {
  readonly service: Pick<ModelService, 'serve'>;
  readonly ids: Pick<Ids, 'request'>;
  /** Under whose name it is written down. @default 'gateway' */
  readonly callerId?: string;
}

/** Beyond this the model path waits until some of it was read. */
const heldBytesLimit = 64 * 1024;
/** The body of an error; the model path writes it in one piece, and it is short. */
const errorCharactersLimit = 64 * 1024;

export function createModelCaller({ service, ids, callerId = 'gateway' }: ModelCallerOptions): ModelCaller {
  return (turn) => askModel(turn, { service, requestId: ids.request(), callerId });
}

interface Asking {
  readonly service: Pick<ModelService, 'serve'>;
  readonly requestId: string;
  readonly callerId: string;
}

async function* askModel(turn: ModelTurn, { service, requestId, callerId }: Asking): AsyncGenerator<ModelPart, undefined> {
  turn.signal.throwIfAborted();
  const channel = new Channel();
  const leave = (): void => channel.leave();
  turn.signal.addEventListener('abort', leave, { once: true });
  const serving = service.serve(
    {
      requestId,
      dialect: 'openai-completions',
      operation: 'chat',
      body: Buffer.from(JSON.stringify(bodyOf(turn))),
      // A session stays at one target where its route wants that, and a provider asked again knows it was.
      headers: { 'x-openclaw-session': turn.sessionKey, 'idempotency-key': turn.runId },
      caller: { id: callerId, models: undefined },
      whenGone: (listener) => channel.whenGone(listener),
      timeoutMs: undefined,
    },
    channel,
  );
  try {
    yield* readAnswer(channel, requestId);
    return undefined;
  } finally {
    turn.signal.removeEventListener('abort', leave);
    // Whoever stops reading early has left; after the end this says nothing.
    channel.leave();
    await serving;
  }
}

function bodyOf({ model, messages }: ModelTurn): object {
  return { model, messages, stream: true, stream_options: { include_usage: true } };
}

async function* readAnswer(channel: Channel, requestId: string): AsyncGenerator<ModelPart, undefined> {
  const parser = createServerSentEventParser();
  let refusal = '';
  for (let chunk = await channel.next(); chunk; chunk = await channel.next()) {
    if (channel.isStream) yield* partsIn(parser.push(chunk), requestId);
    else if (refusal.length < errorCharactersLimit) refusal += chunk.toString('utf8');
  }
  if (!channel.isStream) throw errorOf(parseObject(refusal), requestId);
  return undefined;
}

/** One after the other: what was said before an error was said. */
function* partsIn(events: readonly ServerSentEvent[], requestId: string): Generator<ModelPart> {
  for (const { data } of events) yield* partsOf(data, requestId);
}

function partsOf(data: string | undefined, requestId: string): ModelPart[] {
  if (data === undefined || data === '[DONE]') return [];
  const chunk = parseObject(data);
  if (!chunk || 'error' in chunk) throw errorOf(chunk, requestId);
  const { choices, usage } = chunk;
  const [choice] = Array.isArray(choices) ? choices : [];
  const delta = isJsonObject(choice) && isJsonObject(choice['delta']) ? choice['delta'] : {};
  // A model that declines says so in words of its own, which are an answer too.
  const parts = [delta['content'], delta['refusal']].flatMap((text): ModelPart[] =>
    typeof text === 'string' && text !== '' ? [{ kind: 'text', text }] : [],
  );
  if (!isJsonObject(usage)) return parts;
  const { prompt_tokens: input, completion_tokens: output } = usage;
  return [...parts, { kind: 'usage', inputTokens: Number(input ?? 0), outputTokens: Number(output ?? 0) }];
}

/** The error that the model path wrote for a client, as it was before: its code, its words, and whether another try can help. */
function errorOf(body: JsonObject | undefined, requestId: string): OpenClawError {
  const error = body?.['error'];
  const openclaw = isJsonObject(error) ? error['openclaw'] : undefined;
  if (!isJsonObject(error) || !isJsonObject(openclaw) || !isErrorCode(openclaw['code'])) {
    const reason = 'the stream has something else in it than a chat completion';
    return new OpenClawError('upstream_malformed', { details: { provider: 'the provider', reason, requestId } });
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
