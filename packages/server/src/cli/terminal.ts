/** How a command meets the terminal: where it writes, and what an error looks like there. */
import type { Command } from 'commander';
import { OpenClawError } from '../core/errors.ts';

export interface Terminal {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** Where `write` was answered with false, when more may be written. */
  once?(event: 'drain', listener: () => void): unknown;
}

/** What a command is registered with. */
export interface CommandContext {
  readonly program: Command;
  readonly terminal: Terminal;
  readonly setExitCode: (code: number) => void;
}

/** sysexits.h: wrong words on the command line. */
export const exitUsage = 2;
/** sysexits.h EX_CONFIG: starting again without a change will not help, so a supervisor should not. */
export const exitConfiguration = 78;

/** What went wrong and what to do, one fault after the other. */
export function formatError(program: string, thrown: unknown): string {
  if (!(thrown instanceof OpenClawError))
    return `${program}: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`;
  return [thrown, ...thrown.others]
    .map((error) => `${program}: ${error.message}\n${error.hint === '' ? '' : `  ${error.hint}\n`}`)
    .join('');
}
