/** What `openclaw models list|show|test` need of the gateway. How it is reached is the business of whoever passes a client in. */
import type { ModelDescription, ModelRow } from '@openclaw/protocol';
import type { CommandContext, Terminal } from '../terminal.ts';

export interface ModelsClient {
  list(): Promise<readonly ModelRow[]>;
  /** @throws OpenClawError `model_not_found`, or the gateway's own words for it */
  show(name: string): Promise<ModelDescription>;
  /** One small real request through the running gateway. What a target says against it is in the result. */
  ask(model: string): Promise<Trial>;
}

export interface Trial {
  /** Who answered or was asked last; null where nobody was asked. */
  readonly target: string | null;
  readonly firstTokenMs: number | null;
  readonly totalMs: number;
  /** Null where the answer did not count them. */
  readonly usage: TrialUsage | null;
  readonly error: { readonly message: string; readonly hint: string } | null;
}

export interface TrialUsage {
  readonly input: number;
  readonly cacheRead: number;
  readonly output: number;
}

export interface ModelsCommandContext {
  readonly io: Pick<Terminal, 'stdout' | 'stderr'>;
  readonly models: ModelsClient;
  readonly setExitCode: CommandContext['setExitCode'];
}
