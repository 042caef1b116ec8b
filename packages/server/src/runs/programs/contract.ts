/** Runs whose steps a program elsewhere does itself, and that are written down here. Types only. */
import type {
  BeginStepRequest,
  BegunStep,
  FailStepRequest,
  FinishProgramRequest,
  FinishStepRequest,
  OpenProgramRequest,
  OpenedProgram,
  RunView,
  StepReceipt,
} from '@openclaw/protocol';

export interface Programs {
  /**
   * Begins the run of this key, or goes on with it; whoever had it before may write no more.
   * @param by who asks; the keys of different callers are different keys
   * @throws OpenClawError `idempotency_key_reused` where the same key had another input, `run_ended` for one that was cancelled
   */
  open(request: OpenProgramRequest, by: string): Promise<OpenedProgram & { readonly isKnown: boolean }>;
  /**
   * Writes down that a step begins, or tells how it ended before. Asking again with the same claim changes nothing.
   * @throws OpenClawError `lease_lost`, `run_diverged`, `run_ended`, `outcome_unknown`, `run_not_found`, `invalid_request`, `step_result_lost`
   */
  begin(runId: string, request: BeginStepRequest): Promise<BegunStep>;
  /** Durable when it resolves. @throws OpenClawError `lease_lost`, `step_not_open`, `step_result_too_large`, `storage_full` */
  finishStep(runId: string, step: number, request: FinishStepRequest): Promise<StepReceipt>;
  /** @throws OpenClawError `lease_lost`, `step_not_open` */
  failStep(runId: string, step: number, request: FailStepRequest): Promise<StepReceipt>;
  /** Ends it well; again, it says what it ended with. @throws OpenClawError `lease_lost`, `run_diverged`, `run_ended` */
  finish(runId: string, request: FinishProgramRequest): Promise<RunView>;
  /** @throws OpenClawError `run_ended` */
  cancel(runId: string, by: string, reason: string | undefined): Promise<RunView>;
}
