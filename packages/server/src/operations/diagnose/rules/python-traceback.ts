/** Cause: an exception of a Python program that nobody catches. More exact rules come before it. */
import type { Rule } from '../contract.ts';
import { endedLives, lastWords, quoteEnd } from '../last-words.ts';

const traceback = /^\s*Traceback \(most recent call last\):/;
const exception = /^(?<name>(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Warning|Failure|Timeout))(?:: (?<message>.*))?$/;
const frame = /^\s*File "(?<file>[^"]+)", line (?<line>\d+)/;

export const pythonTraceback: Rule = {
  id: 'python-traceback',
  title: 'A Python exception that nobody catches',
  why: 'The program meets an error that its code does not handle, and Python ends it with 1.',
  signs: '`Traceback (most recent call last)` and an exception in the last lines; exit 1',
  mends: 'Mend what the last line of the traceback names, at the last place of the stack that is your own.',
  judge(evidence) {
    const last = endedLives(evidence).at(-1);
    if (last === undefined || last.exitCode === 0 || lastWords(evidence, traceback, 66) === undefined) return undefined;
    const words = lastWords(evidence, exception, 66);
    const from = last.lines.findLastIndex(({ text }) => traceback.test(text));
    const frames = last.lines
      .slice(Math.max(0, from))
      .map(({ text }) => frame.exec(text)?.groups)
      .filter((groups) => groups !== undefined);
    const own = frames.findLast(({ file }) => !isOfLibrary(file ?? '')) ?? frames.at(-1);
    const place = own === undefined ? undefined : `${own['file']}:${own['line']}`;
    if (words === undefined) return undefined;
    const { name = 'An exception', message } = words.match.groups ?? {};
    return {
      weight: words.weight,
      says: `${name}${message === undefined ? '' : `: ${message.slice(0, 140)}`}${place === undefined ? '' : `, at ${place}`}.`,
      because: [
        ...words.quotes.slice(-1),
        ...(own === undefined ? [] : [{ source: 'log', text: `File "${own['file']}", line ${own['line']}` }]),
        ...quoteEnd(evidence),
      ],
      remedy: [
        place === undefined
          ? 'Mend what the last line names'
          : `Look at ${place}: it is the last place of the program's own code in the stack`,
        `The versions of its packages: \`docker run --rm --entrypoint pip ${evidence.subject.image} freeze\`, compared with requirements.txt`,
      ],
      disprovedBy: 'The traceback is in the log of a life that went on.',
    };
  },
};

function isOfLibrary(file: string): boolean {
  return /site-packages|dist-packages|\/lib\/python|^<frozen/.test(file);
}
