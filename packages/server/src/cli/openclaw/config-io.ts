/** What the commands of `openclaw config` share: where they write, and how they find the file. */
import { type CommandOptions, type Configuration, needingRestart, type Replaced } from '../../config/index.ts';
import { systemClock } from '../../core/clock.ts';
import { readEnvironment, type Variables } from '../../core/env.ts';
import type { Output } from '../terminal.ts';

export interface ConfigCommandIo {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Variables;
  /** Providers that need no `baseUrl`. Absent: names of providers are not checked. */
  readonly vendors?: readonly string[];
}

export interface FileFlags {
  readonly config?: string;
  readonly stateDir?: string;
}

export function commandOptions({ config, stateDir }: FileFlags, { env, vendors }: ConfigCommandIo): CommandOptions {
  const flags = { ...(config === undefined ? {} : { config }), ...(stateDir === undefined ? {} : { stateDir }) };
  return { environment: readEnvironment({ env }), flags, clock: systemClock, ...(vendors ? { vendors } : {}) };
}

/** Says that nothing was changed before the error says why. */
export async function changed<Result>(io: ConfigCommandIo, change: Promise<Result>): Promise<Result> {
  try {
    return await change;
  } catch (error) {
    io.stderr.write('Nothing was changed.\n');
    throw error;
  }
}

/** What a change means for a gateway that runs, and what could not be done about its history. */
export function noteEffect({ changed: paths = [], reason }: Replaced, io: ConfigCommandIo): void {
  const late = needingRestart(paths);
  const others = late.length === paths.length && late.length > 0 ? '' : 'A gateway that runs takes it up by itself';
  const restart = late.length === 0 ? '' : `${late.join(', ')} ${late.length === 1 ? 'holds' : 'hold'} after its next restart`;
  io.stderr.write(`${[others, restart].filter((part) => part !== '').join('; ')}.\n`);
  if (reason !== undefined) io.stderr.write(`Note: no version was kept in the history: ${reason}.\n`);
}

/** What comes from a variable or a flag is not changed by the file. */
export function noteOverride(origin: ReturnType<Configuration['origins']['get']>, io: ConfigCommandIo): void {
  if (origin?.kind === 'environment') io.stderr.write(`Note: ${origin.where} wins over the file.\n`);
}
