/**
 * One conversation as the page knows it, and what each thing that happens makes of it. Pure: who asks and listens is `chat-desk.ts`.
 *
 * What the gateway has written is the truth: after each turn, and after each new connection, its history takes the place of what was put together
 * from events.
 */
import type { TimelineStep } from '../../runs/timeline.ts';
import { callsOf, type WirePart } from './calls.ts';

export interface ChatMessage {
  readonly id: string;
  readonly role: 'user' | 'assistant';
  readonly text: string;
  /** Of tools, on the way to it; none where the history has not been read since. */
  readonly calls: readonly TimelineStep[];
  readonly atMs: number;
  readonly runId: string | undefined;
  /** It ended before all of it was said. */
  readonly isIncomplete: boolean;
  /** The gateway has not said yet that it has it. */
  readonly isUnsent: boolean;
}

/** An answer that is being said. */
export interface Turn {
  readonly runId: string;
  readonly text: string;
  readonly sinceMs: number;
}

export interface TurnFailure {
  readonly runId: string;
  readonly message: string;
  readonly code: string | undefined;
  readonly hint: string | undefined;
}

export interface Conversation {
  readonly isLoaded: boolean;
  readonly messages: readonly ChatMessage[];
  readonly turn: Turn | undefined;
  /** How the last turn failed, until the next message. */
  readonly failure: TurnFailure | undefined;
  /** Where older messages begin; undefined where there are none. */
  readonly earlierOffset: number | undefined;
  readonly model: string | undefined;
  readonly defaultModel: string | undefined;
}

export const emptyConversation: Conversation = {
  isLoaded: false,
  messages: [],
  turn: undefined,
  failure: undefined,
  earlierOffset: undefined,
  model: undefined,
  defaultModel: undefined,
};

/** What `chat.history` answers, as far as it is shown. */
export interface History {
  readonly messages: readonly WireMessage[];
  readonly hasMore: boolean;
  readonly nextOffset: number | null;
  readonly defaults: { readonly model: string };
  readonly sessionInfo: { readonly model?: string };
  readonly inFlightRun?: { readonly runId: string; readonly text: string; readonly startedAt: number };
}

export interface WireMessage {
  readonly role: 'user' | 'assistant';
  readonly content: readonly WirePart[];
  readonly timestamp: number;
  readonly idempotencyKey?: string;
  readonly __openclaw?: { readonly id: string; readonly runId: string; readonly incomplete?: boolean };
}

/** The event `chat`. */
export interface ChatEvent {
  readonly runId: string;
  readonly sessionKey: string;
  readonly state: 'status' | 'delta' | 'final' | 'aborted' | 'error';
  readonly deltaText?: string;
  /** What was shown before counts no more. */
  readonly replace?: boolean;
  /** The whole text so far, where it is not too long. */
  readonly message?: Pick<WireMessage, 'content'>;
  readonly errorMessage?: string;
  readonly errorKind?: string;
}

export type Step =
  | { readonly kind: 'history'; readonly history: History; readonly unsent: readonly Outgoing[] }
  | { readonly kind: 'earlier'; readonly history: History }
  | { readonly kind: 'sent'; readonly outgoing: Outgoing }
  /** The gateway has the message. */
  | { readonly kind: 'accepted'; readonly runId: string; readonly atMs: number }
  | { readonly kind: 'failed'; readonly failure: TurnFailure }
  | { readonly kind: 'event'; readonly event: ChatEvent; readonly atMs: number };

export interface Outgoing {
  /** Also the id of the turn that it begins. */
  readonly key: string;
  readonly text: string;
  readonly atMs: number;
}

export function nextConversation(conversation: Conversation, step: Step): Conversation {
  switch (step.kind) {
    case 'history':
      return fromHistory(conversation, step.history, step.unsent);
    case 'earlier': {
      const known = new Set(conversation.messages.map(({ id }) => id));
      const older = step.history.messages.map(toMessage).filter(({ id }) => !known.has(id));
      return { ...conversation, messages: [...older, ...conversation.messages], earlierOffset: offsetOf(step.history) };
    }
    case 'sent':
      return { ...conversation, failure: undefined, messages: [...conversation.messages, unsentMessage(step.outgoing)] };
    case 'accepted': {
      const messages = conversation.messages.map((message) => (message.id === step.runId ? { ...message, isUnsent: false } : message));
      // Its first words may have come before the answer that it was accepted.
      const turn = conversation.turn ?? { runId: step.runId, text: '', sinceMs: step.atMs };
      return { ...conversation, messages, turn: hasAnswer(messages, step.runId) ? conversation.turn : turn };
    }
    case 'failed': {
      const { failure } = step;
      const turn = conversation.turn?.runId === failure.runId ? undefined : conversation.turn;
      return {
        ...conversation,
        turn,
        failure,
        messages: conversation.messages.filter(({ id, isUnsent }) => !(isUnsent && id === failure.runId)),
      };
    }
    case 'event':
      return afterEvent(conversation, step);
  }
}

