/**
 * Providers that play scripts, on the clock of a test and without a network: each request takes the next turn of the script. They
 * keep an account of their own of what they said and what was taken from them.
 */
import type { Clock, Timer } from '../../src/core/clock.ts';
import { OpenClawError } from '../../src/core/errors.ts';
import { BodyStream } from '../../src/models/http/body-stream.ts';
import {
  awaitedConnection,
  type SendOptions,
  type Upstream,
  type UpstreamRequest,
  type UpstreamResponse,
} from '../../src/models/upstream.ts';
import { anthropicStream, anthropicWhole, chatStream, chatWhole } from './wire.ts';

/** What a provider does with one request. */
export interface ProviderTurn {
  /** Until its answer begins; `Infinity`: it never does. */
  readonly headMs: number;
  readonly pieces: number;
  readonly pieceMs: number;
  /** Whether it streams where it is asked to. */
  readonly streams: boolean;
  readonly ends: 'well' | 'cut' | 'error' | 'silent' | 'uncounted' | 'tool';
  /** Before it has been sent anything, or by a status. */
  readonly refuses: 'unreachable' | 'unconnected' | number | undefined;
  readonly retryAfter: string | undefined;
}

export interface Spent {
  readonly input: number;
  readonly output: number;
}

/** One request to a provider, as the provider saw it. */
export interface Exchange {
  readonly requestId: string;
  /** Whether it goes on. */
  readonly open: boolean;
  /** What it said that it had used, as far as that was taken; `undefined` where it was silent about it. */
  readonly said: Spent | undefined;
  /** Letters of text and arguments that were taken. */
  readonly characters: number;
}

export interface ScriptedUpstream extends Upstream {
  /** Requests that were begun and have not ended. */
  readonly open: number;
  readonly exchanges: readonly Exchange[];
}

export function createScriptedUpstream(clock: Clock, turns: readonly ProviderTurn[]): ScriptedUpstream {
  const exchanges: Played[] = [];
  return {
    exchanges,
    get open() {
      return exchanges.filter(({ open }) => open).length;
    },
    send(request, options) {
      const turn = turns[exchanges.length % turns.length];
      if (!turn) return Promise.reject(new Error('the script has no turn'));
      const exchange = new Played({ request, options, clock, turn });
      exchanges.push(exchange);
      return exchange.response;
    },
    close: () => Promise.resolve(),
  };
}

interface Part {
  readonly bytes: Buffer;
  readonly said: Partial<Spent> | undefined;
  readonly characters: number;
}

interface PlayedOptions {
  readonly request: UpstreamRequest;
  readonly options: SendOptions;
  readonly clock: Clock;
  readonly turn: ProviderTurn;
}

class Played implements Exchange {
  readonly requestId: string;
  said: Spent | undefined;
  characters = 0;
  open = true;
  readonly #head = Promise.withResolvers<UpstreamResponse>();
  readonly #played: PlayedOptions;
  readonly #timers = new Set<Timer>();
  readonly #onAbort = (): void => this.#fail(this.#played.options.signal.reason as OpenClawError);
  #idle: Timer | undefined;
  #staysOpen = false;
  #body: BodyStream | undefined;
  readonly #parts = new Map<Buffer, Part>();

  constructor(played: PlayedOptions) {
    const { options, turn } = played;
    this.#played = played;
    this.requestId = options.requestId;
    options.signal.addEventListener('abort', this.#onAbort, { once: true });
    if (options.signal.aborted) this.#onAbort();
    else {
      this.#watch('begin its answer', options.timeouts.firstByteMs);
      this.#after(turn.headMs, () => this.#begin());
    }
  }

  get response(): Promise<UpstreamResponse> {
    return this.#head.promise;
  }

  #begin(): void {
    const { request, turn, options } = this.#played;
    const provider = { provider: options.provider };
    if (turn.refuses === 'unreachable') {
      this.#fail(
        new OpenClawError('upstream_unreachable', { details: { ...provider, origin: request.origin, reason: 'it is not there' } }),
      );
      return;
    }
    if (turn.refuses === 'unconnected') {
      const details = { ...provider, awaited: awaitedConnection, timeoutMs: options.timeouts.connectMs };
      this.#fail(new OpenClawError('upstream_timeout', { details }));
      return;
    }
    const body = new BodyStream({ pause: () => {}, resume: () => {}, cancel: () => this.#close() });
    this.#body = body;
    const isMessages = request.path.includes('/messages');
    const asked = JSON.parse(String(request.body)) as { readonly stream?: boolean };
    const streams = turn.refuses === undefined && turn.streams && asked.stream === true;
    const parts = streams
      ? streamParts(turn, isMessages)
      : [wholePart(turn, { isMessages, isEmbeddings: request.path.endsWith('/embeddings') })];
    for (const part of parts) this.#parts.set(part.bytes, part);
    this.#head.resolve({
      status: turn.refuses ?? 200,
      headers: {
        'content-type': streams ? 'text/event-stream' : 'application/json',
        ...(turn.refuses !== undefined && turn.retryAfter !== undefined && { 'retry-after': turn.retryAfter }),
      },
      body: this.#counted(body),
    });
    // An error in a stream is the last that is heard of it, and the connection stays.
    this.#staysOpen = turn.ends === 'silent' || (turn.ends === 'error' && streams);
    this.#push(parts);
  }

  /** One part after the other; what comes after the last is how the turn ends. */
  #push([part, ...rest]: readonly Part[]): void {
    const { turn, options } = this.#played;
    this.#watch('send the next part of its answer', options.timeouts.idleMs);
    if (part) {
      const send = (): void => {
        this.#body?.push(part.bytes);
        this.#push(rest);
      };
      if (turn.pieceMs === 0) send();
      else this.#after(turn.pieceMs, send);
    } else if (turn.ends === 'cut')
      this.#fail(new OpenClawError('upstream_truncated', { details: { provider: options.provider, reason: 'cut' } }));
    else if (!this.#staysOpen) {
      this.#close();
      this.#body?.end();
    }
  }

  /** Notes what is taken, for nobody owes what was never read. */
  #counted(body: BodyStream): AsyncIterable<Buffer> {
    const next = async (): Promise<IteratorResult<Buffer, undefined>> => {
      const step = await body.next();
      const part = step.done ? undefined : this.#parts.get(step.value);
      if (part?.said) this.said = { input: 0, output: 0, ...this.said, ...part.said };
      this.characters += part?.characters ?? 0;
      return step;
    };
    return { [Symbol.asyncIterator]: () => ({ next, return: () => body.return() }) };
  }

  #watch(awaited: string, timeoutMs: number): void {
    if (this.#idle) this.#timers.delete(this.#idle);
    this.#idle?.cancel();
    const details = { provider: this.#played.options.provider, awaited, timeoutMs };
    this.#idle = this.#after(timeoutMs, () => this.#fail(new OpenClawError('upstream_timeout', { details })));
  }

  #after(delayMs: number, action: () => void): Timer | undefined {
    if (!this.open || !Number.isFinite(delayMs)) return undefined;
    const timer = this.#played.clock.after(delayMs, action);
    this.#timers.add(timer);
    return timer;
  }

  #fail(error: OpenClawError): void {
    if (!this.open) return;
    this.#close();
    if (this.#body) this.#body.fail(error);
    else this.#head.reject(error);
  }

  #close(): void {
    this.open = false;
    this.#played.options.signal.removeEventListener('abort', this.#onAbort);
    for (const timer of this.#timers) timer.cancel();
  }
}

