/**
 * A run as a person at a terminal sees it: what the agent says goes to standard output, word by word; tool calls, waits and what went wrong go to
 * standard error, so that a pipe gets the answer alone.
 */
import type { RunEvent, WaitsFor } from '@openclaw/protocol';
import { formatMs } from '../durations.ts';
import { visible } from './target-flags.ts';
import type { Terminal } from '../terminal.ts';

export interface RunPrinter {
  print(event: RunEvent): void;
  /** Everything that the agent has said last. */
  readonly text: string;
  /** Ends the line that was begun. */
  end(): void;
}

const argumentCharacters = 200;

export function createRunPrinter({ stdout, stderr }: Pick<Terminal, 'stdout' | 'stderr'>): RunPrinter {
  let text = '';
  let hasOpenLine = false;
  let began: { readonly step: number; readonly name: string; readonly stepKind: string; readonly atMs: number } | undefined;

  function endLine(): void {
    if (hasOpenLine) stdout.write('\n');
    hasOpenLine = false;
  }

  function note(line: string): void {
    endLine();
    stderr.write(`${visible(line)}\n`);
  }

  function say(more: string): void {
    text += more;
    const shown = harmless(more);
    if (shown === '') return;
    stdout.write(shown);
    hasOpenLine = !shown.endsWith('\n');
  }

  function beginStep(event: Extract<RunEvent, { readonly kind: 'step.started' }>): void {
    began = event;
    if (event.stepKind === 'model') {
      endLine();
      if (event.attempt > 1 && text !== '') note('[it was cut off and is said again]');
      text = '';
    } else if (event.stepKind === 'tool') note(`→ ${event.name} ${(event.call?.argumentsText ?? '').slice(0, argumentCharacters)}`);
    else
      note(
        `${event.stepKind === 'program' ? '•' : '[the conversation is summarised]'} ${event.stepKind === 'program' ? event.name : ''}`.trimEnd(),
      );
  }

  function endStep({ step, result, atMs }: Extract<RunEvent, { readonly kind: 'step.finished' }>): void {
    const said = textOf(result);
    // Streamed text of a run that ended long ago is no longer there; what it came to is.
    if (began?.stepKind === 'model' && began.step === step && said.length > text.length) say(said.slice(text.length));
    if (began?.stepKind === 'tool' && began.step === step) note(`← ${firstLine(said)} (${formatMs(atMs - began.atMs)})`);
  }

  return {
    print(event) {
      if (event.kind === 'step.started') beginStep(event);
      else if (event.kind === 'step.delta') say(event.text);
      else if (event.kind === 'step.finished') endStep(event);
      else {
        const line = describe(event);
        if (line !== undefined) note(line);
      }
    },
    get text() {
      return text;
    },
    end: endLine,
  };
}

/** Undefined for what goes without saying. */
function describe(event: RunEvent): string | undefined {
  switch (event.kind) {
    case 'step.failed':
      return `✗ ${event.error.message}`;
    case 'run.parked':
      // That it waits for a child goes without saying: it has been said who does it.
      return event.waitsFor.kind === 'child' ? undefined : describeWait(event.runId, event.waitsFor);
    case 'child.created':
      return `[${event.agentId} does it: openclaw runs watch ${event.childRunId}]`;
    case 'child.changed':
      return event.waitsFor === null ? undefined : describeWait(event.childRunId, event.waitsFor);
    case 'approval.resolved':
      return `[${event.approved ? 'allowed' : 'refused'} by ${event.by}]`;
    case 'outcome.resolved':
      return `[step ${event.step}: ${event.decision.kind}, says ${event.by}]`;
    case 'cancel.requested':
      return `[${event.by} wants it to end]`;
    case 'run.resumed':
      return event.reason === 'recovered' ? '[the gateway started again and goes on with it]' : undefined;
    case 'run.failed':
      return `✗ ${event.error.message} ${event.error.hint}`.trimEnd();
    case 'run.cancelled':
      return `[cancelled by ${event.by}]`;
    default:
      return undefined;
  }
}

export function describeWait(runId: string, waitsFor: WaitsFor): string {
  switch (waitsFor.kind) {
    case 'approval':
      return `[it waits for you: openclaw runs approve ${runId}, or reject]`;
    case 'outcome':
      return `[nobody knows what came of step ${waitsFor.step}: openclaw runs outcome ${runId} ${waitsFor.step} done, repeat or failed]`;
    case 'signal':
      return `[it waits for the signal ${waitsFor.name}]`;
    case 'child':
      return waitsFor.waitsFor ? describeWait(waitsFor.runId, waitsFor.waitsFor) : `[it waits for the run ${waitsFor.runId}]`;
    case 'program':
      return '[it waits for its program]';
    case 'storage':
      return '[it waits for room on the disk]';
    case 'until':
      return `[it waits until ${new Date(waitsFor.atMs).toISOString()}]`;
  }
}

/** Models may say anything; none of it may move the cursor. */
function harmless(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, '');
}

function textOf(result: unknown): string {
  const text = typeof result === 'object' && result !== null ? (result as { readonly text?: unknown }).text : result;
  return typeof text === 'string' ? text : JSON.stringify(result ?? null);
}

function firstLine(text: string): string {
  const [line = ''] = text.split('\n');
  return line.length < text.length || line.length > argumentCharacters ? `${line.slice(0, argumentCharacters)} …` : line;
}
