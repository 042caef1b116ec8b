/** A diagnosis as a person reads it at night: what is wrong, what shows it, what mends it, and how to tell that it is something else. */
import type { Diagnosis, Quote } from '../../operations/diagnose/index.ts';

const widest = 110;
const longestQuote = 220;
const mostQuotes = 6;
const mostLastLines = 8;

export function diagnosisText(diagnosis: Diagnosis): string {
  const { evidence, causes, broken, summary } = diagnosis;
  const { kind, name, id, image, container, owner } = evidence.subject;
  const who =
    kind === 'pod'
      ? [container === undefined ? '' : `container ${container}`, owner === undefined ? '' : `of ${owner}`]
      : [id.slice(0, 12)];
  const what = [...who.filter((word) => word !== ''), ...(image === '' ? [] : [image])].join(', ');
  const lines = [
    ...wrap(`The ${kind} ${name}${what === '' ? '' : ` (${what})`} ${summary}.`, ''),
    ...(broken && causes.length === 0 ? unexplained(diagnosis) : []),
    ...causes.flatMap((cause, index) => causeLines(cause, index, causes.length)),
    // Of one that is well nobody has to know what it is well of.
    ...(broken || causes.length > 0 ? around(diagnosis) : []),
  ];
  return lines.map((line) => `${visible(line)}\n`).join('');
}

function causeLines(
  { title, says, because, remedy, disprovedBy, weight }: Diagnosis['causes'][number],
  index: number,
  of: number,
): string[] {
  const rank = index === 0 ? (of === 1 ? 'Cause:' : 'Most likely:') : `${index + 1}.`;
  return [
    '',
    `${rank} ${lowerFirst(title)}   [${weight} of 100]`,
    ...wrap(says, '   '),
    ...because.slice(0, mostQuotes).map((quote) => `     ${quoteLine(quote)}`),
    ...(remedy.length === 0 ? [] : ['   Mend it:', ...remedy.map((step) => `     ${step}`)]),
    ...wrap(`It is something else if: ${lowerFirst(disprovedBy)}`, '   '),
  ];
}

/** A thing by itself keeps its name: `EADDRINUSE`, `Node`. */
function lowerFirst(text: string): string {
  return /^[A-Z][a-z]+ |^(?:A|It|An) /.test(text) && !/^(?:Docker|Node|Python|Kubernetes|V8) /.test(text)
    ? text.charAt(0).toLowerCase() + text.slice(1)
    : text;
}

function quoteLine({ source, text, atMs }: Quote): string {
  const time = atMs === undefined ? '' : `${new Date(atMs).toISOString().slice(11, 19)} `;
  const words = text.length > longestQuote ? `${text.slice(0, longestQuote)} …` : text;
  return `${source.padEnd(14)} ${time}${words}`;
}

function unexplained({ evidence }: Diagnosis): string[] {
  const last = evidence.lives.findLast(({ lines }) => lines.length > 0);
  const words = last?.lines.slice(-mostLastLines).map(({ text }) => `     log            ${text}`) ?? [];
  return [
    '',
    'No known cause fits what can be seen.',
    ...(words.length === 0 ? ['   It has said nothing before its end.'] : ['   Its last words:', ...words]),
  ];
}

function around({ ruledOut, unseen }: Diagnosis): string[] {
  const causes = ruledOut.map(({ title, reason }) => `${title}: ${reason}`);
  const things = unseen.map(({ what, why }) => `${what}: ${why}`);
  return [...list('Ruled out', causes), ...list('Not looked at', things)];
}

function list(title: string, rows: readonly string[]): string[] {
  return rows.length === 0 ? [] : ['', `${title}:`, ...rows.map((row) => `   ${row}`)];
}

function wrap(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > widest) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
}

/** What a container says comes from outside; none of it may move the cursor. */
function visible(line: string): string {
  return line.replace(/\p{Cc}/gu, '?');
}
