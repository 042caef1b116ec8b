/** What the control plane needs of whoever carries out runs. Types only; `compose` ties it. */
import type { Conversations, Runs } from '../../runs/index.ts';

export type {
  OpenApproval,
  SessionItem,
  SessionMessage,
  SessionSummary,
  StartedTurn,
  TurnEvent,
  TurnRequest,
  TurnResult,
} from '../../runs/index.ts';

/** Messages that are answered, and the sessions that they are in. */
export type RunStarter = Omit<Conversations, 'create' | 'close'>;
/** Runs themselves, by whatever door they came. */
export type RunDirectory = Omit<Runs, 'create'>;
