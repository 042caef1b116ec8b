/**
 * Carries out one turn of a script: waits, fails as often as it says, and hands out what is said and called, piece by piece.
 *
 * It does not know the wire: see `wire.ts`. It keeps the limits that a connection would keep, so that timeouts can be rehearsed.
 */
import { sleep, type Clock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { UpstreamTimeouts } from '../upstream.ts';
import { countWords } from './conversation.ts';
import type { Step, Turn } from './script.ts';

export type OutputAct = TextAct | ToolAct;
export interface TextAct {
  readonly kind: 'text';
  readonly text: string;
}
export interface ToolAct {
  readonly kind: 'tool';
  readonly index: number;
  readonly name: string;
  readonly argumentsJson: string;
}

export type EndAct = FinishAct | FailAct | CutAct;
export interface FinishAct {
  readonly kind: 'finish';
  readonly reason: 'stop' | 'tool_calls' | 'length';
  readonly outputTokens: number;
}
/** Ends the answer with an error. */
export interface FailAct {
  readonly kind: 'fail';
  readonly status: number;
  readonly message: string;
  readonly retryAfterMs: number | undefined;
}
/** Ends the connection without a word. */
export interface CutAct {
  readonly kind: 'cut';
}

export interface Stage {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly provider: string;
  readonly timeouts: UpstreamTimeouts;
  readonly maxOutputTokens: number;
  /** Counts one more failure of a line, and says how many there have been. */
  countFailure(line: number): number;
}

/** Yields what is said and called, and returns how it ended. @throws OpenClawError `upstream_timeout`, or the signal's reason */
export async function* performTurn(turn: Turn, stage: Stage): AsyncGenerator<OutputAct, EndAct> {
  const patience = createPatience(stage);
  let outputTokens = 0;
  let tools = 0;
  let said = false;

  for (const step of turn) {
    if (step.kind === 'wait') {
      await patience.wait(step.delayMs);
      continue;
    }
    if (step.kind === 'fail' || step.kind === 'cut') {
      const failure = failureOf(step, stage);
      if (failure) return failure;
      continue;
    }
    for (const act of step.kind === 'say' ? piecesOf(step.text, said) : [callOf(step, tools)]) {
      const tokens = act.kind === 'text' ? 1 : countWords(`${act.name} ${act.argumentsJson}`);
      if (outputTokens + tokens > stage.maxOutputTokens) return { kind: 'finish', reason: 'length', outputTokens };
      outputTokens += tokens;
      stage.signal.throwIfAborted();
      yield act;
      patience.restart();
    }
    if (step.kind === 'say') said = true;
    else tools += 1;
  }
  return { kind: 'finish', reason: tools > 0 ? 'tool_calls' : 'stop', outputTokens };
}

/** Word by word, each with the space before it; a second `say` begins a new line. */
function piecesOf(text: string, said: boolean): TextAct[] {
  const words = (said ? `\n${text}` : text).match(/\s*\S+/g) ?? [];
  return words.map((word) => ({ kind: 'text', text: word }));
}

function callOf(step: Step & { kind: 'tool' }, index: number): ToolAct {
  return { kind: 'tool', index, name: step.name, argumentsJson: step.argumentsJson };
}

function failureOf(step: Step & { kind: 'fail' | 'cut' }, stage: Stage): FailAct | CutAct | undefined {
  const count = stage.countFailure(step.line);
  if (count > step.times) return undefined;
  if (step.kind === 'cut') return { kind: 'cut' };
  const which = step.times === Infinity ? '' : ` ${count} of ${step.times}`;
  return {
    kind: 'fail',
    status: step.status,
    message: `Rehearsed failure${which} (line ${step.line} of the script).`,
    retryAfterMs: step.retryAfterMs,
  };
}

interface Patience {
  wait(delayMs: number): Promise<void>;
  /** Something was sent: the time between two chunks begins anew. */
  restart(): void;
}

/** Waits as the script says, but gives up when a connection's owner would. */
function createPatience({ clock, signal, provider, timeouts }: Stage): Patience {
  const begunMs = clock.monotonicMs();
  let awaited = 'begin its answer';
  let limitMs = timeouts.firstByteMs;
  let sinceMs = begunMs;

  return {
    async wait(delayMs) {
      const nowMs = clock.monotonicMs();
      const limits = [
        { awaited, limitMs, leftMs: sinceMs + limitMs - nowMs },
        { awaited: 'end its answer', limitMs: timeouts.totalMs, leftMs: begunMs + timeouts.totalMs - nowMs },
      ];
      const passed = limits.filter((limit) => limit.limitMs > 0 && limit.leftMs < delayMs).sort((one, other) => one.leftMs - other.leftMs);
      const [first] = passed;
      await sleep(clock, first ? Math.max(0, first.leftMs) : delayMs, signal);
      if (first) throw new OpenClawError('upstream_timeout', { details: { provider, awaited: first.awaited, timeoutMs: first.limitMs } });
    },
    restart() {
      awaited = 'send the next part of its answer';
      limitMs = timeouts.idleMs;
      sinceMs = clock.monotonicMs();
    },
  };
}
