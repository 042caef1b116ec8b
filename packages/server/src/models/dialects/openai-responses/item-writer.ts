/**
 * Writes the items of an answer: the events of a stream, and the items themselves as they end up in the response. Texts that follow
 * each other are parts of one message; anything else is an item of its own.
 *
 * It does not write how an answer begins and ends: see `encode-response.ts`.
 */
import type { JsonObject } from '../../../core/json.ts';
import type { Block, BlockDelta, BlockDeltaEvent, BlockStartEvent, ModelEvent } from '../events.ts';
import { writeEncrypted, writeRedacted } from './reasoning.ts';

const dialect = 'openai-responses';

interface OpenMessage {
  readonly item: JsonObject;
  readonly place: Place;
  readonly content: JsonObject[];
  openParts: number;
  /** Whether another item has begun since, so that no further part may join. */
  isLeft: boolean;
}

interface Place {
  readonly item_id: string;
  readonly output_index: number;
}

/** A block under way: what is written when it goes on and when it stops. */
interface OpenBlock {
  delta(delta: BlockDelta): string;
  stop(): string;
}

export interface ItemWriterOptions {
  readonly requestId: string;
  readonly nextSequence: () => number;
}

type BlockEvent = Extract<ModelEvent, { type: 'blockStart' | 'blockDelta' | 'blockStop' }>;

export class ItemWriter {
  readonly #idEnd: string;
  readonly #nextSequence: () => number;
  readonly #open = new Map<number, OpenBlock>();
  #message: OpenMessage | undefined;
  /** The items so far, each as it stands. */
  readonly output: JsonObject[] = [];

  constructor({ requestId, nextSequence }: ItemWriterOptions) {
    this.#idEnd = requestId.replace(/^req_/, '');
    this.#nextSequence = nextSequence;
  }

  write(event: BlockEvent): string {
    if (event.type === 'blockStart') return this.#start(event);
    if (event.type === 'blockDelta') return this.#delta(event);
    const block = this.#open.get(event.index);
    this.#open.delete(event.index);
    return block ? block.stop() : '';
  }

  /** Ends the message that could still have gone on. */
  finish(status: string): string {
    const message = this.#message;
    this.#message = undefined;
    return message ? this.#endMessage(message, status) : '';
  }

