/** Runs and the conversations that they make up, as compose/ and the gateway see them. */
export type { ConversationMessage, Runs } from './engine/contract.ts';
export { createRunEngine, type RunEngine } from './engine/engine.ts';
export type { Journal, RunArchive, RunQuestion } from './journal/contract.ts';
export { createJournal } from './journal/journal.ts';
export type { Programs } from './programs/contract.ts';
export { createPrograms, type ProgramsOptions } from './programs/programs.ts';
export { createResultFiles } from './programs/result-files.ts';
export { carryOverTurns } from './sessions/carry-over.ts';
export type {
  Conversations,
  OpenApproval,
  RunningTurn,
  SessionItem,
  SessionMessage,
  SessionSummary,
  StartedTurn,
  TurnEvent,
  TurnRequest,
  TurnResult,
} from './sessions/contract.ts';
export { createConversations } from './sessions/conversations.ts';
export { createSaid } from './sessions/history.ts';
export { observeRuns } from './figures.ts';
export type { Firing, NewSchedule, ScheduleChanges, ScheduleRuns, Schedules, ScheduleView } from './schedules/contract.ts';
export { createSchedules, type SchedulesOptions } from './schedules/schedules.ts';
