/** What sight reads of a finished request: a part of the model path's report, without the body or anything that a model said. Types only. */
import type { OpenClawError } from '../../core/errors.ts';
import type { ModelCall } from '../call.ts';
import type { FinishEvent, Usage } from '../dialects/events.ts';
import type { Outcome } from '../lifecycle.ts';
import type { Target } from '../target.ts';

export interface FinishedAttempt {
  readonly target: Target;
  readonly error: OpenClawError | undefined;
  /** Another attempt answered first, or the client left: the error says nothing about the target. */
  readonly cancelled: boolean;
  /** Whether it was made beside another one. */
  readonly hedge: boolean;
  /** From the beginning of the request. */
  readonly startedMs: number;
  readonly durationMs: number;
  /** How long it waited for its place, before `startedMs`. */
  readonly waitedMs: number;
  /** From sending to the first output; of an answer that came whole, to all of it. */
  readonly firstOutputMs: number | undefined;
  readonly usage: Usage | undefined;
  /** US$ in billionths, where the price is known. */
  readonly costNanoUsd: number | undefined;
}

export interface FinishedRequest {
  readonly call: Pick<ModelCall, 'requestId' | 'dialect' | 'operation' | 'caller' | 'headers' | 'body'>;
  readonly requestedModel: string;
  readonly stream: boolean;
  /** Who answered, or was asked last. */
  readonly target: Target | undefined;
  readonly attempts: readonly FinishedAttempt[];
  /** Usage over all attempts, and how the answer that the client saw ended. */
  readonly observed: { readonly usage: Usage | undefined; readonly finish?: Pick<FinishEvent, 'reason'> | undefined };
  /** Over all attempts. */
  readonly costNanoUsd: number | undefined;
  readonly outcome: Outcome;
  readonly firstOutputMs: number | undefined;
  readonly totalMs: number;
  /** Time in which it waited for room, over all attempts. */
  readonly queueMs: number;
  /** What was decided on the way, in short notes for people. */
  readonly decisions: readonly string[];
  /** Whether it was answered without asking anybody. */
  readonly cached?: boolean | undefined;
}
