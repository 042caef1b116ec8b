/** Keeps one conversation with the gateway: reads it, follows it, sends, sends again what was in doubt, stops. What becomes of it: `conversation.ts`. */
import { signal, type ReadonlySignal, type Signal } from '@preact/signals';
import type { Connection } from '../../connection/connection.ts';
import { describeError } from '../../errors.ts';
import {
  emptyConversation,
  nextConversation,
  openEnd,
  type ChatEvent,
  type Conversation,
  type History,
  type Outgoing,
  type Step,
} from './conversation.ts';
import type { Outbox } from './outbox.ts';

export interface ChatDeskOptions {
  readonly sessionKey: string;
  readonly connection: Pick<Connection, 'request' | 'subscribe'>;
  readonly outbox: Outbox;
  readonly now: () => number;
  readonly createKey: () => string;
}

/** Answers of `chat.send`. */
interface Sent {
  readonly status: 'started' | 'in_flight' | 'ok' | 'error';
  readonly summary?: string;
}

interface Waited {
  readonly status: 'ok' | 'error' | 'timeout';
  readonly error?: { readonly code: string; readonly message: string };
}

const pageSize = 100;

/** Failures after which nobody knows whether the message arrived; it is sent again with the next connection. */
const doubtful: ReadonlySet<string> = new Set([
  'connection_lost',
  'connection_failed',
  'not_connected',
  'deadline_exceeded',
  'client_disposed',
]);

export class ChatDesk {
  readonly sessionKey: string;
  readonly #options: ChatDeskOptions;
  readonly #conversation: Signal<Conversation> = signal(emptyConversation);
  readonly #problem: Signal<Error | undefined> = signal(undefined);
  /** Rises with each question for the history: an answer that was overtaken is passed over. */
  #round = 0;
  /** Rises with each message that was taken and each beginning and end of a turn: a history from before it has less than what is shown. */
  #turns = 0;

  constructor(options: ChatDeskOptions) {
    this.#options = options;
    this.sessionKey = options.sessionKey;
  }

  get conversation(): ReadonlySignal<Conversation> {
    return this.#conversation;
  }

  /** Why the history could not be read. */
  get problem(): ReadonlySignal<Error | undefined> {
    return this.#problem;
  }

  /** Follows what happens. @returns ends it */
  follow(): () => void {
    return this.#options.connection.subscribe(({ event, payload }) => {
      if (event === 'chat') this.#onChat(payload as ChatEvent);
    });
  }

  /** Reads what there is, and sends what the gateway may not have. To be called with each new connection. */
  async load(): Promise<void> {
    const { connection, outbox } = this.#options;
    const round = (this.#round += 1);
    try {
      const turns = this.#turns;
      const history = await connection.request<History>('chat.history', { sessionKey: this.sessionKey, limit: pageSize });
      if (round !== this.#round) return;
      if (turns !== this.#turns) return await this.load();
      for (const { idempotencyKey } of history.messages) {
        if (idempotencyKey !== undefined) outbox.remove(this.sessionKey, idempotencyKey);
      }
      const unsent = outbox.waiting(this.sessionKey);
      this.#step({ kind: 'history', history, unsent });
      this.#problem.value = undefined;
      await Promise.all([this.#learnEnd(), ...unsent.map((outgoing) => this.#deliver(outgoing))]);
    } catch (error) {
      if (round === this.#round) this.#problem.value = error instanceof Error ? error : new Error(String(error));
    }
  }

  async loadEarlier(): Promise<void> {
    const offset = this.#conversation.peek().earlierOffset;
    if (offset === undefined) return;
    const { connection } = this.#options;
    const history = await connection.request<History>('chat.history', { sessionKey: this.sessionKey, limit: pageSize, offset });
    this.#step({ kind: 'earlier', history });
  }

  async send(text: string): Promise<void> {
    const { outbox, now, createKey } = this.#options;
    const outgoing = { key: createKey(), text, atMs: now() };
    outbox.add(this.sessionKey, outgoing);
    this.#step({ kind: 'sent', outgoing });
    await this.#deliver(outgoing);
  }

  /** @throws ControlError */
  async abort(): Promise<void> {
    await this.#options.connection.request('chat.abort', { sessionKey: this.sessionKey });
  }

  async #deliver({ key, text }: Outgoing): Promise<void> {
    const { connection, outbox, now } = this.#options;
    const params = { sessionKey: this.sessionKey, message: text, idempotencyKey: key };
    try {
      const { status } = await connection.request<Sent>('chat.send', params);
      this.#turns += 1;
      outbox.remove(this.sessionKey, key);
      if (status === 'started' || status === 'in_flight') this.#step({ kind: 'accepted', runId: key, atMs: now() });
    } catch (error) {
      const { message, code, hint } = describeError(error);
      if (doubtful.has(code ?? '')) return;
      outbox.remove(this.sessionKey, key);
      this.#step({ kind: 'failed', failure: { runId: key, message, code, hint } });
    }
  }

  #onChat(event: ChatEvent): void {
    if (event.sessionKey !== this.sessionKey) return;
    const { messages } = this.#conversation.peek();
    if (event.state !== 'delta') this.#turns += 1;
    this.#step({ kind: 'event', event, atMs: this.#options.now() });
    // Somebody else speaks in this session: what was asked is in the history alone.
    if (event.state === 'status' && !messages.some(({ runId }) => runId === event.runId)) void this.load();
  }

  /** Events tell how a turn ended to those who listen; who did not asks. */
  async #learnEnd(): Promise<void> {
    const runId = openEnd(this.#conversation.peek());
    if (runId === undefined) return;
    try {
      const { status, error } = await this.#options.connection.request<Waited>('agent.wait', { runId, timeoutMs: 0 });
      if (status === 'error' && error) this.#step({ kind: 'failed', failure: { runId, ...error, hint: undefined } });
    } catch {
      // Older than what is kept: the message stands there without an answer, and that is what is known.
    }
  }

  #step(step: Step): void {
    this.#conversation.value = nextConversation(this.#conversation.peek(), step);
  }
}
