/** Lines from what the engine keeps of a container's output, or from a file in which somebody kept it. */
import type { JsonValue } from '../../../core/json.ts';
import { listOf, objectOf, textOf } from '../answers.ts';
import type { Line } from '../evidence.ts';
import type { Redact } from '../redaction.ts';

const longestLine = 2000;
const escape = '\u{1b}';
const stamp = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) (.*)$/s;

/** A frame is a line with the engine's time before it, or a piece of a longer one. */
export function linesOfFrames(answer: JsonValue, redact: Redact): readonly Line[] {
  return listOf(answer).flatMap((each) => {
    const { stream, text } = objectOf(each);
    const line = lineOf(textOf(text), redact);
    return line.text === '' ? [] : [{ ...line, stream: stream === 'stderr' ? ('stderr' as const) : ('stdout' as const) }];
  });
}

/** The times of a file are used where `docker logs --timestamps` or the program wrote them. */
export function linesOfText(text: string, redact: Redact): readonly Line[] {
  return text
    .split('\n')
    .map((line) => lineOf(line, redact))
    .filter((line) => line.text !== '');
}

/** The engine's files hold one object a line: `{"log":"…\n","stream":"stderr","time":"…"}`. */
function lineOf(raw: string, redact: Redact): Line {
  const [, time, text] = stamp.exec(raw) ?? [];
  const atMs = time === undefined ? Number.NaN : Date.parse(time);
  const plain = stripControls(text ?? raw).slice(0, longestLine);
  return { ...(Number.isNaN(atMs) ? {} : { atMs }), text: redact(plain) };
}

/** Colours and movements of the cursor, which would reach the terminal of whoever reads them. A carriage return inside of a line is evidence. */
function stripControls(text: string): string {
  const [first = '', ...coloured] = text.split(escape);
  return [first, ...coloured.map((piece) => piece.replace(/^\[[\d;?]*[A-Za-z]/, ''))]
    .join('')
    .trimEnd()
    .replaceAll('\r', '\\r')
    .replace(/\p{Cc}/gu, (character) => (character === '\t' ? ' ' : ''));
}
