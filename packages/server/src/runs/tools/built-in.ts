/** The tools that come with OpenClaw: files, commands, requests. */
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { Tool } from './contract.ts';
import { createExecTool, type ExecOptions } from './exec/exec.ts';
import { findDocker } from './exec/sandbox.ts';
import { createFileTools } from './files/index.ts';
import { createHttpTool, type HttpOptions } from './http/http.ts';

export interface BuiltInOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Whose programs they are, such as the state directory; see `processes/left-behind.ts`. @default nobody's */
  readonly owner?: string;
  readonly exec?: Omit<ExecOptions, 'clock' | 'log' | 'sandbox' | 'owner'> & {
    readonly docker?: {
      readonly image: string;
      /** For `docker` itself: PATH, and DOCKER_HOST where it is set. */
      readonly variables: Readonly<Record<string, string>>;
    };
  };
  readonly http?: Omit<HttpOptions, 'clock'>;
}

/** Commands run in a container if an image is named and Docker answers; else without, which the log says. */
export async function createBuiltInTools({ clock, log, owner, exec = {}, http }: BuiltInOptions): Promise<readonly Tool[]> {
  const { docker, ...bounds } = exec;
  const sandbox = docker === undefined ? undefined : await findDocker({ ...docker, clock, owner });
  if (docker !== undefined && sandbox === undefined) log.warn('Docker does not answer: commands of agents run without a sandbox');
  return [...createFileTools(clock), createExecTool({ ...bounds, clock, log, sandbox, owner }), createHttpTool({ ...http, clock })];
}
