/**
 * The rehearsal's script: text to turns. `docs/rehearsal.md` describes the language; each rule there is a test here.
 *
 * It does not find the script in a conversation (`conversation.ts`) or carry it out (`performance.ts`).
 */

export type Step =
  | { readonly kind: 'say'; readonly line: number; readonly text: string }
  | { readonly kind: 'tool'; readonly line: number; readonly name: string; readonly argumentsJson: string }
  | { readonly kind: 'wait'; readonly line: number; readonly delayMs: number }
  | { readonly kind: 'fail'; readonly line: number; readonly status: number; readonly times: number; readonly retryAfterMs?: number }
  | { readonly kind: 'cut'; readonly line: number; readonly times: number };

/** What one assistant message is made of. Never empty. */
export type Turn = readonly Step[];

export interface ScriptFault {
  /** Counted from 1. */
  readonly line: number;
  readonly reason: string;
}

export type ParsedScript = { readonly turns: readonly Turn[] } | { readonly fault: ScriptFault };

/** Longer would only hold a connection that some timeout ends anyway. */
const maxDelayMs = 10 * 60_000;

const commands = ['say', 'tool', 'wait', 'fail', 'cut'] as const;
type Command = (typeof commands)[number];

const comment = /^\s*#/;
const commandLine = /^\s*(say|tool|wait|fail|cut)(?:\s+(.*?))?\s*$/;

/** Whether a text is a script: its first line that is neither blank nor a comment begins with a command. */
export function isScript(text: string): boolean {
  for (const line of text.split('\n')) {
    if (line.trim() === '' || comment.test(line)) continue;
    return commandLine.test(line);
  }
  return false;
}

/**
 * A turn ends with a blank line, with the last of its tool calls, or with the script. Comments count for nothing, not even as
 * blank lines.
 */
export function parseScript(text: string): ParsedScript {
  const turns: Step[][] = [];
  let turn: Step[] = [];
  const endTurn = (): void => {
    if (turn.length > 0) turns.push(turn);
    turn = [];
  };

  for (const [index, line] of text.split('\n').entries()) {
    if (comment.test(line)) continue;
    if (line.trim() === '') {
      endTurn();
      continue;
    }
    const step = parseStep(line, index + 1);
    if (typeof step === 'string') return { fault: { line: index + 1, reason: step } };
    if (turn.at(-1)?.kind === 'tool' && step.kind !== 'tool') endTurn();
    turn.push(step);
  }
  endTurn();
  return { turns };
}

/** The step, or what is wrong with the line. */
function parseStep(text: string, line: number): Step | string {
  const match = commandLine.exec(text);
  if (!match) return `${JSON.stringify(firstWord(text))} is not a command; the commands are ${commands.join(', ')}`;
  return parsers[match[1] as Command](match[2] ?? '', line);
}

const parsers: Readonly<Record<Command, (rest: string, line: number) => Step | string>> = {
  say(text, line) {
    if (text === '') return 'say needs a text: say Hello';
    return { kind: 'say', line, text };
  },

  tool(rest, line) {
    const name = /^\S*/.exec(rest)?.[0] ?? '';
    if (!/^[A-Za-z0-9_.-]{1,128}$/.test(name)) return 'tool needs a name of letters, digits, _, . and -: tool read {"path":"a.txt"}';
    const argumentsJson = rest.slice(name.length).trim() || '{}';
    const fault = objectFault(argumentsJson);
    return fault ? `the arguments of ${name} are not a JSON object: ${fault}` : { kind: 'tool', line, name, argumentsJson };
  },

  wait(rest, line) {
    const delayMs = parseDelay(rest);
    return delayMs === undefined ? 'wait needs a time up to 10m: wait 200ms, wait 2s, wait 1m' : { kind: 'wait', line, delayMs };
  },

  fail(rest, line) {
    const match = /^([45]\d\d)(?:\s+x(\d{1,4}))?(?:\s+retry-after\s+(\S+))?$/.exec(rest);
    if (!match) return 'fail needs a status from 400 to 599, and may have a count and a delay: fail 429 x2 retry-after 2s';
    const times = parseTimes(match[2]);
    if (times === undefined) return 'a count is at least x1';
    const step = { kind: 'fail', line, status: Number(match[1]), times } as const;
    if (match[3] === undefined) return step;
    const retryAfterMs = parseDelay(match[3]);
    return retryAfterMs === undefined ? 'retry-after needs a time up to 10m: retry-after 2s' : { ...step, retryAfterMs };
  },

  cut(rest, line) {
    const match = /^(?:x(\d{1,4}))?$/.exec(rest);
    const times = match ? parseTimes(match[1]) : undefined;
    return times === undefined ? 'cut may have a count of at least x1 and nothing else: cut, cut x2' : { kind: 'cut', line, times };
  },
};

/** Without a count a failure happens each time. */
function parseTimes(digits: string | undefined): number | undefined {
  if (digits === undefined) return Infinity;
  const times = Number(digits);
  return times >= 1 ? times : undefined;
}

const unitMs = { ms: 1, s: 1000, m: 60_000 } as const;

function parseDelay(text: string): number | undefined {
  const match = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s|m)$/.exec(text);
  if (!match) return undefined;
  const delayMs = Number(match[1]) * unitMs[match[2] as keyof typeof unitMs];
  return delayMs <= maxDelayMs ? delayMs : undefined;
}

function objectFault(json: string): string | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'it is another kind of value';
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

function firstWord(text: string): string {
  return /\S+/.exec(text)?.[0].slice(0, 40) ?? '';
}
