/** What `@openclaw/protocol` promises: names that other packages and programs may rely on. */
export {
  scopes,
  usageDimensions,
  type AuditEntry,
  type CreatedKey,
  type CreateKeyRequest,
  type KeyLimits,
  type KeyRecord,
  type KeyUse,
  type Scope,
  type UpdateKeyRequest,
  type UsageDimension,
  type UsageRow,
} from './admin.ts';
export { connectSchema, requestSchema } from './control/connect-schema.ts';
export {
  closeCodes,
  probeProtocolVersion,
  protocolVersion,
  wireLimits,
  type EventFrame,
  type RequestFrame,
  type ResponseFrame,
  type StateVersion,
  type WireError,
  type WireErrorCode,
} from './control/frames.ts';
export {
  clientIds,
  clientModes,
  textToSign,
  type AuthMethod,
  type Challenge,
  type ClientDescription,
  type ClientId,
  type ClientMode,
  type ConnectAuth,
  type ConnectParams,
  type DeviceProof,
  type HelloOk,
  type HelloSnapshot,
  type SignedFields,
} from './control/handshake.ts';
export { holdsScope, operatorScopes, type OperatorScope } from './control/scopes.ts';
export { errorCatalogue, type ErrorCode, type ErrorEntry } from './errors.ts';
export {
  modelAbilities,
  type ModelAbility,
  type ModelDescription,
  type ModelPrice,
  type ModelRow,
  type ModelTargetDescription,
  type ModelTargetKey,
  type Sourced,
} from './models.ts';
export {
  programLimits,
  type BeginStepRequest,
  type BegunStep,
  type FailStepRequest,
  type FinishProgramRequest,
  type FinishStepRequest,
  type OpenProgramRequest,
  type OpenedProgram,
  type StepReceipt,
} from './program-runs.ts';
export {
  effects,
  runStatuses,
  stepKinds,
  type CreateRunRequest,
  type Effect,
  type OutcomeDecision,
  type RunEvent,
  type RunEventBody,
  type RunEventKind,
  type RunFailure,
  type RunLimits,
  type RunOrigin,
  type RunStatus,
  type RunView,
  type StepKind,
  type StoredResult,
  type TokenUse,
  type ToolCallRequest,
  type WaitsFor,
} from './runs.ts';
export { type DeletedSession, type SessionView, type SessionMessageView, type SessionDetails } from './session-views.ts';
export { schema, type Infer, type JsonSchema, type Schema } from './schema.ts';
export {
  statisticsWindows,
  trafficChecks,
  type CallerFigures,
  type Figures,
  type Quantiles,
  type RequestTrail,
  type RequestTrails,
  type Severity,
  type StatisticsWindow,
  type TargetFigures,
  type TargetRow,
  type TrafficCheck,
  type TrafficFinding,
  type TrafficReport,
  type TrailAttempt,
  type Warning,
} from './sight.ts';
export { formatUnit, parseUnit, unitExamples, type Unit } from './units.ts';
