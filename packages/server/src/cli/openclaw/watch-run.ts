/** Follows a run at a terminal to its end, over restarts of the gateway. Ctrl-C leaves the run alone or ends it, as was asked for. */
import type { OpenClaw, RunView } from '@openclaw/client';
import { createRunPrinter } from './run-printer.ts';
import type { Terminal } from '../terminal.ts';

export type OnInterrupt = 'detach' | 'cancel';

/** Calls `listener` for Ctrl-C in place of what Node does then. @returns ends that */
export type Interrupts = (listener: () => void) => () => void;

export interface WatchOptions {
  readonly io: Pick<Terminal, 'stdout' | 'stderr'>;
  readonly interrupts: Interrupts;
  readonly onInterrupt: OnInterrupt;
  readonly after?: number;
  /** Prints the events themselves, a line each. @default false */
  readonly asLines?: boolean;
  /** Prints nothing. @default false */
  readonly isSilent?: boolean;
}

export interface Watched {
  readonly run: RunView;
  /** What the agent said last. */
  readonly text: string;
  readonly isDetached: boolean;
}

const nowhere = { write: (): boolean => true };

export async function watchRun(openclaw: OpenClaw, runId: string, options: WatchOptions): Promise<Watched> {
  const { io, onInterrupt, asLines = false, isSilent = false } = options;
  const printer = createRunPrinter(asLines || isSilent ? { stdout: nowhere, stderr: asLines ? nowhere : io.stderr } : io);
  const leaving = new AbortController();
  const say = (line: string): void => {
    printer.end();
    io.stderr.write(`${line}\n`);
  };
  let presses = 0;
  const stop = options.interrupts(() => {
    presses += 1;
    if (onInterrupt === 'detach' || presses > 1) return leaving.abort();
    say('Cancelling the run. Ctrl-C again leaves it alone.');
    openclaw.runs
      .cancel(runId)
      .catch((thrown: unknown) => say(`It could not be cancelled: ${thrown instanceof Error ? thrown.message : String(thrown)}`));
  });
  const onReattach = (): void => say('[the connection was lost, and is tried again]');
  try {
    for await (const event of openclaw.runs.events(runId, { after: options.after ?? 0, signal: leaving.signal, onReattach })) {
      if (asLines) io.stdout.write(`${JSON.stringify(event)}\n`);
      printer.print(event);
    }
  } catch (thrown) {
    if (!leaving.signal.aborted) throw thrown;
    say(`Detached; the run goes on. openclaw runs watch ${runId} shows it, openclaw runs cancel ${runId} ends it.`);
  } finally {
    stop();
  }
  printer.end();
  return { run: await openclaw.runs.get(runId), text: printer.text, isDetached: leaving.signal.aborted };
}
