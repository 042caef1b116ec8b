/**
 * Durable steps of a program that runs elsewhere, as they go over a wire: it does them itself, and the gateway writes them down. Types and limits.
 *
 * A step is named by its position, from 1, and by its name; the journal is asked before each one.
 */
import type { Effect, RunView } from './runs.ts';

export const programLimits = {
  /** Of a result that stands in the journal itself, as JSON; a larger one is a file that the journal names. */
  inlineBytes: 64 * 1024,
  /** Of what a run is opened with, and of what it ends with, as JSON. */
  inputBytes: 64 * 1024,
  steps: 10_000,
  nameCharacters: 200,
} as const;

export interface OpenProgramRequest {
  /** The same key is the same run. */
  readonly key: string;
  readonly input: unknown;
}

export interface OpenedProgram {
  readonly run: RunView;
  /** Sent with everything that follows: whoever opens the run later has a higher one, and this one holds no more. */
  readonly claim: number;
}

export interface BeginStepRequest {
  readonly claim: number;
  readonly step: number;
  readonly name: string;
  /** @default 'once' */
  readonly effect?: Effect;
  /** The program can look whether a step that was cut was done. @default false */
  readonly canReconcile?: boolean;
}

export type BegunStep =
  /** It was done, with this result. */
  | { readonly state: 'done'; readonly result: unknown }
  /** Do it. The key is the same for each attempt. */
  | { readonly state: 'begun'; readonly attempt: number; readonly idempotencyKey: string }
  /** It was begun before, may not be repeated, and may have been done: look. Without a finding ask again with `canReconcile: false`. */
  | { readonly state: 'unknown'; readonly attempt: number; readonly idempotencyKey: string }
  /** A person has said that it failed. */
  | { readonly state: 'failed'; readonly message: string };

export interface FinishStepRequest {
  readonly claim: number;
  readonly attempt: number;
  readonly result: unknown;
}

export interface FailStepRequest {
  readonly claim: number;
  readonly attempt: number;
  readonly message: string;
}

export interface StepReceipt {
  /** False: the journal had an end of this step already, and keeps that. */
  readonly isNew: boolean;
}

export interface FinishProgramRequest {
  readonly claim: number;
  /** How many steps it took: a program that has fewer than its journal is another one. */
  readonly steps: number;
  readonly output: unknown;
}