function fromHistory(conversation: Conversation, history: History, unsent: readonly Outgoing[]): Conversation {
  const { inFlightRun: running, defaults, sessionInfo } = history;
  const messages = history.messages.map(toMessage);
  const known = new Set(history.messages.map(({ idempotencyKey }) => idempotencyKey));
  const waiting = unsent.filter(({ key }) => !known.has(key)).map(unsentMessage);
  const before = conversation.turn;
  const turn = running && {
    runId: running.runId,
    // Words that came since the question was asked are in what is shown already.
    text: before?.runId === running.runId && before.text.length > running.text.length ? before.text : running.text,
    sinceMs: running.startedAt,
  };
  return {
    isLoaded: true,
    messages: [...messages, ...waiting],
    turn,
    failure: running ? undefined : conversation.failure,
    earlierOffset: offsetOf(history),
    model: sessionInfo.model,
    defaultModel: defaults.model,
  };
}

function afterEvent(conversation: Conversation, { event, atMs }: Extract<Step, { kind: 'event' }>): Conversation {
  const { runId, state } = event;
  const turn = conversation.turn?.runId === runId ? conversation.turn : { runId, text: '', sinceMs: atMs };
  if (state === 'status') return { ...conversation, turn, failure: undefined };
  const told = event.message && textOf(event.message);
  if (state === 'delta')
    return { ...conversation, turn: { ...turn, text: told ?? (event.replace ? '' : turn.text) + (event.deltaText ?? '') } };
  const text = told ?? turn.text;
  const isKnown = hasAnswer(conversation.messages, runId);
  const said: ChatMessage = {
    ...{ id: `${runId}:answer`, role: 'assistant', text, calls: [], atMs, runId, isIncomplete: state !== 'final', isUnsent: false },
  };
  return {
    ...conversation,
    messages: text === '' || isKnown ? conversation.messages : [...conversation.messages, said],
    turn: conversation.turn?.runId === runId ? undefined : conversation.turn,
    failure:
      state === 'error'
        ? { runId, message: event.errorMessage ?? 'The answer failed.', code: event.errorKind, hint: undefined }
        : conversation.failure,
  };
}

const hasAnswer = (messages: readonly ChatMessage[], runId: string): boolean =>
  messages.some((message) => message.role === 'assistant' && message.runId === runId);

function toMessage(message: WireMessage): ChatMessage {
  const { id = message.idempotencyKey ?? String(message.timestamp), runId, incomplete = false } = message.__openclaw ?? {};
  const calls = callsOf(message.content);
  return {
    ...{ id, role: message.role, text: textOf(message), calls, atMs: message.timestamp, runId },
    isIncomplete: incomplete,
    isUnsent: false,
  };
}

function unsentMessage({ key, text, atMs }: Outgoing): ChatMessage {
  return { id: key, role: 'user', text, calls: [], atMs, runId: key, isIncomplete: false, isUnsent: true };
}

const offsetOf = ({ hasMore, nextOffset }: History): number | undefined => (hasMore ? (nextOffset ?? undefined) : undefined);

/** What was said on the way, and what tools answered, are parts of other types. */
export const textOf = ({ content }: Pick<WireMessage, 'content'>): string =>
  content.map(({ type, text = '' }) => (type === 'text' ? text : '')).join('');

/**
 * A turn of which nobody knows how it ended: its message has no answer, or half of one, and nothing is under way. After a restart of the gateway,
 * or where it failed while nobody listened.
 */
export function openEnd({ messages, turn, failure }: Conversation): string | undefined {
  const last = messages.at(-1);
  if (turn !== undefined || failure !== undefined || last === undefined || last.isUnsent) return undefined;
  return last.role === 'user' || last.isIncomplete ? last.runId : undefined;
}
