/**
 * Prompts that swell: conversations whose input grows with every request, and input that nearly fills the model's window.
 *
 * It knows sizes and no words. A conversation is what the client calls one (`x-openclaw-session`), else all of its caller's requests.
 */
import { BoundedMap } from './bounded-map.ts';
import type { RequestReport } from '../report.ts';

export interface LargePrompt {
  readonly caller: string;
  /** The client's name for it; `undefined` where it has none. */
  readonly session: string | undefined;
  readonly model: string;
  /** Of the last request. */
  readonly inputTokens: number;
  /** Requests in a row of which each was larger than the one before. */
  readonly rises: number;
  /** Where the row began. */
  readonly firstTokens: number;
  readonly contextWindow: number | undefined;
}

export interface PromptWatch {
  finished(request: RequestReport, nowMs: number): void;
  /** Of the last ten minutes, the largest first. */
  prompts(nowMs: number): LargePrompt[];
}

/** Below this nothing is watched: most requests cost a comparison. */
export const watchedTokens = 8_000;
const conversationLimit = 500;
const rememberMs = 600_000;
const nameLimit = 60;

interface Conversation {
  prompt: LargePrompt;
  atMs: number;
}

export function createPromptWatch(): PromptWatch {
  const conversations = new BoundedMap<Conversation>(conversationLimit);
  return {
    finished({ call, observed, target }, nowMs) {
      const inputTokens = observed.usage?.input ?? 0;
      if (inputTokens < watchedTokens || !target) return;
      const said = call.headers['x-openclaw-session'];
      const session = typeof said === 'string' && said !== '' ? said.slice(0, nameLimit) : undefined;
      const start = {
        caller: call.caller.id,
        session,
        model: target.name.slice(0, 2 * nameLimit),
        contextWindow: target.known?.contextWindow,
      };
      const fresh: LargePrompt = { ...start, inputTokens, rises: 0, firstTokens: inputTokens };
      const conversation = conversations.use(`${call.caller.id}\n${session ?? ''}`, () => ({ prompt: fresh, atMs: nowMs }));
      const { rises, firstTokens, inputTokens: before } = conversation.prompt;
      if (inputTokens > before) conversation.prompt = { ...start, inputTokens, rises: rises + 1, firstTokens };
      else if (inputTokens < before) conversation.prompt = fresh;
      conversation.atMs = nowMs;
    },
    prompts: (nowMs) =>
      Array.from(conversations.entries(), ([, conversation]) => conversation)
        .filter(({ atMs }) => nowMs - atMs < rememberMs)
        .map(({ prompt }) => prompt)
        .toSorted((one, other) => other.inputTokens - one.inputTokens),
  };
}
