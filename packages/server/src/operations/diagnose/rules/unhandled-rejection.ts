/** Cause: an error of the program that nobody catches. It names the package in whose code it was thrown; more exact rules come before it. */
import type { Rule } from '../contract.ts';
import type { Evidence, Line } from '../evidence.ts';
import { endedLives, lastWords, quoteEnd, quoteLine } from '../last-words.ts';

const rejection = /triggerUncaughtException|UnhandledPromiseRejection|ERR_UNHANDLED_REJECTION|unhandled(?: promise)? rejection/i;
const thrown = /^(?:\S*\s)?(?:Uncaught )?(?<name>(?:[A-Z]\w*)?(?:Error|Exception))(?: \[\w+\])?: (?<message>.+)/;
const frame = /^\s+at .*?(?:file:\/\/)?(?<file>\/[^\s:)]+):\d+:\d+/;

export const unhandledRejection: Rule = {
  id: 'unhandled-rejection',
  title: 'An error that nobody catches',
  why: 'A promise was rejected or an error was thrown, and no code handles it. Node then ends the program with 1.',
  signs: 'exit 1 with a stack; `triggerUncaughtException`, `UnhandledPromiseRejection`',
  mends: 'Mend the code at the top of the stack, or leave out the package that it belongs to.',
  judge(evidence) {
    const last = endedLives(evidence).at(-1);
    const error = lastWords(evidence, thrown, 60);
    const unhandled = lastWords(evidence, rejection, 64);
    if (last?.exitCode !== 1 || (error === undefined && unhandled === undefined)) return undefined;
    const stack = last.lines.map(({ text }) => frame.exec(text)?.groups?.['file']).filter((file) => file !== undefined);
    if (stack.length === 0 && unhandled === undefined) return undefined;
    const weight = Math.max(unhandled?.weight ?? 0, (error?.weight ?? 0) - 8, 1);
    const message = error?.match.groups;
    const where = placeOf(stack);
    return {
      weight,
      says: `${message === undefined ? 'A rejected promise' : `${message['name']}: ${shorten(message['message'] ?? '')}`} is handled by nobody${where === undefined ? '' : `; it comes from ${where}`}.`,
      because: [...(error?.quotes ?? unhandled?.quotes ?? []).slice(-1), ...firstFrame(last.lines), ...quoteEnd(evidence)],
      remedy: [
        where === undefined ? 'Mend the code that the stack names' : `Mend or replace ${where}, the first code of your own in the stack`,
        ...lookFurther(evidence),
      ],
      disprovedBy: 'The same stack is in the log of a life that went on.',
    };
  },
};

function placeOf(stack: readonly (string | undefined)[]): string | undefined {
  for (const file of stack) {
    const name = /node_modules\/(?<name>(?:@[^/]+\/)?[^/]+)/.exec(file ?? '')?.groups?.['name'];
    if (name !== undefined) return `the package ${name}`;
    if (file !== undefined) return file;
  }
  return undefined;
}

function firstFrame(lines: readonly Line[]) {
  const line = lines.find(({ text }) => frame.test(text) && !text.includes('node:internal'));
  return line === undefined ? [] : [quoteLine(line)];
}

function lookFurther({ program }: Evidence): readonly string[] {
  return program.environmentNames.includes('NODE_OPTIONS') ? [] : ['For a longer stack set `NODE_OPTIONS=--stack-trace-limit=50`'];
}

function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
