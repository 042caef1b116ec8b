/**
 * Paths of settings: `models.providers.openai.models[0].id`, and `models.routes["gpt-4.1"]` where a name has a dot.
 * It does not know which settings exist.
 */
import { OpenClawError } from '../core/errors.ts';

export type Segment = string | number;
export type Path = readonly Segment[];

const plainName = /^[^.[\]"\s]+$/;

export function formatPath(path: Path): string {
  let text = '';
  for (const segment of path) {
    if (typeof segment === 'number') text += `[${segment}]`;
    else if (!plainName.test(segment)) text += `[${JSON.stringify(segment)}]`;
    else text += text === '' ? segment : `.${segment}`;
  }
  return text;
}

/**
 * Reads what `formatPath` writes. The empty text is the path of everything.
 * @throws OpenClawError `usage_error`
 */
export function parsePath(text: string): Path {
  const path: Segment[] = [];
  const part = /\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|(\.?)([^.[\]"\s]+)/y;
  while (part.lastIndex < text.length) {
    const start = part.lastIndex;
    const match = part.exec(text);
    const dotFits = match?.[4] === undefined || (match[3] === '.') === start > 0;
    if (!match || !dotFits) throw malformed(text);
    if (match[1] !== undefined) path.push(Number(match[1]));
    else if (match[2] !== undefined) path.push(unquote(match[2], text));
    else path.push(match[4] ?? '');
  }
  return path;
}

/** Whether `path` is `ancestor` or lies below it. */
export function isWithin(path: Path, ancestor: Path): boolean {
  return ancestor.every((segment, index) => path[index] === segment);
}

function unquote(quoted: string, text: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch (cause) {
    throw malformed(text, cause);
  }
}

function malformed(text: string, cause?: unknown): OpenClawError {
  const details = {
    reason: `${text} is not the path of a setting`,
    suggestion: 'Write it like gateway.port, models.routes.fast.targets[0] or models.routes["a.b"].',
  };
  return new OpenClawError('usage_error', { details, cause });
}
