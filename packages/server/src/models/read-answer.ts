/**
 * Reads one good answer of an upstream, streamed or whole, and hands it to the client in the client's own form.
 *
 * Same dialect: each event's bytes go through untouched, watched by the decoder. Different dialects: through the internal
 * events. It throws what the provider got wrong; whether another target is asked then is not its business (`service.ts`).
 */
import type { Clock } from '../core/clock.ts';
import { OpenClawError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { Continuation } from './continuation.ts';
import type { AnswerProgress, IncomingRequest } from './exchange.ts';
import type { EncodeOptions, ProviderDialect, ResponseDecoder, ResponseEncoder, StreamFrame } from './dialects/dialect.ts';
import type { BlockDelta, ModelEvent, StartEvent } from './dialects/events.ts';
import { dialects, isUsageOnlyEvent, providerDialects } from './dialects/index.ts';
import type { AttemptContext, Observed } from './operation.ts';
import { parseAnswer, readWhole, tooLarge, wholeLimitBytes } from './read-whole.ts';
import type { Target } from './target.ts';
import type { UpstreamResponse } from './upstream.ts';

/** How long an upstream may take to close a response after its last event. Longer holds the request's slot for nothing. */
const lingerMs = 1000;

/** What is held back before the first output. A provider that says more without any is taken at its word, not kept in memory. */
const heldLimit = 1024 * 1024;

export interface ReadContext extends AttemptContext {
  readonly incoming: IncomingRequest;
  readonly target: Target;
  /** Where the client's dialect has answers that are kept. */
  readonly stored?: Keeping | undefined;
}

export interface AnswerOrigin {
  readonly target: Target;
  /** Whether the client gets the very bytes of the target, so that ids in it are the target's. */
  readonly passedThrough: boolean;
}

export interface Keeping {
  /** Takes an answer whole, before the client hears of its end. */
  keep(answer: JsonObject, from: AnswerOrigin): void;
  /** What the client asked, as answers repeat it. */
  readonly asked: JsonObject;
}

export async function readAnswer(response: UpstreamResponse, context: ReadContext): Promise<void> {
  const { framing } = dialectOf(context);
  const isStream = (response.headers['content-type'] ?? '').includes(framing.contentType);
  if (isStream && framing.prepare) await framing.prepare();
  if (isStream && context.incoming.stream) return streamThrough(response, context);
  if (isStream) {
    const chunks = response.body[Symbol.asyncIterator]();
    await deliverWhole(await collectStream(chunks, context), undefined, context);
    return lingerUntilEnd(chunks, context.clock);
  }
  const bytes = await readWhole(response, context.target.provider.id, context.incoming.call);
  const decoder = dialectOf(context).decodeResponse(context.target.provider.id);
  return deliverWhole(decoder.whole(parseAnswer(bytes, context.target.provider.id)), bytes, context);
}

/** A stream in, a stream out. */
async function streamThrough(response: UpstreamResponse, context: ReadContext): Promise<void> {
  const { provider } = context.target;
  const parser = dialectOf(context).framing.createParser(provider.id);
  const relay = new StreamRelay(context);
  const chunks = response.body[Symbol.asyncIterator]();
  try {
    for (let step = await chunks.next(); !step.done && !relay.finished; step = await chunks.next()) {
      for (const event of parser.push(step.value)) relay.accept(event);
      await relay.flush();
      if (relay.finished) break;
    }
    if (!relay.finished) relay.end();
    await relay.flush();
  } catch (thrown) {
    await chunks.return?.();
    // Events that were whole before the failure belong to the client, once it has seen any.
    if (relay.claimed) await relay.flush();
    throw thrown;
  }
  if (!context.observed.finish) {
    const details = { provider: provider.id, reason: 'the stream ended without saying why' };
    throw new OpenClawError('upstream_truncated', { details });
  }
  context.answer.endStream();
  await lingerUntilEnd(chunks, context.clock);
}

/** Reads past the last event to the end of the response, so that the connection can serve the next request. */
async function lingerUntilEnd(chunks: AsyncIterator<Buffer>, clock: Clock): Promise<void> {
  const limit = clock.after(lingerMs, () => void chunks.return?.());
  try {
    while (!(await chunks.next()).done);
  } catch {
    // The answer was complete; how its connection ends is of no account.
  } finally {
    limit.cancel();
  }
}

/** Turns events of the upstream into bytes for the client and holds them back until the first output. */
class StreamRelay {
  readonly #context: ReadContext;
  readonly #decoder: ResponseDecoder;
  /** Absent where bytes pass through. */
  readonly #encoder: ResponseEncoder | undefined;
  readonly #hidesUsage: boolean;
  /** Only where the answer may be gone on with. */
  readonly #progress: AnswerProgress | undefined;
  #pending: (Buffer | string)[] = [];
  #heldLength = 0;
  #hasOutput = false;
  #start: StartEvent | undefined;
  #eventCount = 0;
  /** Whether the client sees this answer and no other. */
  claimed = false;
  finished = false;

  constructor(context: ReadContext) {
    const { incoming, target } = context;
    this.#context = context;
    this.#decoder = dialectOf(context).decodeResponse(target.provider.id);
    this.#progress = progressOf(context);
    this.#encoder = this.#progress?.encoder ?? (incoming.passesThrough(target) ? undefined : encoderFor(context));
    if (incoming.progress) this.#pending.push(`: continued by ${target.name.replace(/[\r\n]/g, ' ')}\n\n`);
    this.#hidesUsage = !seesUsage(incoming);
  }

  accept(event: StreamFrame): void {
    if (this.finished || event.data === undefined) return;
    const events = this.#read(this.#decoder.event(event));
    this.#eventCount++;
    const piece = this.#encoder ? this.#encoder.stream(events) : this.#hidesUsage && isUsageOnlyEvent(event) ? '' : event.raw;
    if (piece.length === 0) return;
    this.#pending.push(piece);
    this.#heldLength += piece.length;
    if (this.#heldLength > heldLimit) this.#hasOutput = true;
    if (this.finished) this.#keep();
  }

  end(): void {
    const events = this.#read(this.#decoder.end());
    if (this.#encoder) this.#pending.push(this.#encoder.stream(events));
    if (this.finished) this.#keep();
  }

  /** How this answer ends if it fails now: as the events that the client has seen demand it. */
  failure(error: OpenClawError): string {
    const start = this.#start;
    const encoder = this.#encoder ?? encoderFor(this.#context, start && { start, eventCount: this.#eventCount });
    return encoder.stream([{ type: 'error', error }]);
  }

  /** Before the client hears of the end, so that whatever it asks next finds the answer kept. */
  #keep(): void {
    const answer = this.#encoder ? this.#encoder.answer : this.#decoder.answer;
    if (answer) this.#context.stored?.keep(answer, { target: this.#context.target, passedThrough: !this.#encoder });
  }

  /** @throws OpenClawError if the upstream reported a failure; what was complete before it has been written then */
  async flush(): Promise<void> {
    if (!this.#hasOutput && !this.finished) return;
    const pending = this.#pending;
    if (pending.length === 0) return;
    this.#pending = [];
    this.#heldLength = 0;
    if (!this.claimed) {
      this.#context.onOutput();
      this.claimed = true;
      this.#context.incoming.progress = this.#progress;
      this.#context.answer.endsWith((error) => this.failure(error));
    }
    if (this.finished) this.#context.answer.endStream(join(pending));
    else await this.#context.answer.write(join(pending));
  }

  #read(events: readonly ModelEvent[]): readonly ModelEvent[] {
    this.#observe(events);
    this.#context.record?.(events);
    return this.#progress ? this.#progress.continuation.adopt(events) : events;
  }

  #observe(events: readonly ModelEvent[]): void {
    for (const event of events) {
      if (event.type === 'blockDelta') {
        this.#hasOutput = true;
        countOutput(event.delta, this.#context.observed);
      } else if (event.type === 'blockStart') this.#hasOutput ||= event.block.kind !== 'text' && event.block.kind !== 'thinking';
      else if (event.type === 'start') this.#start = event;
      else if (event.type === 'usage') this.#context.observed.usage = event.usage;
      else if (event.type === 'finish') {
        this.#context.observed.finish = event;
        this.finished = true;
      } else if (event.type === 'error') throw event.error;
    }
  }
}

/** The client's answer so far, or the beginning of one that it may see. */
function progressOf(context: ReadContext): AnswerProgress | undefined {
  const { incoming } = context;
  if (!incoming.mayGoOn) return undefined;
  return incoming.progress ?? { continuation: new Continuation(), encoder: encoderFor(context) };
}

function join(parts: readonly (Buffer | string)[]): Buffer | string {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  if (parts.every((part) => typeof part === 'string')) return parts.join('');
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
}

/** A whole answer in, whatever the client wants out. */
async function deliverWhole(events: readonly ModelEvent[], bytes: Buffer | undefined, context: ReadContext): Promise<void> {
  const { incoming, target, answer, observed } = context;
  for (const event of events) {
    if (event.type === 'error') throw event.error;
    if (event.type === 'usage') observed.usage = event.usage;
    if (event.type === 'finish') observed.finish = event;
    if (event.type === 'blockDelta') countOutput(event.delta, observed);
  }
  context.record?.(events);
  context.onOutput();
  const own = bytes !== undefined && incoming.passesThrough(target);
  if (own && !incoming.stream) {
    // The one event of such an answer is the answer itself.
    if (context.stored) keepWhole(bytes, context);
    answer.endWhole(bytes);
    return;
  }
  const encoder = encoderFor(context);
  const body = incoming.stream ? encoder.stream(events) : JSON.stringify(encoder.whole(events));
  if (encoder.answer) context.stored?.keep(encoder.answer, { target, passedThrough: false });
  if (incoming.stream) answer.endStream(body);
  else answer.endWhole(body);
}

function keepWhole(bytes: Buffer, context: ReadContext): void {
  context.stored?.keep(parseAnswer(bytes, context.target.provider.id), { target: context.target, passedThrough: true });
}

export function encoderFor(
  { incoming, clock, stored }: Pick<ReadContext, 'incoming' | 'clock' | 'stored'>,
  continues?: EncodeOptions['continues'],
): ResponseEncoder {
  const { dialect, requestId } = incoming.call;
  return dialects[dialect].encodeResponse({
    ...{ requestedModel: incoming.model, includeUsage: seesUsage(incoming), requestId, nowMs: clock.now() },
    // The others repeat nothing of it, and it need not be read again for them.
    ...(dialect === 'openai-responses' && { request: stored?.asked ?? incoming.body }),
    ...(continues && { continues }),
  });
}

function dialectOf({ incoming, target }: ReadContext): ProviderDialect {
  return providerDialects[incoming.dialectAt(target)];
}

function seesUsage({ call, wantsUsage }: IncomingRequest): boolean {
  return wantsUsage || call.dialect !== 'openai-completions';
}

function countOutput(delta: BlockDelta, observed: Observed): void {
  if (delta.kind === 'text') observed.outputCharacters += delta.text.length;
  else if (delta.kind === 'arguments') observed.outputCharacters += delta.json.length;
}

/** For an upstream that streams although nobody asked it to: its events up to the last. */
async function collectStream(chunks: AsyncIterator<Buffer>, context: ReadContext): Promise<ModelEvent[]> {
  const { provider } = context.target;
  const parser = dialectOf(context).framing.createParser(provider.id);
  const decoder = dialectOf(context).decodeResponse(provider.id);
  const events: ModelEvent[] = [];
  let length = 0;
  try {
    for (let step = await chunks.next(); !step.done; step = await chunks.next()) {
      length += step.value.length;
      if (length > wholeLimitBytes) throw tooLarge(provider.id);
      context.incoming.call.hold?.(step.value.length);
      events.push(...parser.push(step.value).flatMap((event) => decoder.event(event)));
      const last = events.at(-1);
      if (last?.type === 'error') throw last.error;
      if (last?.type === 'finish') return events;
    }
  } catch (thrown) {
    await chunks.return?.();
    throw thrown;
  }
  return events.concat(decoder.end());
}
