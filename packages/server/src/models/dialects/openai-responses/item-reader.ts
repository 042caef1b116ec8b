/**
 * Reads the items of an answer and builds their blocks: each part of a message, each reasoning item and each call is a block of
 * its own, in the order in which they begin.
 *
 * It does not know how an answer begins or ends: see `decode-response.ts`.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import type { Block, BlockDelta, ModelEvent } from '../events.ts';
import { restOf } from '../fields.ts';
import { readEncrypted } from './reasoning.ts';

const dialect = 'openai-responses';

type ItemKind = 'message' | 'reasoning' | 'call' | 'native';

interface Item {
  readonly kind: ItemKind;
  readonly id: string;
  /** Blocks by the part of the item that they hold. */
  readonly parts: Map<string, OpenPart>;
  done: boolean;
}

interface OpenPart {
  readonly index: number;
  /** What has been said of it. */
  text: string;
  open: boolean;
}

/** All of a text, as events repeat it after its pieces. */
interface Whole {
  readonly whole: string;
}

type Key = JsonValue | undefined;

const knownCallFields: ReadonlySet<string> = new Set(['type', 'id', 'status', 'call_id', 'name', 'arguments']);

export class ItemReader {
  readonly #provider: string;
  readonly #events: ModelEvent[] = [];
  /** By `output_index`, or by the item's id where a server leaves that out. */
  readonly #items = new Map<Key, Item>();
  readonly #ids = new Set<string>();
  #nextIndex = 0;
  calledTools = false;

  constructor(provider: string) {
    this.#provider = provider;
  }

  /** Whether nothing was said at all. */
  get isEmpty(): boolean {
    return this.#nextIndex === 0;
  }

  /** What was built since the last call. */
  take(): ModelEvent[] {
    return this.#events.splice(0);
  }

  /** One event of a stream. Says what is wrong with it, if anything is. */
  read(type: string, event: JsonObject): string | undefined {
    const key = event['output_index'] ?? event['item_id'];
    if (type === 'response.output_item.added') return this.#added(key, event['item']);
    if (type === 'response.output_item.done') return this.#done(key, event['item']);
    const item = this.#items.get(key) ?? this.#implied(key, type, event);
    if (!item || item.done) return undefined;
    if (item.kind === 'native') this.#nativeEvent(item, event);
    else this.#pieceEvent(item, type, event);
    return undefined;
  }

  /** The output of a whole answer, or of the last event of a stream, where only what is new counts. */
  readOutput(output: readonly JsonValue[]): void {
    for (const [position, value] of output.entries()) {
      if (!isJsonObject(value)) continue;
      const known = this.#items.get(position);
      const isNews = known ? !known.done && known.kind === kindOf(value) : !this.#ids.has(stringOf(value['id']));
      if (isNews) this.#done(position, value);
    }
  }

  /** Closes what is open. Says what is wrong with a call that never came to its end, though the answer is complete. */
  finish(isComplete: boolean): string | undefined {
    for (const item of this.#items.values()) {
      if (isComplete && item.kind === 'call' && !item.done) return 'a function call has no end';
      this.#close(item);
    }
    return undefined;
  }

