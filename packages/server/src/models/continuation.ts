/**
 * One answer from several attempts: a stream that broke after its first output goes on at another model, which is given what
 * was said so far as the beginning of its own answer. Only for routes that ask for it, and marked in the answer.
 *
 * Only text can be gone on with: a tool call or a thought that broke off is an error, as everywhere else. Which targets take the
 * beginning of an answer is known from the catalogue; who is asked is `service.ts`'s business.
 */
import type { ModelEvent, Usage } from './dialects/events.ts';
import type { Message, ModelRequest } from './dialects/request.ts';

export class Continuation {
  /** This attempt's block numbers and the answer's. */
  readonly #indexes = new Map<number, number>();
  readonly #open = new Set<number>();
  readonly #continuedBy: string[] = [];
  #text = '';
  #onlyText = true;
  #blocks = 0;
  /** The text block in which the last attempt broke off. */
  #torn: number | undefined;
  /** White space at the end that was said and not given to the next model: it is likely to say it again. */
  #spaceToSkip = '';
  #usageBefore: Usage | undefined;
  #usage: Usage | undefined;

  /** Whether what was said so far can be gone on with. */
  get possible(): boolean {
    return this.#onlyText && this.#text.trim() !== '';
  }

  /** Whether an attempt before the present one was seen by the client. */
  get begun(): boolean {
    return this.#continuedBy.length > 0;
  }

  /**
   * Another target goes on.
   * @param usage what the attempt that broke off is known or estimated to have used
   */
  goOn(target: string, usage: Usage | undefined): void {
    this.#continuedBy.push(target);
    this.#torn = this.#open.values().next().value;
    this.#indexes.clear();
    this.#usageBefore = add(this.#usageBefore, usage);
    this.#usage = undefined;
    this.#spaceToSkip = /\s*$/.exec(this.#text)?.[0] ?? '';
  }

  /** What is asked of the target that goes on. Providers refuse a beginning that ends in white space. */
  request(request: ModelRequest): ModelRequest {
    if (!this.begun) return request;
    const said: Message = { role: 'assistant', parts: [{ type: 'text', text: this.#text.trimEnd() }] };
    return { ...request, messages: [...request.messages, said] };
  }

  /** The events of the present attempt as parts of the one answer. */
  adopt(events: readonly ModelEvent[]): ModelEvent[] {
    return events.flatMap((event) => this.#one(event));
  }

  #one(event: ModelEvent): ModelEvent[] {
    switch (event.type) {
      case 'start':
        return this.begun ? [] : [event];
      case 'blockStart':
        return this.#start(event);
      case 'blockDelta':
        return this.#delta(event);
      case 'blockStop': {
        const index = this.#indexes.get(event.index) ?? event.index;
        this.#open.delete(index);
        return [{ ...event, index }];
      }
      case 'usage':
        this.#usage = event.usage;
        return [{ ...event, usage: add(this.#usageBefore, event.usage) ?? event.usage }];
      case 'finish':
        return [...this.#closeTorn(), ...this.#usageAtEnd(), this.begun ? { ...event, continuedBy: this.#continuedBy } : event];
      case 'error':
        return [event];
    }
  }

  #start(event: Extract<ModelEvent, { type: 'blockStart' }>): ModelEvent[] {
    const isText = event.block.kind === 'text';
    if (!isText) this.#onlyText = false;
    if (isText && this.#torn !== undefined) {
      this.#indexes.set(event.index, this.#torn);
      this.#torn = undefined;
      return [];
    }
    const closed = this.#closeTorn();
    const index = this.#blocks;
    this.#blocks += 1;
    this.#indexes.set(event.index, index);
    this.#open.add(index);
    return [...closed, { ...event, index }];
  }

  #delta(event: Extract<ModelEvent, { type: 'blockDelta' }>): ModelEvent[] {
    const index = this.#indexes.get(event.index) ?? event.index;
    if (event.delta.kind !== 'text') return [{ ...event, index }];
    const text = this.#withoutRepeatedSpace(event.delta.text);
    this.#text += text;
    return text === '' ? [] : [{ ...event, index, delta: { kind: 'text', text } }];
  }

  #withoutRepeatedSpace(text: string): string {
    if (this.#spaceToSkip === '') return text;
    const space = /^\s*/.exec(text)?.[0] ?? '';
    const rest = text.slice(Math.min(space.length, this.#spaceToSkip.length));
    this.#spaceToSkip = space.length === text.length ? this.#spaceToSkip.slice(space.length) : '';
    return rest;
  }

  /** The block in which it broke off, if the model that goes on did not go on in it. */
  #closeTorn(): ModelEvent[] {
    const index = this.#torn;
    if (index === undefined) return [];
    this.#torn = undefined;
    this.#open.delete(index);
    return [{ type: 'blockStop', index }];
  }

  /** The provider that went on may have counted nothing; what broke off is paid for all the same. */
  #usageAtEnd(): ModelEvent[] {
    return this.begun && !this.#usage && this.#usageBefore ? [{ type: 'usage', usage: this.#usageBefore }] : [];
  }
}

function add(before: Usage | undefined, after: Usage | undefined): Usage | undefined {
  if (!before || !after) return before ?? after;
  return {
    input: before.input + after.input,
    cacheRead: before.cacheRead + after.cacheRead,
    cacheWrite: before.cacheWrite + after.cacheWrite,
    output: before.output + after.output,
    reasoning: before.reasoning + after.reasoning,
  };
}
