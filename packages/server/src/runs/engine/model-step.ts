/**
 * One model call as a step of the journal: the intent, the text as it comes, the answer. A call that was cut is made again as another
 * attempt, and what was shown of the one before counts no more.
 */
import type { RunEventBody, TokenUse, ToolCallRequest } from '@openclaw/protocol';
import type { Clock, Timer } from '../../core/clock.ts';
import type { ModelCaller, ModelRequest } from './contract.ts';
import type { ConversationHash } from './hash.ts';
import type { HeldRun } from './held-run.ts';
import type { ModelResult } from './progress.ts';

export interface ModelStep {
  readonly step: number;
  readonly attempt: number;
  readonly model: string;
  readonly kind: 'model' | 'compaction';
  readonly request: Omit<ModelRequest, 'model' | 'idempotencyKey' | 'signal' | 'runId'>;
}

export interface ModelStepOptions {
  readonly run: HeldRun;
  readonly clock: Clock;
  readonly callModel: ModelCaller;
  /** Of the same run, and used for all of its calls. */
  readonly conversation: ConversationHash;
  /** Aborted when nobody wants the answer any more. */
  readonly signal: AbortSignal;
}

/** The first piece is shown at once; later ones when so much time has passed, in one commit. */
const batchMs = 50;
/** Sooner where so much has come. */
const batchCharacters = 8192;

/** The answer is noted, and in the journal with what comes next. @throws OpenClawError what the model path says; nothing is left open but the step itself */
export async function takeModelStep(wanted: ModelStep, options: ModelStepOptions): Promise<ModelResult> {
  const { run } = options;
  const { step, attempt, model, kind, request } = wanted;
  const idempotencyKey = `${run.runId}/${step}`;
  await run.append({
    ...{ kind: 'step.started', step, stepKind: kind, name: model, attempt, effect: 'idempotent' },
    ...{ inputHash: options.conversation.of(model, request.messages), idempotencyKey },
  });
  const shown = new ShownText(wanted, options);
  let text = '';
  let use: TokenUse | null = null;
  let finishReason = 'stop';
  const toolCalls: ToolCallRequest[] = [];
  try {
    for await (const part of options.callModel({ ...request, model, idempotencyKey, runId: run.runId, signal: options.signal })) {
      if (part.kind === 'text') {
        text += part.text;
        shown.add(part.text);
      } else if (part.kind === 'toolCall') toolCalls.push(part.call);
      else ({ use, finishReason } = part);
    }
  } catch (thrown) {
    await shown.end().catch(() => undefined);
    throw thrown;
  }
  await shown.end();
  const result: ModelResult = { text, toolCalls, finishReason };
  run.note({ kind: 'step.finished', step, attempt, result, use });
  return result;
}

/** Gathers what comes into deltas; one commit at a time. */
class ShownText {
  readonly #wanted: ModelStep;
  readonly #options: ModelStepOptions;
  #waiting = '';
  #offset = 0;
  #writing: Promise<void> | undefined;
  #timer: Timer | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(wanted: ModelStep, options: ModelStepOptions) {
    this.#wanted = wanted;
    this.#options = options;
  }

  add(text: string): void {
    this.#waiting += text;
    if (this.#offset === 0 || this.#waiting.length >= batchCharacters) this.#flush();
    else this.#timer ??= this.#options.clock.after(batchMs, () => this.#flush());
  }

  /** @throws what a write said */
  async end(): Promise<void> {
    this.#timer?.cancel();
    await this.#writing;
    // What is left is in the result as a whole; clients that follow want it all the same.
    if (this.#waiting !== '') {
      this.#flush();
      await this.#writing;
    }
    if (this.#failure) throw this.#failure.error;
  }

  #flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#writing || this.#waiting === '') return;
    const { step, attempt } = this.#wanted;
    const delta: RunEventBody = { kind: 'step.delta', step, attempt, offset: this.#offset, text: this.#waiting };
    this.#offset += this.#waiting.length;
    this.#waiting = '';
    this.#writing = this.#options.run
      .append(delta)
      .catch((error: unknown) => void (this.#failure ??= { error }))
      .then(() => {
        this.#writing = undefined;
        if (this.#waiting !== '' && !this.#failure) this.#timer ??= this.#options.clock.after(batchMs, () => this.#flush());
      });
  }
}
