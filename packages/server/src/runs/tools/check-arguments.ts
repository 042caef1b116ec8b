/**
 * From what a model wrote as arguments to arguments that a tool may be given, or to words that tell the model what is wrong.
 *
 * Never throws: a model's mistake is an answer. It does not repair: arguments that are nearly JSON are told, not guessed.
 */
import { findJsonFault } from '../../core/json-position.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { exceedsDepth } from '../../core/parse-json.ts';
import type { Tool } from './contract.ts';
import { mistakesOf } from './json-schema.ts';

export type CheckedArguments =
  | { readonly ok: true; readonly arguments: JsonObject }
  /** `text` is for the model. */
  | { readonly ok: false; readonly text: string };

/** A file that a model writes goes through here; what is larger goes in pieces. */
export const argumentsLimitBytes = 2 * 1024 * 1024;
export const argumentsDepthLimit = 64;

export function checkArguments(tool: Pick<Tool, 'name' | 'parameters'>, argumentsText: string): CheckedArguments {
  const bytes = Buffer.from(argumentsText);
  if (bytes.length > argumentsLimitBytes) {
    return refuse(tool, [`they are ${bytes.length} bytes, and at most ${argumentsLimitBytes} are taken`]);
  }
  if (exceedsDepth(bytes, argumentsDepthLimit)) return refuse(tool, [tooDeep]);
  // Models leave the text empty where a tool has no arguments.
  const read = argumentsText.trim() === '' ? { value: {} } : parse(argumentsText);
  if ('fault' in read) return refuse(tool, [read.fault]);
  if (!isJsonObject(read.value)) return refuse(tool, ['they must be one JSON object']);
  if (namesPrototype(read.value)) return refuse(tool, [prototypeNamed]);
  const mistakes = mistakesOf(read.value, tool.parameters);
  return mistakes.length === 0 ? { ok: true, arguments: read.value } : refuse(tool, mistakes);
}

/** The same for arguments that were parsed already: what is wrong with them, in words for the model; undefined where they fit. */
export function faultIn(tool: Pick<Tool, 'name' | 'parameters'>, args: JsonObject): string | undefined {
  if (isDeeperThan(args, argumentsDepthLimit)) return wordsOf(tool, [tooDeep]);
  if (namesPrototype(args)) return wordsOf(tool, [prototypeNamed]);
  const mistakes = mistakesOf(args, tool.parameters);
  return mistakes.length === 0 ? undefined : wordsOf(tool, mistakes);
}

/** Level by level: what is too deep is too deep for a recursion. */
function isDeeperThan(value: JsonValue, limit: number): boolean {
  let level: readonly JsonValue[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limit) return true;
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  }
  return false;
}

const tooDeep = `they are nested more than ${argumentsDepthLimit} levels deep`;
const prototypeNamed = 'a field must not be named `__proto__`';

function refuse(tool: Pick<Tool, 'name'>, mistakes: readonly string[]): CheckedArguments {
  return { ok: false, text: wordsOf(tool, mistakes) };
}

function wordsOf({ name }: Pick<Tool, 'name'>, mistakes: readonly string[]): string {
  const text = mistakes.map((mistake) => `- ${mistake}`).join('\n');
  return `The arguments of ${name} are not valid, and it was not called:\n${text}\nCall it again with arguments that fit.`;
}

function parse(text: string): { readonly value: JsonValue } | { readonly fault: string } {
  try {
    return { value: JSON.parse(text) as JsonValue };
  } catch {
    const fault = findJsonFault(text);
    if (fault === undefined) return { fault: 'they are not JSON' };
    const place = `line ${fault.line}, column ${fault.column}`;
    return { fault: fault.atEnd ? `they are not JSON: the text ends too early, at ${place}` : `they are not JSON: see ${place}` };
  }
}

/** A copy by assignment would take such a field for the prototype of the copy. */
function namesPrototype(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Object.hasOwn(value, '__proto__')) return true;
  return Object.values(value).some(namesPrototype);
}