const textOf = (pieces: number): string[] => Array.from({ length: pieces }, (_, index) => `piece ${index} `);

function streamParts(turn: ProviderTurn, isMessages: boolean): Part[] {
  const text = textOf(turn.pieces);
  const calls = turn.ends === 'tool' ? [{ id: 'call_1', name: 'look', arguments: '{"at":"it"}' }] : [];
  const all = isMessages ? anthropicStream({ text, calls }) : chatStream({ text, calls });
  const isHalf = turn.ends === 'cut' || turn.ends === 'silent' || turn.ends === 'error';
  const said = isHalf ? all.slice(0, Math.ceil(all.length / 2)) : all.filter((part) => turn.ends !== 'uncounted' || !isUsage(part));
  const failure = isMessages
    ? 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"busy"}}\n\n'
    : 'data: {"error":{"message":"busy","type":"server_error","code":503}}\n\n';
  return (turn.ends === 'error' ? [...said, failure] : said).map(partOf);
}

/** Of the chat's format alone: the other says its usage with its ends. */
function isUsage(part: string): boolean {
  return part.includes('"choices":[]');
}

function wholePart(
  turn: ProviderTurn,
  { isMessages, isEmbeddings }: { readonly isMessages: boolean; readonly isEmbeddings: boolean },
): Part {
  if (turn.refuses !== undefined) {
    const error = { message: 'no', type: 'api_error' };
    return { bytes: Buffer.from(JSON.stringify(isMessages ? { type: 'error', error } : { error })), said: undefined, characters: 0 };
  }
  const isCut = turn.ends === 'cut' || turn.ends === 'silent';
  if (isEmbeddings && !isCut) {
    const data = [{ object: 'embedding', index: 0, embedding: [1] }];
    return { bytes: Buffer.from(JSON.stringify({ object: 'list', data, usage: { prompt_tokens: 9 } })), said: { input: 9 }, characters: 0 };
  }
  const text = textOf(turn.pieces).join('');
  const bytes = Buffer.from(JSON.stringify(isMessages ? anthropicWhole({ text }) : chatWhole({ text })));
  if (isCut) return { bytes: bytes.subarray(0, 40), said: undefined, characters: 0 };
  return { bytes, said: { input: 9, output: 3 }, characters: text.length };
}

/** Of one event, as an independent reader sees it. */
interface EventBody {
  readonly usage?: { readonly prompt_tokens?: number; readonly completion_tokens?: number; readonly output_tokens?: number };
  readonly message?: { readonly usage: { readonly input_tokens: number; readonly output_tokens: number } };
  readonly choices?: readonly {
    readonly delta: { readonly content?: string; readonly tool_calls?: readonly { readonly function: { readonly arguments: string } }[] };
  }[];
  readonly delta?: { readonly text?: string; readonly partial_json?: string };
}

function partOf(raw: string): Part {
  const [, data = ''] = /^data: (\{.*)$/m.exec(raw) ?? [];
  const event = (data === '' ? {} : JSON.parse(data)) as EventBody;
  const delta = event.choices?.[0]?.delta;
  const texts = [delta?.content, delta?.tool_calls?.[0]?.function.arguments, event.delta?.text, event.delta?.partial_json];
  return { bytes: Buffer.from(raw), said: usageOf(event), characters: texts.join('').length };
}

function usageOf({ usage, message }: EventBody): Partial<Spent> | undefined {
  if (message) return { input: message.usage.input_tokens, output: message.usage.output_tokens };
  if (!usage) return undefined;
  if (usage.output_tokens !== undefined) return { output: usage.output_tokens };
  return { input: usage.prompt_tokens ?? 0, output: usage.completion_tokens ?? 0 };
}
