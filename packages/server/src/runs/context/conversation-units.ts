/**
 * What of a conversation belongs together: an answer with its tool calls and their results is one unit, everything else is one by itself.
 * Providers refuse a call without its result, and a result without its call.
 */
import type { ConversationMessage } from '../engine/contract.ts';

/** `from` is the place of its first message in the history. */
export interface Unit {
  readonly from: number;
  readonly messages: readonly ConversationMessage[];
}

export interface Conversation {
  /** The instructions: what the history begins with. */
  readonly head: readonly ConversationMessage[];
  readonly units: readonly Unit[];
}

export function readConversation(history: readonly ConversationMessage[]): Conversation {
  const firstOther = history.findIndex(({ role }) => role !== 'system');
  const headLength = firstOther === -1 ? history.length : firstOther;
  const units: { from: number; messages: ConversationMessage[] }[] = [];
  for (let at = headLength; at < history.length; at += 1) {
    const message = history[at];
    const last = units.at(-1);
    if (message?.role === 'tool' && last) last.messages.push(message);
    else if (message) units.push({ from: at, messages: [message] });
  }
  return { head: history.slice(0, headLength), units };
}
