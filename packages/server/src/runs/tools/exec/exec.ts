/**
 * The tool `exec`: a command of the shell in the workspace, within bounds of time, memory, processes and output.
 *
 * It is the most that an agent can be given. Without a sandbox a command can do what the gateway's user can do; nobody is told of it unless the policy
 * says so, and people who are asked are told.
 */
import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '../../../core/clock.ts';
import { reasonOf } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import { type BoundedText, createBoundedText } from '../bounded-text.ts';
import { outputLimitCharacters, type Tool, type ToolCall, type ToolResult } from '../contract.ts';
import { type ProcessBounds, processBoundsDefaults, type ProgramEnd, type Program, startProgram } from '../processes/supervise.ts';
import { createSlots } from '../slots.ts';
import type { Sandbox } from './sandbox.ts';

export interface ExecOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Undefined: commands run as children of the gateway, with its user's rights. */
  readonly sandbox?: Sandbox | undefined;
  /** Where programs are looked for. @default '/usr/local/bin:/usr/bin:/bin' */
  readonly path?: string;
  /** @default 'C.UTF-8' */
  readonly language?: string;
  readonly bounds?: ProcessBounds;
  /** See `startProgram`. @default nobody's */
  readonly owner?: string | undefined;
  /** Whether the kernel is asked to hold it together, where it may be. @default true */
  readonly usesControlGroup?: boolean;
  /** If the model names no time. @default 120000 */
  readonly timeLimitMs?: number;
  /** The most that a model may name. @default 1800000 */
  readonly longestTimeLimitMs?: number;
  /** Commands at once in this process; others wait. @default 8 */
  readonly atOnce?: number;
}

export const execDefaults = {
  path: '/usr/local/bin:/usr/bin:/bin',
  language: 'C.UTF-8',
  usesControlGroup: true,
  timeLimitMs: 120_000,
  longestTimeLimitMs: 1_800_000,
  atOnce: 8,
} as const;

type Settings = Required<Omit<ExecOptions, 'sandbox' | 'bounds' | 'owner'>> & {
  readonly owner: string | undefined;
  readonly sandbox: Sandbox | undefined;
  readonly bounds: Required<ProcessBounds>;
};

export function createExecTool(options: ExecOptions): Tool {
  const settings: Settings = {
    ...execDefaults,
    ...options,
    owner: options.owner,
    sandbox: options.sandbox,
    bounds: { ...processBoundsDefaults, ...options.bounds },
  };
  const slots = createSlots(settings.atOnce);
  const { sandbox } = settings;
  return {
    name: 'exec',
    description:
      'Runs a command by /bin/sh in the workspace and gives what it prints and its exit code. There is no input and no terminal; ' +
      `everything that it starts is ended with it.${sandbox ? ' It runs in a container without network.' : ''}`,
    parameters: {
      type: 'object',
      properties: {
        command: { type: 'string', minLength: 1, maxLength: 100_000 },
        timeLimitMs: {
          type: 'integer',
          minimum: 1,
          maximum: settings.longestTimeLimitMs,
          description: `When it is ended. Default ${settings.timeLimitMs}.`,
        },
      },
      required: ['command'],
      additionalProperties: false,
    },
    effect: 'once',
    caution: sandbox
      ? `It runs in ${sandbox.name}, without network, and sees only the workspace.`
      : "It runs without a sandbox: it can do whatever the gateway's user can do.",
    async run(call) {
      let giveBack: () => void;
      try {
        giveBack = await slots.take(call.signal);
      } catch {
        return { isError: true, text: 'The command was not run: the call was stopped before its turn.' };
      }
      try {
        return await runCommand(call, settings);
      } finally {
        giveBack();
      }
    },
  };
}

async function runCommand(call: ToolCall, settings: Settings): Promise<ToolResult> {
  const { command, timeLimitMs = settings.timeLimitMs } = call.arguments as { command: string; timeLimitMs?: number };
  const order = { command, workspace: call.workspace, idempotencyKey: call.idempotencyKey, bounds: settings.bounds };
  let program: Program;
  try {
    program = await startProgram({
      program: settings.sandbox?.program(order) ?? ['/bin/sh', '-c', command],
      directory: call.workspace,
      variables: settings.sandbox?.variables ?? { PATH: settings.path, HOME: call.workspace, LANG: settings.language },
      takesInput: false,
      clock: settings.clock,
      bounds: settings.bounds,
      usesControlGroup: settings.usesControlGroup,
      owner: settings.owner,
    });
  } catch (thrown) {
    return { isError: true, text: `The command was not run: ${reasonOf(thrown)}.` };
  }
  const output = collect(program, call.onOutput);
  let isTimeUp = false;
  const timer = settings.clock.after(timeLimitMs, () => {
    isTimeUp = true;
    void program.stop();
  });
  const onAbort = (): void => void program.stop();
  call.signal.addEventListener('abort', onAbort, { once: true });
  if (call.signal.aborted) onAbort();
  const end = await program.ended;
  timer.cancel();
  call.signal.removeEventListener('abort', onAbort);
  if (settings.sandbox && end.reason !== 'exit') await settings.sandbox.remove(order);
  if (!end.isClean) settings.log.warn('a command has left processes that could not be ended', { pid: program.pid, runId: call.runId });
  const why = isTimeUp ? `It was ended after ${timeLimitMs / 1000} s, with everything that it had started.` : whyOf(end, settings.bounds);
  return tell(output, { end, why, wasCut: end.reason === 'stopped' && !isTimeUp });
}

/** Room for what is said of the end. */
const noteCharacters = 300;

/** Both streams as they come, in one text. */
function collect(program: Program, onOutput: (text: string) => void): BoundedText {
  const kept = createBoundedText(outputLimitCharacters - noteCharacters);
  for (const stream of [program.output, program.errors]) {
    const decoder = new StringDecoder('utf8');
    const take = (text: string): void => {
      if (text === '') return;
      kept.add(text);
      onOutput(text);
    };
    stream.on('data', (chunk: Buffer) => take(decoder.write(chunk)));
    stream.on('end', () => take(decoder.end()));
  }
  return kept;
}

/** Undefined: it ended by itself. */
function whyOf({ reason }: ProgramEnd, bounds: Required<ProcessBounds>): string | undefined {
  switch (reason) {
    case 'stopped':
      return 'It was stopped before its end, with everything that it had started. What it did until then is done.';
    case 'processes':
      return `It was ended: it had more than ${bounds.processes} processes at once.`;
    case 'memory':
      return `It was ended: it took more than ${Math.round(bounds.memoryBytes / 1024 ** 2)} MiB of memory.`;
    case 'exit':
      return undefined;
  }
}

interface Told {
  readonly end: ProgramEnd;
  readonly why: string | undefined;
  /** Somebody stopped the call, not the command. */
  readonly wasCut: boolean;
}

function tell(output: BoundedText, { end, why, wasCut }: Told): ToolResult {
  const byItself = end.signal === null ? `Exit code ${end.code}.` : `Ended by ${end.signal}.`;
  const text = output.toString();
  const note = why ?? (end.code === 0 && text !== '' ? undefined : byItself);
  return {
    isError: why !== undefined || end.code !== 0,
    text: note === undefined ? text : `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}[${note}]`,
    ...(wasCut ? { isOutcomeUnknown: true as const } : {}),
  };
}
