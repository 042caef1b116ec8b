/**
 * What a tool is, on one screen. Implementations are equals: files, exec, http, MCP, sub-agents, and what others bring; one suite runs on all.
 *
 * Types only. A tool never throws for what a model did wrong: it says so in its result, and the model is told.
 */
import type { Effect } from '@openclaw/protocol';
import type { JsonObject } from '../../core/json.ts';

export interface Tool {
  /** `read`, `exec`, `files__search`: letters, digits, underscores and dashes, as models' APIs take them. */
  readonly name: string;
  /** For the model. */
  readonly description: string;
  /** JSON Schema of the arguments; they are checked before `run`. */
  readonly parameters: JsonObject;
  readonly effect: Effect;
  /** Where it depends on the arguments; `effect` is then the most careful of what this may say. Ask by `effectOf` of `perform-call.ts`. */
  effectOf?(args: JsonObject): Effect;
  /** For a person who is asked to allow a call: what it may do beyond what its name says, such as that `exec` runs without a sandbox. */
  readonly caution?: string;
  /** Its results are tasks for other agents: it is for runs that may begin others alone. */
  readonly handsOver?: true;
  run(call: ToolCall): Promise<ToolResult>;
  /**
   * Of effect `once`: looks whether the call with this key was done, and says so in the result. That it surely was not done is a result too, with
   * `isError`. Undefined: it cannot be told.
   */
  reconcile?(call: Pick<ToolCall, 'idempotencyKey' | 'arguments' | 'signal' | 'workspace'>): Promise<ToolResult | undefined>;
}

export interface ToolCall {
  /** Checked against `parameters`. */
  readonly arguments: JsonObject;
  /** The same for every attempt of the same call. */
  readonly idempotencyKey: string;
  readonly runId: string;
  readonly agentId: string;
  /** The directory that it may touch; made for it, real path. */
  readonly workspace: string;
  /** Aborted by cancel, limits, shutdown. The tool ends soon after and leaves nothing running. */
  readonly signal: AbortSignal;
  /** Output as it comes, for people who watch; bounded by whoever listens. */
  readonly onOutput: (text: string) => void;
}

export interface ToolResult {
  readonly isError: boolean;
  /** What the model is told; at most `outputLimitCharacters`, and says where it was cut. */
  readonly text: string;
  /** Nothing was done: the task is for a run of another agent, and what that comes to is the result. */
  readonly handOver?: HandOver;
  /** Of effect `once`: it began and was cut before its end was known. The text says so too; nobody may take it for not done. */
  readonly isOutcomeUnknown?: true;
}

export interface HandOver {
  readonly agentId: string;
  readonly task: string;
}

export const outputLimitCharacters = 64 * 1024;

/** What an agent may do with a tool. `ask`: the run waits for a person. */
export type ToolPolicy = 'allow' | 'ask' | 'deny';

/** The tools of one agent, as they are now: MCP servers come and go. */
export interface Toolbox {
  list(agentId: string): Promise<readonly Tool[]>;
  policy(agentId: string, tool: Tool): ToolPolicy;
  close(): Promise<void>;
}
