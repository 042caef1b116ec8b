/**
 * Reads an answer of Bedrock, streamed (ConverseStream) or whole (Converse).
 *
 * The counts come after the reason why the answer ended, so the end is held back until they are there, or until the stream is
 * over. Blocks of text and thinking begin with their first delta: only tool calls have a start of their own on this wire.
 */
import type { OpenClawError } from '../../../core/errors.ts';
import { isJsonObject, parseObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import type { ResponseDecoder, StreamFrame } from '../dialect.ts';
import type { BlockDelta, FinishEvent, ModelEvent, Usage } from '../events.ts';
import { emptyAnswer, malformed, truncated } from '../failures.ts';
import { exceptionPrefix } from './event-stream.ts';
import { exceptionError } from './failures.ts';
import { decodeFinish } from './stop-reasons.ts';
import { decodeUsage } from './usage.ts';

const dialect = 'bedrock-converse-stream';
const nothing: readonly ModelEvent[] = [];

export function decodeResponse(provider: string): ResponseDecoder {
  const reader = new AnswerReader(provider);
  return {
    event: (event) => reader.event(event),
    end: () => reader.end(),
    whole: (body) => reader.whole(body),
  };
}

type OpenBlock =
  | { readonly kind: 'text' | 'thinking' | 'toolCall' | 'native'; readonly index: number }
  /** Encrypted thinking, which the events want whole; it has no index before that. */
  | { readonly kind: 'redactedThinking'; readonly pieces: string[] };

class AnswerReader {
  readonly #provider: string;
  /** By Converse's index, which need not be ours. */
  readonly #open = new Map<number, OpenBlock>();
  #nextIndex = 0;
  #started = false;
  #calledTools = false;
  #usage: Usage | undefined;
  #finish: FinishEvent | undefined;
  #ended = false;
  #failure: readonly ModelEvent[] | undefined;

  constructor(provider: string) {
    this.#provider = provider;
  }

  event({ name, data }: StreamFrame): readonly ModelEvent[] {
    if (this.#ended || data === undefined) return nothing;
    const body = parseObject(data);
    if (name.startsWith(exceptionPrefix)) {
      return this.#fail(exceptionError(name.slice(exceptionPrefix.length), body ?? {}, this.#provider));
    }
    // The one kind that may be without a payload opens the connection and no answer.
    if (!body) return name === 'initial-response' ? nothing : this.#malformed('an event of its stream is not a JSON object');
    switch (name) {
      case 'messageStart':
        return this.#start();
      case 'contentBlockStart':
      case 'contentBlockDelta':
      case 'contentBlockStop':
        return this.#block(name, body);
      case 'messageStop':
        return this.#messageStop(body);
      case 'metadata':
        return this.#metadata(body);
      default:
        // A kind of event that is new here.
        return nothing;
    }
  }

  /** A stream that is over after its stop reason is whole, with or without its counts. */
  end(): readonly ModelEvent[] {
    if (this.#ended) return nothing;
    return this.#finish ? this.#complete() : this.#fail(truncated(this.#provider, 'the stream ended without messageStop'));
  }

  whole(body: JsonObject): readonly ModelEvent[] {
    const { output, stopReason } = body;
    const message = isJsonObject(output) ? output['message'] : undefined;
    const content = isJsonObject(message) ? message['content'] : undefined;
    if (!Array.isArray(content)) return this.#fail(malformed(this.#provider, 'the answer has no output.message.content'));
    if (typeof stopReason !== 'string') return this.#fail(malformed(this.#provider, 'the answer has no stopReason'));
    const events = [...this.#start()];
    for (const [key, block] of content.entries()) {
      events.push(...this.#wholeBlock(key, block), ...this.#stop(key));
      if (this.#failure) return this.#failure;
    }
    const end = [...this.#messageStop(body), ...this.#metadata(body), ...this.end()];
    return this.#failure ?? [...events, ...end];
  }

  #fail(error: OpenClawError): readonly ModelEvent[] {
    this.#ended = true;
    return (this.#failure ??= [{ type: 'error', error }]);
  }

  #malformed(reason: string): readonly ModelEvent[] {
    return this.#fail(malformed(this.#provider, reason));
  }

  /** Converse names neither an id nor the model. */
  #start(): readonly ModelEvent[] {
    if (this.#started) return nothing;
    this.#started = true;
    return [{ type: 'start', id: '', model: '' }];
  }

  #block(name: string, body: JsonObject): readonly ModelEvent[] {
    const key = body['contentBlockIndex'];
    if (!this.#started) return this.#malformed(`${name} comes before messageStart`);
    if (this.#finish) return this.#malformed(`${name} comes after messageStop`);
    if (typeof key !== 'number') return this.#malformed(`${name} has no contentBlockIndex`);
    if (name === 'contentBlockStop') return this.#stop(key);
    const inner = name === 'contentBlockStart' ? body['start'] : body['delta'];
    if (!isJsonObject(inner)) return this.#malformed(`${name} has no ${name === 'contentBlockStart' ? 'start' : 'delta'}`);
    return name === 'contentBlockStart' ? this.#blockStart(key, inner) : this.#blockDelta(key, inner);
  }

  #blockStart(key: number, start: JsonObject): readonly ModelEvent[] {
    // A block that was never stopped ends where its place is taken.
    const stopped = this.#stop(key);
    const { toolUse, toolResult, image } = start;
    if (isServerTool(toolUse) || toolResult !== undefined || image !== undefined) return [...stopped, ...this.#nativeStart(key, start)];
    // Of any other kind: it begins with its first delta.
    if (toolUse === undefined) return stopped;
    const { toolUseId: id, name } = isJsonObject(toolUse) ? toolUse : {};
    if (typeof id !== 'string' || typeof name !== 'string') return this.#malformed('a tool call has no id or no name');
    this.#calledTools = true;
    const index = this.#nextIndex++;
    this.#open.set(key, { kind: 'toolCall', index });
    return [...stopped, { type: 'blockStart', index, block: { kind: 'toolCall', id, name } }];
  }

  /** A block of a kind that only Bedrock has: an image, a tool that it runs itself and the result of one. */
  #nativeStart(key: number, value: JsonObject): readonly ModelEvent[] {
    const index = this.#nextIndex++;
    this.#open.set(key, { kind: 'native', index });
    return [{ type: 'blockStart', index, block: { kind: 'native', dialect, value } }];
  }

  #blockDelta(key: number, delta: JsonObject): readonly ModelEvent[] {
    const { text, toolUse, reasoningContent } = delta;
    if (text !== undefined) return typeof text === 'string' ? this.#text(key, 'text', text) : this.#malformed('a text is no text');
    if (reasoningContent !== undefined) return this.#reasoning(key, reasoningContent);
    const open = this.#open.get(key);
    if (toolUse !== undefined && open?.kind !== 'native') {
      const json = isJsonObject(toolUse) ? toolUse['input'] : undefined;
      if (typeof json !== 'string') return this.#malformed('the arguments of a tool call are no text');
      if (open?.kind !== 'toolCall') return this.#malformed('arguments belong to no tool call');
      return json === '' ? nothing : [deltaEvent(open.index, { kind: 'arguments', json })];
    }
    // Citations and parts of images: there is no place for them but beside a block that is open.
    if (open === undefined || open.kind === 'redactedThinking') return nothing;
    return [deltaEvent(open.index, { kind: 'native', dialect, value: delta })];
  }

  #reasoning(key: number, content: JsonValue): readonly ModelEvent[] {
    const { text, signature, redactedContent } = isJsonObject(content) ? content : {};
    if (typeof text === 'string') return this.#text(key, 'thinking', text);
    if (typeof signature === 'string') {
      const { index, events } = this.#opened(key, 'thinking');
      return [...events, deltaEvent(index, { kind: 'signature', signature })];
    }
    if (typeof redactedContent !== 'string') return this.#malformed('reasoningContent says nothing');
    const open = this.#open.get(key);
    if (open?.kind === 'redactedThinking') {
      open.pieces.push(redactedContent);
      return nothing;
    }
    const stopped = this.#stop(key);
    this.#open.set(key, { kind: 'redactedThinking', pieces: [redactedContent] });
    return stopped;
  }

  #text(key: number, kind: 'text' | 'thinking', text: string): readonly ModelEvent[] {
    const open = this.#open.get(key);
    if (open?.kind === 'toolCall') return this.#malformed('a text stands within a tool call');
    if (open?.kind === 'native') return [deltaEvent(open.index, { kind: 'text', text })];
    const { index, events } = this.#opened(key, kind);
    return text === '' ? events : [...events, deltaEvent(index, { kind: 'text', text })];
  }

  /** The open block of a kind, and the events that open it where it is not. */
  #opened(key: number, kind: 'text' | 'thinking'): { readonly index: number; readonly events: readonly ModelEvent[] } {
    const open = this.#open.get(key);
    if (open?.kind === kind) return { index: open.index, events: nothing };
    const stopped = this.#stop(key);
    const index = this.#nextIndex++;
    this.#open.set(key, { kind, index });
    return { index, events: [...stopped, { type: 'blockStart', index, block: { kind } }] };
  }

  #stop(key: number): readonly ModelEvent[] {
    const open = this.#open.get(key);
    if (!open) return nothing;
    this.#open.delete(key);
    if (open.kind !== 'redactedThinking') return [{ type: 'blockStop', index: open.index }];
    const index = this.#nextIndex++;
    const data = joinBase64(open.pieces);
    return [
      { type: 'blockStart', index, block: { kind: 'redactedThinking', data } },
      { type: 'blockStop', index },
    ];
  }

  #messageStop(body: JsonObject): readonly ModelEvent[] {
    if (!this.#started) return this.#malformed('messageStop comes before messageStart');
    const word = body['stopReason'];
    if (typeof word !== 'string') return this.#malformed('messageStop has no stopReason');
    const stops = [...this.#open.keys()].flatMap((key) => this.#stop(key));
    this.#finish ??= decodeFinish(word, body['additionalModelResponseFields'], this.#calledTools);
    return stops;
  }

  #metadata(body: JsonObject): readonly ModelEvent[] {
    const usage = decodeUsage(body['usage']);
    if (!usage || !this.#started) return nothing;
    this.#usage = usage;
    const counted: ModelEvent = { type: 'usage', usage };
    return this.#finish ? [counted, ...this.#complete()] : [counted];
  }

  #complete(): readonly ModelEvent[] {
    const finish = this.#finish as FinishEvent;
    if (finish.reason === 'stop' && this.#nextIndex === 0 && this.#usage?.output === 0) return this.#fail(emptyAnswer(this.#provider));
    this.#ended = true;
    return [finish];
  }

  #wholeBlock(key: number, block: JsonValue): readonly ModelEvent[] {
    if (!isJsonObject(block)) return this.#malformed('a content block is not an object');
    const { text, toolUse, reasoningContent, citationsContent } = block;
    if (text !== undefined) return this.#blockDelta(key, { text });
    if (toolUse !== undefined && !isServerTool(toolUse)) return this.#wholeCall(key, toolUse);
    if (reasoningContent !== undefined) return this.#wholeReasoning(key, reasoningContent);
    if (citationsContent !== undefined) return this.#citedText(key, citationsContent);
    return this.#nativeStart(key, block);
  }

  #wholeCall(key: number, toolUse: JsonValue): readonly ModelEvent[] {
    const started = this.#blockStart(key, { toolUse });
    if (this.#ended) return started;
    const input = (isJsonObject(toolUse) ? toolUse['input'] : undefined) ?? {};
    // Text where an object should be is what a model wrote that is not JSON.
    return [...started, ...this.#blockDelta(key, { toolUse: { input: isJsonObject(input) ? JSON.stringify(input) : input } })];
  }

  #citedText(key: number, cited: JsonValue): readonly ModelEvent[] {
    const content = isJsonObject(cited) ? cited['content'] : undefined;
    if (!Array.isArray(content)) return this.#malformed('citationsContent has no content');
    return content.flatMap((piece) =>
      isJsonObject(piece) && piece['text'] !== undefined ? this.#blockDelta(key, { text: piece['text'] }) : [],
    );
  }

  #wholeReasoning(key: number, content: JsonValue): readonly ModelEvent[] {
    const reasoningText = isJsonObject(content) ? content['reasoningText'] : undefined;
    if (reasoningText === undefined) return this.#reasoning(key, content);
    const { text, signature } = isJsonObject(reasoningText) ? reasoningText : {};
    if (typeof text !== 'string') return this.#malformed('reasoningText has no text');
    const events = this.#text(key, 'thinking', text);
    return signature === undefined ? events : [...events, ...this.#reasoning(key, { signature })];
  }
}

/** A tool that Bedrock runs itself; its call is not for the client. */
function isServerTool(toolUse: JsonValue | undefined): boolean {
  return isJsonObject(toolUse) && typeof toolUse['type'] === 'string';
}

/** Each piece of bytes is padded by itself, so texts cannot simply be put together. */
function joinBase64(pieces: readonly string[]): string {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return only;
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64'))).toString('base64');
}

function deltaEvent(index: number, delta: BlockDelta): ModelEvent {
  return { type: 'blockDelta', index, delta };
}
