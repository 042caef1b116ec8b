/** Arguments and results of steps as text: they are any JSON, and of models' making. Pure. */
import { formatBytes } from '../format.ts';
import type { TimelineStep } from './timeline.ts';

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a model wrote as arguments, set out where it is JSON. */
export function showArguments(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}

/** What came of a step: of a model its text, of a tool what the model is told, of anything else the JSON. */
export function showResult({ result, file, text }: Pick<TimelineStep, 'result' | 'file' | 'text'>): string {
  if (file !== null) return `${formatBytes(file.bytes)} in a file of the state directory, ${file.sha256}.json`;
  if (result === undefined) return text;
  if (typeof result === 'string') return result;
  if (isRecord(result) && typeof result['text'] === 'string') return result['text'];
  return JSON.stringify(result, undefined, 2);
}

/** The beginning, on one line. */
export function firstWords(text: string, limit = 160): string {
  const line = text
    .slice(0, limit * 4)
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > limit
    ? `${line
        .slice(0, limit - 1)
        .trimEnd()
        .toWellFormed()}…`
    : line;
}
