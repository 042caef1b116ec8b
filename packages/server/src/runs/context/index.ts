/** What an agent is and what of its conversation its model is sent, as compose/ sees it. */
export {
  createAgentDirectory,
  findUnknownModels,
  mainAgentId,
  workspaceOf,
  type ConfiguredAgent,
  type ConfiguredAgents,
} from './agents.ts';
export { isContextOverflow } from './overflow.ts';
export { createTokenCounter, type CountedRequest, type TokenCounter } from './token-counter.ts';
export { createContextWindow, type ContextWindowOptions } from './window.ts';
export { windowLimitsOf, type KnownWindow } from './window-limits.ts';
