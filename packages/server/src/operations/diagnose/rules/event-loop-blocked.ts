/** Cause: its one thread is busy. */
import type { Rule } from '../contract.ts';
import { quoteEnd, quoteLine } from '../last-words.ts';
import { runIn } from '../remedies.ts';
import { failingChecks, readyLives, timedOut } from './probe-signs.ts';

const busyPercent = 75;
/** On a machine with much to do a busy program gets a share of a processor. */
const idlePercent = 15;
const delayed = /event loop (?:delay|lag|blocked|utili[sz]ation)|blocked for \d+|heartbeat (?:missed|timeout)|WORKER TIMEOUT/i;

export const eventLoopBlocked: Rule = {
  id: 'event-loop-blocked',
  title: 'Its one thread is busy',
  why: 'A program with one thread answers nobody while it computes: checks run into their timeout, and whoever acts on them ends it.',
  signs: 'checks time out after the program was ready; it uses a whole processor, or logs of a delayed event loop',
  mends: 'Move the work to a worker, or do it in pieces; a longer timeout helps where it is short',
  judge(evidence) {
    const failing = failingChecks(evidence);
    if (failing === undefined || !failing.outputs.some((each) => timedOut.test(each))) return undefined;
    const ready = readyLives(evidence.lives).at(-1);
    const words = evidence.lives.flatMap(({ lines }) => lines).findLast(({ text }) => delayed.test(text));
    const percent = evidence.usage?.cpuPercent;
    const isBusy = percent !== undefined && percent >= busyPercent;
    if (ready === undefined && words === undefined) return undefined;
    // It does nothing and does not answer: that is another cause.
    if (percent !== undefined && percent < idlePercent && words === undefined) return undefined;
    const last = ready?.life.lines.at(-1);
    return {
      weight: 58 + (isBusy ? 28 : percent === undefined ? 0 : 16) + (words === undefined ? 0 : 20) + (ready === undefined ? 0 : 6),
      says: `It was ready, and then did not answer in time${percent === undefined ? '' : `, while it uses ${percent} % of a processor`}.`,
      because: [
        ...failing.quotes,
        ...(percent === undefined ? [] : [{ source: 'docker stats', text: `processor ${percent} %` }]),
        ...(words === undefined ? [] : [quoteLine(words)]),
        ...(ready === undefined ? [] : [ready.quote]),
        ...(last === undefined ? [] : [quoteLine(last)]),
        ...quoteEnd(evidence),
      ],
      remedy: [
        `${runIn(evidence, 'kill -USR1 1')}   # node opens its inspector: a profile of ten seconds shows the function`,
        'move that work into a worker thread or another process, or do it in pieces',
      ],
      disprovedBy: 'While a check times out it uses hardly any processor: then it waits for something.',
    };
  },
};
