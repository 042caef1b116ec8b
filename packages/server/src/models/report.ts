/**
 * What is known of a request when it is over: the only thing that leaves the model path. Accounts, statistics, trails, metrics and
 * traces are made of it. Never what a model said. Types only.
 */
import type { OpenClawError } from '../core/errors.ts';
import type { ModelCall } from './call.ts';
import type { FinishEvent, Usage } from './dialects/events.ts';
import type { Outcome } from './lifecycle.ts';
import type { Target } from './target.ts';

export interface AttemptReport {
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
  /** The provider said no usage, or not all: it is counted from what was sent and what came. */
  readonly estimated: boolean;
  /** US$ in billionths, where the price is known. */
  readonly costNanoUsd: number | undefined;
}

export interface RequestReport {
  readonly call: Pick<ModelCall, 'requestId' | 'dialect' | 'operation' | 'caller' | 'headers' | 'body'>;
  readonly requestedModel: string;
  readonly stream: boolean;
  /** Who answered, or was asked last. */
  readonly target: Target | undefined;
  readonly attempts: readonly AttemptReport[];
  /** Usage over all attempts, and how the answer that the client saw ended. */
  readonly observed: { readonly usage: Usage | undefined; readonly finish?: FinishEvent | undefined };
  /** Over all attempts. */
  readonly costNanoUsd: number | undefined;
  readonly outcome: Outcome;
  readonly firstOutputMs: number | undefined;
  readonly totalMs: number;
  /** Time in which it waited for room, over all attempts. */
  readonly queueMs: number;
  /** What was decided on the way, in short notes for people. */
  readonly decisions: readonly string[];
  /** Answered from what was kept. */
  readonly cached?: boolean | undefined;
}
