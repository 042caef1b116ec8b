/**
 * Keeps a conversation within the window of its model. What is too long loses the middle of its oldest tool results first; then it says
 * which of the older turns are to become a summary. The instructions and the latest turns stay, and a call stays with its result.
 *
 * It asks no model and changes nothing that is stored: the same history with the same limits gives the same answer.
 */
import { OpenClawError } from '../../core/errors.ts';
import type { ContextWindow, ConversationMessage, Fitted, WindowLimits } from '../engine/contract.ts';
import { readConversation, type Conversation, type Unit } from './conversation-units.ts';
import { shortenText } from './shorten-text.ts';
import { createTokenCounter, sum, type TokenCounter } from './token-counter.ts';

export interface ContextWindowOptions {
  /** @default one of its own, which learns nothing */
  readonly counter?: TokenCounter;
}

/** What an old tool result is shortened to. */
const oldResultCharacters = 600;
/** The results of the latest turns are cut no shorter. */
const latestResultCharacters = 200;
/** The search for the right length is over when it is this close. */
const shorteningStepCharacters = 256;
/** Share of the room that the latest turns may take beside a summary, so that the next summary is not due at once. */
const latestShare = 0.4;
/** Of one turn more, which makes the last one understandable. */
const neighbourShare = 0.5;
/** Older turns that take no more than this would not become much shorter by a summary: they may be one. */
const summarisedShare = 0.35;

export function createContextWindow({ counter = createTokenCounter() }: ContextWindowOptions = {}): ContextWindow {
  return {
    fit(history, limits) {
      const fitting = new Fitting(history, { counter, limits });
      const whole = fitting.takeAll();
      if (whole) return whole;
      fitting.check();
      return fitting.shortenOld() ?? fitting.summarise() ?? fitting.shortenLatest();
    },
  };
}

class Fitting {
  readonly #history: readonly ConversationMessage[];
  readonly #conversation: Conversation;
  readonly #counter: TokenCounter;
  readonly #limits: WindowLimits;
  readonly #toolTokens: number;
  /** For messages, by the estimate. */
  readonly #room: number;
  /** Place of the first unit that stays, whatever happens to those before it. */
  readonly #latest: number;
  /** By place in the history. */
  readonly #shortened = new Map<number, ConversationMessage>();

  constructor(
    history: readonly ConversationMessage[],
    { counter, limits }: { readonly counter: TokenCounter; readonly limits: WindowLimits },
  ) {
    this.#history = history;
    this.#conversation = readConversation(history);
    this.#counter = counter;
    this.#limits = limits;
    this.#toolTokens = counter.tools(limits.tools ?? []);
    const { contextTokens, answerTokens, model } = limits;
    this.#room = Math.floor((contextTokens - answerTokens) / counter.factor(model)) - this.#toolTokens;
    this.#latest = this.#firstOfLatest();
  }

  takeAll(): Fitted | undefined {
    const tokens = this.#count(this.#history);
    return tokens <= this.#room ? this.#fits(this.#history) : undefined;
  }

  /** The oldest first, and no more of them than there have to be. */
  shortenOld(): Fitted | undefined {
    const keepFrom = this.#keepFrom;
    let tokens = this.#count(this.#history);
    for (const [place, message] of this.#history.entries()) {
      if (place >= keepFrom) break;
      tokens -= this.#shorten(place, message, oldResultCharacters);
      if (tokens <= this.#room) return this.#fits(this.#messages());
    }
    return undefined;
  }

  /** Undefined where a summary would not help. */
  summarise(): Fitted | undefined {
    const older = this.#history.slice(this.#conversation.head.length, this.#keepFrom);
    if (this.#count(older) <= this.#room * summarisedShare) return undefined;
    return { kind: 'tooLong', summarise: older, keepFrom: this.#keepFrom, tokens: this.#corrected(this.#count(this.#history)) };
  }

  /** The last resort: all results alike, and no more than has to be. */
  shortenLatest(): Fitted {
    let shortest = latestResultCharacters;
    let fitting = this.#history.map((message) => shortenResult(message, shortest));
    let longest = Math.max(shortest, ...this.#history.map(({ text }) => text.length));
    while (longest - shortest > shorteningStepCharacters) {
      const middle = Math.floor((shortest + longest) / 2);
      const messages = this.#history.map((message) => shortenResult(message, middle));
      if (this.#count(messages) <= this.#room) [shortest, fitting] = [middle, messages];
      else longest = middle;
    }
    if (this.#count(fitting) > this.#room) throw this.#tooSmall(fitting);
    return this.#fits(fitting);
  }

  /** Whatever is left out: what has to stay must fit. @throws OpenClawError `context_too_small` */
  check(): void {
    const { head } = this.#conversation;
    const kept = [...head, ...this.#history.slice(this.#keepFrom)].map((message) => shortenResult(message, latestResultCharacters));
    if (this.#count(kept) > this.#room) throw this.#tooSmall(kept);
  }

  get #keepFrom(): number {
    return this.#conversation.units[this.#latest]?.from ?? this.#history.length;
  }

  /** As many of the last turns as leave room for what comes; always the last one. */
  #firstOfLatest(): number {
    const { head, units } = this.#conversation;
    const room = this.#room - this.#count(head);
    let tokens = 0;
    for (let place = units.length - 1; place >= 0; place -= 1) {
      tokens += this.#count((units[place] as Unit).messages);
      const kept = units.length - place;
      const share = kept <= 2 ? neighbourShare : latestShare;
      if (kept > 1 && tokens > room * share) return place + 1;
    }
    return 0;
  }

  /** @returns how many tokens less it is */
  #shorten(place: number, message: ConversationMessage, limitCharacters: number): number {
    const shorter = shortenResult(message, limitCharacters);
    if (shorter === message) return 0;
    this.#shortened.set(place, shorter);
    return this.#counter.message(message) - this.#counter.message(shorter);
  }

  #messages(): ConversationMessage[] {
    return this.#history.map((message, place) => this.#shortened.get(place) ?? message);
  }

  #count(messages: readonly ConversationMessage[]): number {
    return sum(messages.map((message) => this.#counter.message(message)));
  }

  #fits(messages: readonly ConversationMessage[]): Fitted {
    return { kind: 'fits', messages, tokens: this.#corrected(this.#count(messages)) };
  }

  #tooSmall(messages: readonly ConversationMessage[]): OpenClawError {
    const { contextTokens, answerTokens } = this.#limits;
    const details = { tokens: this.#corrected(this.#count(messages)), roomTokens: contextTokens - answerTokens };
    return new OpenClawError('context_too_small', { details });
  }

  #corrected(tokens: number): number {
    return Math.ceil((tokens + this.#toolTokens) * this.#counter.factor(this.#limits.model));
  }
}

function shortenResult(message: ConversationMessage, limitCharacters: number): ConversationMessage {
  if (message.role !== 'tool') return message;
  const text = shortenText(message.text, limitCharacters);
  return text === message.text ? message : { ...message, text };
}