  #added(key: Key, value: JsonValue | undefined): string | undefined {
    if (!isJsonObject(value)) return 'an item is not an object';
    this.#open(key, value);
    return undefined;
  }

  #done(key: Key, value: JsonValue | undefined): string | undefined {
    if (!isJsonObject(value)) return 'an item is not an object';
    const known = this.#items.get(key);
    const item = known && !known.done && known.kind === kindOf(value) ? known : this.#open(key, value);
    if (!item) return undefined;
    if (item.kind === 'message') this.#messageWhole(item, value);
    else if (item.kind === 'call') this.#say(item, 'call', { whole: stringOf(value['arguments']) });
    else if (item.kind === 'reasoning') this.#reasoningWhole(item, value);
    else this.#native(item, { type: 'response.output_item.done', item: value });
    this.#close(item);
    item.done = true;
    return undefined;
  }

  /** Starts an item. `undefined` for a call without a name, which is no call. */
  #open(key: Key, value: JsonObject): Item | undefined {
    const before = this.#items.get(key);
    // An item that never ended ends where its place is taken.
    if (before) this.#close(before);
    const kind = kindOf(value);
    const item: Item = { kind, id: stringOf(value['id']), parts: new Map(), done: false };
    if (kind === 'call' && typeof value['name'] !== 'string') return undefined;
    this.#items.set(key, item);
    if (item.id !== '') this.#ids.add(item.id);
    if (kind === 'native') this.#begin(item, 'native', { kind: 'native', dialect, value });
    if (kind === 'call') {
      this.calledTools = true;
      const extensions = restOf(value, knownCallFields);
      const id = stringOf(value['call_id']) || item.id || `call_${this.#nextIndex}`;
      this.#begin(item, 'call', { kind: 'toolCall', id, name: stringOf(value['name']), ...(extensions && { extensions }) });
    }
    return item;
  }

  /** Some servers send the pieces of a text without saying that an item begins. */
  #implied(key: Key, type: string, event: JsonObject): Item | undefined {
    const kind = impliedKinds[type];
    return kind ? this.#open(key, { type: kind, ...(typeof event['item_id'] === 'string' && { id: event['item_id'] }) }) : undefined;
  }

  #pieceEvent(item: Item, type: string, event: JsonObject): void {
    const { delta, text, refusal, content_index: content = 0, summary_index: summary = 0 } = event;
    switch (type) {
      case 'response.output_text.delta':
        return this.#say(item, `text ${String(content)}`, stringOf(delta));
      case 'response.output_text.done':
        return this.#say(item, `text ${String(content)}`, { whole: stringOf(text) });
      case 'response.refusal.delta':
        return this.#say(item, `refusal ${String(content)}`, stringOf(delta));
      case 'response.refusal.done':
        return this.#say(item, `refusal ${String(content)}`, { whole: stringOf(refusal) });
      case 'response.output_text.annotation.added':
        return this.#annotate(item, `text ${String(content)}`, event);
      case 'response.function_call_arguments.delta':
        return this.#say(item, 'call', stringOf(delta));
      case 'response.function_call_arguments.done':
        return this.#say(item, 'call', { whole: stringOf(event['arguments']) });
      case 'response.reasoning_summary_text.delta':
        return this.#think(item, `summary ${String(summary)}`, stringOf(delta));
      case 'response.reasoning_summary_text.done':
        return this.#think(item, `summary ${String(summary)}`, { whole: stringOf(text) });
      case 'response.reasoning_text.delta':
        return this.#think(item, `content ${String(content)}`, stringOf(delta));
      case 'response.reasoning_text.done':
        return this.#think(item, `content ${String(content)}`, { whole: stringOf(text) });
      default:
    }
  }

  /** Adds to a part of a message or of a call. */
  #say(item: Item, name: string, piece: string | Whole): void {
    const fits = item.kind === 'call' ? name === 'call' : item.kind === 'message' && name !== 'call';
    if (!fits) return;
    const before = item.parts.get(name);
    const news = newsOf(piece, before?.text);
    if (news === '') return;
    const part = before ?? this.#begin(item, name, { kind: name.startsWith('refusal') ? 'refusal' : 'text' });
    this.#delta(part, item.kind === 'call' ? { kind: 'arguments', json: news } : { kind: 'text', text: news });
    part.text += news;
  }

  /** All parts of a reasoning item are one block: what follows a part of another name is a paragraph of its own. */
  #think(item: Item, name: string, piece: string | Whole): void {
    if (item.kind !== 'reasoning') return;
    const said = item.parts.get(name);
    const news = newsOf(piece, said?.text);
    if (news === '') return;
    const block = item.parts.get('thinking') ?? this.#begin(item, 'thinking', { kind: 'thinking' });
    const isFirst = item.parts.size === 1;
    if (!said) item.parts.set(name, { index: block.index, text: news, open: false });
    else said.text += news;
    this.#delta(block, { kind: 'text', text: said || isFirst ? news : `\n\n${news}` });
  }

  #annotate(item: Item, name: string, value: JsonObject): void {
    const part = item.parts.get(name);
    if (part) this.#delta(part, { kind: 'native', dialect, value });
  }

  #messageWhole(item: Item, value: JsonObject): void {
    const content = Array.isArray(value['content']) ? value['content'] : [];
    for (const [position, part] of content.entries()) {
      if (!isJsonObject(part)) continue;
      if (part['type'] === 'refusal') this.#say(item, `refusal ${position}`, { whole: stringOf(part['refusal']) });
      else this.#say(item, `text ${position}`, { whole: stringOf(part['text']) });
    }
  }

  #reasoningWhole(item: Item, value: JsonObject): void {
    for (const section of ['summary', 'content'] as const) {
      const parts = Array.isArray(value[section]) ? value[section] : [];
      for (const [position, part] of parts.entries()) {
        if (isJsonObject(part)) this.#think(item, `${section} ${position}`, { whole: stringOf(part['text']) });
      }
    }
    const encrypted = stringOf(value['encrypted_content']);
    if (encrypted === '') return;
    const meaning = readEncrypted(encrypted, { provider: this.#provider, id: stringOf(value['id']) });
    const block = item.parts.get('thinking');
    if (meaning.kind === 'redacted' && !block) {
      this.#begin(item, 'thinking', { kind: 'redactedThinking', data: meaning.data });
    } else if (meaning.kind === 'signature') {
      this.#delta(block ?? this.#begin(item, 'thinking', { kind: 'thinking' }), meaning);
    }
  }

  #nativeEvent(item: Item, event: JsonObject): void {
    // Where it stood is its own answer's business.
    const { output_index: _index, sequence_number: _number, item_id: _id, ...value } = event;
    this.#native(item, value);
  }

  #native(item: Item, value: JsonObject): void {
    const part = item.parts.get('native');
    if (part) this.#delta(part, { kind: 'native', dialect, value });
  }

  #begin(item: Item, name: string, block: Block): OpenPart {
    const part: OpenPart = { index: this.#nextIndex++, text: '', open: true };
    item.parts.set(name, part);
    this.#events.push({ type: 'blockStart', index: part.index, block });
    return part;
  }

  #delta(part: OpenPart, delta: BlockDelta): void {
    if (part.open) this.#events.push({ type: 'blockDelta', index: part.index, delta });
  }

  #close(item: Item): void {
    for (const part of item.parts.values()) {
      if (part.open) this.#events.push({ type: 'blockStop', index: part.index });
      part.open = false;
    }
  }
}

const impliedKinds: Readonly<Record<string, string>> = {
  'response.output_text.delta': 'message',
  'response.output_text.done': 'message',
  'response.refusal.delta': 'message',
  'response.refusal.done': 'message',
  'response.reasoning_summary_text.delta': 'reasoning',
  'response.reasoning_text.delta': 'reasoning',
};

function kindOf(item: JsonObject): ItemKind {
  const { type } = item;
  if (type === 'message' || type === 'reasoning') return type;
  return type === 'function_call' ? 'call' : 'native';
}

function stringOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** A piece of a text as it is; of a whole one what comes after what was said. Where the two differ nothing: that cannot be taken back. */
function newsOf(piece: string | Whole, said = ''): string {
  if (typeof piece === 'string') return piece;
  return piece.whole.startsWith(said) ? piece.whole.slice(said.length) : '';
}
