/** What tells that the same was asked, or goes in, again. */
import { hash } from 'node:crypto';
import type { ConversationMessage } from './contract.ts';

/** SHA-256 of it as JSON. */
export function hashOf(value: unknown): string {
  return hash('sha256', JSON.stringify(value));
}

/** Of what a model is asked: each message is hashed with the hash of all before it. A conversation grows, and only what is new in it is hashed. */
export class ConversationHash {
  #model = '';
  #messages: readonly ConversationMessage[] = [];
  /** Of the model, then of each message with all before it. */
  #sums: string[] = [];

  of(model: string, messages: readonly ConversationMessage[]): string {
    if (model !== this.#model) this.#sums = [];
    let known = 0;
    while (known < this.#sums.length - 1 && isSame(messages[known], this.#messages[known])) known += 1;
    this.#sums.length = Math.min(this.#sums.length, known + 1);
    let sum = this.#sums.at(-1);
    if (sum === undefined) this.#sums.push((sum = hashOf(model)));
    for (const message of messages.slice(known)) this.#sums.push((sum = hashOf([sum, message])));
    this.#model = model;
    this.#messages = messages;
    return sum;
  }
}

/** Where it cannot be told quickly it is another one. */
function isSame(one: ConversationMessage | undefined, other: ConversationMessage | undefined): boolean {
  if (one === other || !one || !other) return one === other;
  if (one.role !== other.role || one.text !== other.text || one.role === 'tool') return false;
  return !('toolCalls' in one && one.toolCalls.length > 0) && !('toolCalls' in other && other.toolCalls.length > 0);
}
