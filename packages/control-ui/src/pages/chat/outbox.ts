/**
 * Messages that the gateway has not confirmed, and words that are not sent yet, kept over a reload of the tab. A message that is sent twice under one
 * key is answered once, so it may be sent again whenever in doubt.
 */
import type { Outgoing } from './conversation.ts';

export interface Outbox {
  waiting(sessionKey: string): readonly Outgoing[];
  add(sessionKey: string, outgoing: Outgoing): void;
  remove(sessionKey: string, key: string): void;
  draft(sessionKey: string): string;
  keepDraft(sessionKey: string, text: string): void;
}

export interface TextStore {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

export function createOutbox(store: TextStore = sessionStorage): Outbox {
  const nameOf = (what: string, sessionKey: string): string => `openclaw.chat.${what}:${sessionKey}`;
  const waiting = (sessionKey: string): readonly Outgoing[] => {
    const text = store.getItem(nameOf('waiting', sessionKey));
    try {
      return text === null ? [] : (JSON.parse(text) as Outgoing[]);
    } catch {
      // Written by this page alone, but perhaps by an earlier version of it.
      return [];
    }
  };
  const keep = (sessionKey: string, all: readonly Outgoing[]): void => {
    if (all.length === 0) store.removeItem(nameOf('waiting', sessionKey));
    else store.setItem(nameOf('waiting', sessionKey), JSON.stringify(all));
  };
  return {
    waiting,
    add: (sessionKey, outgoing) => keep(sessionKey, [...waiting(sessionKey), outgoing]),
    remove: (sessionKey, key) =>
      keep(
        sessionKey,
        waiting(sessionKey).filter((each) => each.key !== key),
      ),
    draft: (sessionKey) => store.getItem(nameOf('draft', sessionKey)) ?? '',
    keepDraft(sessionKey, text) {
      if (text === '') store.removeItem(nameOf('draft', sessionKey));
      else store.setItem(nameOf('draft', sessionKey), text);
    },
  };
}
