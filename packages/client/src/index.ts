/** What `@openclaw/client` promises: names that programs may rely on. */
export { OpenClaw, openClawDefaults, type OpenClawOptions } from './openclaw.ts';
export { OpenClawError, type OpenClawErrorCode } from './errors.ts';
export { retryDefaults, withRetry, type Attempt, type RetryCallOptions, type RetryOptions } from './retry.ts';
export { breakerDefaults, CircuitBreaker, type BreakerOptions, type BreakerState, type Verdict } from './breaker.ts';
export { ConcurrencyLimiter, limiterDefaults, type LimiterOptions, type Permit } from './limiter.ts';
export { type ChatCompletions } from './chat.ts';
export { type ChatStream } from './chat-stream.ts';
export {
  type ChatCompletion,
  type ChatCompletionChunk,
  type ChatMessage,
  type ChatRequest,
  type ChatTool,
  type ChatUsage,
  type ContentPart,
  type FinishReason,
  type ToolCall,
} from './chat-types.ts';
export { type Model, type ModelList, type Models } from './models.ts';
export { type ApprovalAnswer, type OpenOptions, type RunPage, type RunQuestion, type Runs } from './runs/runs.ts';
export { type ProgramRun, type StepContext, type StepOptions } from './runs/program-run.ts';
export { type RunEventOptions } from './runs/run-events.ts';
export { type SessionPage, type Sessions } from './runs/sessions.ts';
export { createMemorySpool, type Spool, type SpooledStep } from './runs/spool.ts';
export { type CallOptions } from './calls.ts';
export { type Fetch } from './connection.ts';
export { type Clock, type Timer } from './clock.ts';
export {
  ControlClient,
  controlDefaults,
  ControlError,
  reconnectDefaults,
  type ControlAuth,
  type ControlClientOptions,
  type ControlRequestOptions,
  type ControlSocket,
  type ControlState,
  type DeviceSigner,
  type EventGap,
  type OpenSocket,
  type Patience,
  type ReconnectOptions,
} from './control/index.ts';
export type {
  CreateRunRequest,
  Effect,
  OutcomeDecision,
  RunEvent,
  RunFailure,
  RunLimits,
  RunStatus,
  RunView,
  SessionDetails,
  SessionMessageView,
  SessionView,
  ToolCallRequest,
  WaitsFor,
} from '@openclaw/protocol';
