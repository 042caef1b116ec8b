/** Conversations, as compose/ sees them. */
export type { ModelCaller, ModelMessage, ModelPart, ModelTurn, TurnAgent, TurnEvent, TurnResult, Turns } from './contract.ts';
export { createTurns, type TurnsOptions } from './turns.ts';
