/** Conversations and runs, as compose/ and the gateway see them. */
export type { ModelCaller, ModelMessage, ModelPart, ModelTurn, TurnAgent, TurnEvent, TurnResult, Turns } from './contract.ts';
export { createTurns, type TurnsOptions } from './turns.ts';
export type { Runs } from './engine/contract.ts';
export type { RunQuestion } from './journal/contract.ts';
export type { Programs } from './programs/contract.ts';
export { createPrograms, type ProgramsOptions } from './programs/programs.ts';