  #start({ index, block }: BlockStartEvent): string {
    if (block.kind === 'text' || block.kind === 'refusal') return this.#startText(index, block.kind);
    // What only another dialect has.
    if (block.kind === 'native' && block.dialect !== dialect) return '';
    return this.#leaveMessage() + this.#startItem(index, block);
  }

  #delta({ index, delta }: BlockDeltaEvent): string {
    return this.#open.get(index)?.delta(delta) ?? '';
  }

  #startText(index: number, kind: 'text' | 'refusal'): string {
    let bytes = '';
    let message = this.#message;
    if (!message) {
      const place = this.#nextPlace('msg');
      const content: JsonObject[] = [];
      const item = { id: place.item_id, type: 'message', status: 'in_progress', role: 'assistant', content };
      message = { item, place, content, openParts: 0, isLeft: false };
      this.#message = message;
      bytes += this.#added(place, { ...item, content: [] });
    }
    return bytes + this.#startPart(index, message, kind);
  }

  #startPart(index: number, message: OpenMessage, kind: 'text' | 'refusal'): string {
    const place = { ...message.place, content_index: message.content.length };
    const annotations: JsonObject[] = [];
    const part: JsonObject =
      kind === 'text' ? { type: 'output_text', text: '', annotations, logprobs: [] } : { type: 'refusal', refusal: '' };
    message.content.push(part);
    message.openParts++;
    const field = kind === 'text' ? 'text' : 'refusal';
    const name = kind === 'text' ? 'response.output_text' : 'response.refusal';
    const logprobs = kind === 'text' ? { logprobs: [] } : {};
    // Written for every piece of every answer, so its frame is made once.
    const frame = `event: ${name}.delta\ndata: ${JSON.stringify({ type: `${name}.delta`, ...place, ...logprobs }).slice(0, -1)},"delta":`;
    let text = '';
    this.#open.set(index, {
      delta: (delta) => {
        if (delta.kind === 'native') return this.#annotation(delta, { place, annotations });
        if (delta.kind !== 'text') return '';
        text += delta.text;
        return `${frame}${JSON.stringify(delta.text)},"sequence_number":${this.#nextSequence()}}\n\n`;
      },
      stop: () => {
        part[field] = text;
        message.openParts--;
        return (
          this.#event(`${name}.done`, { ...place, ...logprobs, [field]: text }) +
          this.#event('response.content_part.done', { ...place, part }) +
          (message.isLeft && message.openParts === 0 ? this.#endMessage(message, 'completed') : '')
        );
      },
    });
    return this.#event('response.content_part.added', { ...place, part });
  }

  #annotation(
    delta: BlockDelta & { kind: 'native' },
    { place, annotations }: { place: JsonObject & Place; annotations: JsonObject[] },
  ): string {
    const { annotation } = delta.value;
    if (delta.dialect !== dialect || typeof annotation !== 'object' || annotation === null || Array.isArray(annotation)) return '';
    annotations.push(annotation);
    return this.#event('response.output_text.annotation.added', { ...place, annotation_index: annotations.length - 1, annotation });
  }

  /** Another item begins: the message ends, at once or with its last part. */
  #leaveMessage(): string {
    const message = this.#message;
    if (!message) return '';
    this.#message = undefined;
    message.isLeft = true;
    return message.openParts === 0 ? this.#endMessage(message, 'completed') : '';
  }

  #endMessage({ item, place }: OpenMessage, status: string): string {
    item['status'] = status;
    this.output[place.output_index] = item;
    return this.#done(place, item);
  }

  #startItem(index: number, block: Exclude<Block, { kind: 'text' | 'refusal' }>): string {
    switch (block.kind) {
      case 'thinking':
        return this.#startThinking(index);
      case 'redactedThinking': {
        const place = this.#nextPlace('rs');
        const item: JsonObject = { id: place.item_id, type: 'reasoning', summary: [], encrypted_content: writeRedacted(block.data) };
        return this.#added(place, item) + this.#done(place, item);
      }
      case 'toolCall':
        return this.#startCall(index, block);
      case 'native':
        return this.#startNative(index, block.value);
    }
  }

  #startThinking(index: number): string {
    const place = this.#nextPlace('rs');
    const at = { ...place, summary_index: 0 };
    let text = '';
    let signature = '';
    this.#open.set(index, {
      delta: (delta) => {
        if (delta.kind === 'signature') signature += delta.signature;
        if (delta.kind !== 'text') return '';
        const opening = text === '' ? this.#event('response.reasoning_summary_part.added', { ...at, part: summaryOf('') }) : '';
        text += delta.text;
        return opening + this.#event('response.reasoning_summary_text.delta', { ...at, delta: delta.text });
      },
      stop: () => {
        const summary = text === '' ? [] : [summaryOf(text)];
        const item: JsonObject = { id: place.item_id, type: 'reasoning', summary };
        if (signature !== '') item['encrypted_content'] = writeEncrypted(signature, place.item_id);
        const end =
          text === ''
            ? ''
            : this.#event('response.reasoning_summary_text.done', { ...at, text }) +
              this.#event('response.reasoning_summary_part.done', { ...at, part: summaryOf(text) });
        return end + this.#done(place, item);
      },
    });
    return this.#added(place, { id: place.item_id, type: 'reasoning', summary: [] });
  }

  #startCall(index: number, block: Block & { kind: 'toolCall' }): string {
    const place = this.#nextPlace('fc');
    const item = { ...block.extensions, id: place.item_id, type: 'function_call', call_id: block.id, name: block.name };
    let json = '';
    const piece = (delta: string): string => {
      json += delta;
      return this.#event('response.function_call_arguments.delta', { ...place, delta });
    };
    this.#open.set(index, {
      delta: (delta) => (delta.kind === 'arguments' ? piece(delta.json) : ''),
      stop: () => {
        // Clients parse the arguments as JSON: a call without any has none to parse.
        const opening = json === '' ? piece('{}') : '';
        return (
          opening +
          this.#event('response.function_call_arguments.done', { ...place, name: block.name, arguments: json }) +
          this.#done(place, { ...item, arguments: json, status: 'completed' })
        );
      },
    });
    return this.#added(place, { ...item, arguments: '', status: 'in_progress' });
  }

  /** An item of this dialect alone: its own events, in their new place. */
  #startNative(index: number, value: JsonObject): string {
    const generated = this.#nextPlace('item');
    const place = { ...generated, item_id: typeof value['id'] === 'string' && value['id'] !== '' ? value['id'] : generated.item_id };
    let last = { ...value, id: place.item_id };
    this.#open.set(index, {
      delta: (delta) => {
        if (delta.kind !== 'native' || delta.dialect !== dialect) return '';
        const { type, item, ...fields } = delta.value;
        if (typeof type !== 'string') return '';
        if (type !== 'response.output_item.done') return this.#event(type, { ...place, ...fields });
        if (typeof item === 'object' && item !== null && !Array.isArray(item)) last = { ...item, id: place.item_id };
        return '';
      },
      stop: () => this.#done(place, last),
    });
    return this.#added(place, last);
  }

  #nextPlace(prefix: string): Place {
    const output_index = this.output.length;
    return { item_id: `${prefix}_${this.#idEnd}_${output_index}`, output_index };
  }

  #added({ output_index }: Place, item: JsonObject): string {
    this.output[output_index] = item;
    return this.#event('response.output_item.added', { output_index, item });
  }

  #done({ output_index }: Place, item: JsonObject): string {
    this.output[output_index] = item;
    return this.#event('response.output_item.done', { output_index, item });
  }

  #event(type: string, fields: JsonObject | object): string {
    return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields, sequence_number: this.#nextSequence() })}\n\n`;
  }
}

function summaryOf(text: string): JsonObject {
  return { type: 'summary_text', text };
}
