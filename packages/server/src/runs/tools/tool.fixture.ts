/** A workspace of its own for a test, and calls as the engine makes them. */
import { chownSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Tool, ToolCall, ToolResult } from './contract.ts';
import { performCall } from './perform-call.ts';

export interface Workspace extends Disposable {
  readonly path: string;
}

export function createWorkspace(): Workspace {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'openclaw-workspace-')));
  // As `workspace.ts` makes them.
  if (process.getuid?.() === 0) chownSync(path, 65_534, 65_534);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export interface CallOptions {
  readonly workspace: string;
  readonly args: JsonObject;
  /** @default 'run-1/1' */
  readonly idempotencyKey?: string;
  /** @default 'main' */
  readonly agentId?: string;
  readonly signal?: AbortSignal;
  readonly onOutput?: (text: string) => void;
}

export function toolCall(options: CallOptions): ToolCall {
  return {
    arguments: options.args,
    idempotencyKey: options.idempotencyKey ?? 'run-1/1',
    runId: 'run-1',
    agentId: options.agentId ?? 'main',
    workspace: options.workspace,
    signal: options.signal ?? new AbortController().signal,
    onOutput: options.onOutput ?? (() => {}),
  };
}

/** As the engine calls a tool: arguments as text, checked. */
export function perform(tool: Tool, options: CallOptions): Promise<ToolResult> {
  return performCall(tool, { ...toolCall(options), argumentsText: JSON.stringify(options.args), clock: systemClock });
}
