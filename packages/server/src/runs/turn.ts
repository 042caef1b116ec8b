/**
 * One turn, from its acceptance to its one end: asks the model, writes and tells what it says, and ends in one of three ways.
 *
 * It does not wait until the turns before it have ended: see `lanes.ts`.
 */
import type { Clock, Timer } from '../core/clock.ts';
import { OpenClawError, toOpenClawError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { untilAborted } from '../core/until-aborted.ts';
import type { ModelCaller, ModelMessage, ModelPart, RunningTurn, TokenCounts, TurnEvent, TurnHappening, TurnResult } from './contract.ts';
import type { TurnLimits } from './limits.ts';
import { ReplyWriter } from './reply-writer.ts';
import type { AcceptedTurn, TurnStore } from './turn-store.ts';

export interface TurnOptions {
  readonly store: TurnStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly callModel: ModelCaller;
  readonly limits: TurnLimits;
  readonly tell: (event: TurnEvent) => void;
}

/** How it ended before its answer was whole. */
type Break = { readonly status: 'aborted' } | { readonly status: 'error'; readonly error: OpenClawError };

export class Turn {
  readonly accepted: AcceptedTurn;
  /** Resolves when the end is written and told; never rejects. */
  readonly ended: Promise<TurnResult>;
  readonly #options: TurnOptions;
  readonly #stopping = new AbortController();
  readonly #deadline: Timer;
  readonly #resolveEnded: (result: TurnResult) => void;
  readonly #writer: ReplyWriter;
  /** Nobody can stop it any more: it has said all, or was stopped. */
  #isOver = false;
  #stopped: Break | undefined;
  /** Written and shown. */
  #text = '';
  #receivedCharacters = 0;
  #usage: TokenCounts | undefined;
  #seq = 0;
  #startedAtMs: number | undefined;

  constructor(accepted: AcceptedTurn, timeoutMs: number, options: TurnOptions) {
    const { promise, resolve } = Promise.withResolvers<TurnResult>();
    this.accepted = accepted;
    this.ended = promise;
    this.#resolveEnded = resolve;
    this.#options = options;
    this.#deadline = options.clock.after(timeoutMs, () => this.fail(new OpenClawError('deadline_exceeded', { details: { timeoutMs } })));
    this.#writer = new ReplyWriter({
      clock: options.clock,
      commitEveryMs: options.limits.commitEveryMs,
      signal: this.#stopping.signal,
      write: ({ number, text }) => options.store.writePiece({ turn: accepted, number, text, startedAtMs: this.#begunAtMs() }),
      onWritten: (text) => this.#show(text),
      onFailure: (thrown) => this.fail(toOpenClawError(thrown, accepted.runId)),
    });
  }

  get running(): RunningTurn {
    return { runId: this.accepted.runId, text: this.#text, acceptedAtMs: this.accepted.acceptedAtMs };
  }

  /** Stops it on somebody's wish. @returns false where it is over already */
  abort(): boolean {
    return this.#stop({ status: 'aborted' });
  }

  fail(error: OpenClawError): void {
    this.#stop({ status: 'error', error });
  }

  /** Called once: when it is its turn, or when it was stopped before. Never rejects. */
  async run(): Promise<void> {
    const { store, log } = this.#options;
    const failure = this.#stopped ? undefined : await this.#answer();
    this.#isOver = true;
    this.#deadline.cancel();
    const last = await this.#writer.stop();
    let result = this.#resultOf(this.#stopped ?? failure, this.#text + last.text);
    try {
      await store.end(result, { turn: this.accepted, startedAtMs: result.startedAtMs, ...last });
      if (last.text !== '') this.#show(last.text);
    } catch (thrown) {
      // The next start finds it without an end, and ends it as interrupted. Nothing is said to be kept that is not.
      const error = toOpenClawError(thrown, this.accepted.runId);
      log.error('the end of a turn could not be written', { runId: this.accepted.runId, error });
      result = this.#resultOf({ status: 'error', error }, this.#text);
    }
    this.#tell({ kind: 'ended', result });
    this.#resolveEnded(result);
  }

  /** @returns what went wrong, if anything did */
  async #answer(): Promise<Break | undefined> {
    const { store, callModel, limits } = this.#options;
    const { sessionId, sessionKey, runId, model, replySeq } = this.accepted;
    const { signal } = this.#stopping;
    this.#begunAtMs();
    this.#tell({ kind: 'started' });
    let reading: AsyncIterator<ModelPart> | undefined;
    try {
      const window = { beforeSeq: replySeq, limit: limits.windowMessages, limitCharacters: limits.windowCharacters };
      const said = await untilAborted(store.messages(sessionId, window), signal);
      const messages = fromFirstQuestion(said.map(({ role, text }) => ({ role, content: text })));
      reading = callModel({ model, messages, sessionKey, runId, signal })[Symbol.asyncIterator]();
      for (;;) {
        const part = await untilAborted(reading.next(), signal);
        if (part.done === true) return undefined;
        await untilAborted(this.#take(part.value), signal);
      }
    } catch (thrown) {
      // Who stops reading says so, and does not wait for an answer that may never come.
      reading?.return?.().catch(() => undefined);
      return { status: 'error', error: toOpenClawError(thrown, runId) };
    }
  }

  async #take(part: ModelPart): Promise<void> {
    if (part.kind === 'usage') {
      this.#usage = { inputTokens: part.inputTokens, outputTokens: part.outputTokens };
      return;
    }
    const { answerCharacters: limit } = this.#options.limits;
    this.#receivedCharacters += part.text.length;
    if (this.#receivedCharacters > limit) throw new OpenClawError('answer_too_long', { details: { runId: this.accepted.runId, limit } });
    await this.#writer.add(part.text);
  }

  #stop(how: Break): boolean {
    if (this.#isOver || this.#stopped) return false;
    this.#stopped = how;
    this.#stopping.abort(how.status === 'error' ? how.error : new OpenClawError('client_closed'));
    return true;
  }

  #show(text: string): void {
    this.#text += text;
    this.#tell({ kind: 'delta', delta: text, text: this.#text });
  }

  #begunAtMs(): number {
    return (this.#startedAtMs ??= this.#options.clock.now());
  }

  #tell(happening: TurnHappening): void {
    const { runId, sessionKey, agentId } = this.accepted;
    this.#seq += 1;
    this.#options.tell({ ...{ runId, sessionKey, agentId, seq: this.#seq, atMs: this.#options.clock.now() }, ...happening });
  }

  #resultOf(broken: Break | undefined, text: string): TurnResult {
    const { runId, sessionKey, agentId } = this.accepted;
    return {
      ...{ runId, sessionKey, agentId, text, startedAtMs: this.#begunAtMs(), endedAtMs: this.#options.clock.now() },
      status: broken?.status ?? 'ok',
      ...(broken?.status === 'error' ? { error: { code: broken.error.code, message: wordsOf(broken.error) } } : {}),
      ...(this.#usage ? { usage: this.#usage } : {}),
    };
  }
}

function wordsOf({ message, hint }: OpenClawError): string {
  return hint === '' ? message : `${message} ${hint}`;
}

/** A window may begin in the middle of an exchange: an answer to nothing would confuse models, and some refuse it. */
function fromFirstQuestion(messages: readonly ModelMessage[]): readonly ModelMessage[] {
  return messages.slice(messages.findIndex(({ role }) => role === 'user'));
}
