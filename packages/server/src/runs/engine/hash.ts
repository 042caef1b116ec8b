/** What tells that the same was asked, or goes in, again. */
import { hash } from 'node:crypto';
import type { ConversationMessage } from './contract.ts';

/** SHA-256 of it as JSON. */
export function hashOf(value: unknown): string {
  return hash('sha256', JSON.stringify(value));
}

interface Link {
  readonly before: string;
  readonly after: string;
}

/** A conversation only grows: of what was hashed with the same before it, the hash is known. */
const links = new WeakMap<ConversationMessage, Link>();

/** Of what a model is asked: each message is hashed with the hash of all before it. */
export function hashOfConversation(model: string, messages: readonly ConversationMessage[]): string {
  let sum = hashOf(model);
  for (const message of messages) {
    const known = links.get(message);
    const after = known?.before === sum ? known.after : hashOf([sum, message]);
    if (after !== known?.after) links.set(message, { before: sum, after });
    sum = after;
  }
  return sum;
}
