/** Looks through the lines of a file for secrets, within bounds of time and memory. What it gives says which line and what kind, never what stands there. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { reasonOf } from '../../core/errors.ts';
import type { Redactor } from '../../core/redact.ts';

/** What is wrong with a line, in words; undefined where nothing is. */
export type LineJudge = (line: string) => string | undefined;

export interface LinesFound {
  readonly lines: readonly { readonly line: number; readonly what: string }[];
  /** Found beyond the first. */
  readonly more: number;
  /** Why the file was not looked through to its end. */
  readonly problem?: string;
}

const shownLines = 20;
const limitBytes = 256 * 2 ** 20;
/** A longer line is looked at in its beginning: lines of logs are shorter. */
const lineLimit = 64 * 1024;

export async function lookThrough(file: string, judge: LineJudge): Promise<LinesFound> {
  const lines: { line: number; what: string }[] = [];
  let [number, more] = [0, 0];
  const input = createReadStream(file, { end: limitBytes });
  try {
    for await (const text of createInterface({ input, crlfDelay: Infinity })) {
      number += 1;
      const what = judge(text.slice(0, lineLimit));
      if (what === undefined) continue;
      if (lines.length < shownLines) lines.push({ line: number, what });
      else more += 1;
    }
    return input.bytesRead > limitBytes ? { lines, more, problem: 'it is larger than 256 MiB; the rest was left out' } : { lines, more };
  } catch (thrown) {
    return { lines, more, problem: reasonOf(thrown) };
  } finally {
    input.destroy();
  }
}

const secretName = /(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$/i;

/** A variable of an env file; what names a file or another variable is no secret. */
export function envLine(redactor: Redactor): LineJudge {
  return (line) => {
    const [, name = '', value = ''] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    const text = value.replace(/^(["'])(.*)\1$/, '$2');
    if (text === '' || text.startsWith('$') || name.endsWith('_FILE')) return undefined;
    return secretName.test(name) || redactor.text(line) !== line ? `the variable ${name}` : undefined;
  };
}

/** A command of a history; what the shell fills in (`$NAME`, `$(cat FILE)`) is no secret. */
export function historyLine(redactor: Redactor): LineJudge {
  return (line) => {
    const written = line.replace(/\$\([^)]*\)|\$\{[^}]*\}|\$\w+/g, '');
    if (/--(?:token|password|secret|api-key)[= ]["']?[^\s"'-][^\s"']{5,}/.test(written)) return 'given to a command as an argument';
    return redactor.text(written) === written ? undefined : 'a secret, or what looks like one';
  };
}
