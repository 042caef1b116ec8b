/** Cause: the program writes its own configuration, sees the change, and starts again because of it. */
import type { Rule } from '../contract.ts';
import type { Life } from '../evidence.ts';
import { endedLives, quoteEnd, quoteLine } from '../last-words.ts';

const change =
  /\bconfig(?:uration)?\b.*\b(?:change[sd]?|modified|reload\w*|updated)\b|\b(?:change[sd]?|modified|reload\w*)\b.*\bconfig(?:uration)?\b/i;
const restart = /\bSIG(?:USR[12]|HUP)\b|\brestart(?:ing|s|ed)?\b|\breload(?:ing|ed)?\b/i;
const fewestInOneLife = 3;

export const configWatcherLoop: Rule = {
  id: 'config-watcher-loop',
  title: 'It restarts over its own change of the configuration',
  why: 'The program writes into the file that it watches, takes that for a change from outside, restarts, and writes again.',
  signs: 'a change of the configuration and a restart (SIGUSR1) in the last lines of every life, or again and again in one',
  mends: 'Let it not write what it watches; an update of the program usually mends it.',
  judge(evidence) {
    const ended = endedLives(evidence).filter(({ lines }) => lines.length > 0);
    const loops = ended.filter((life) => changesIn(life) > 0 && life.lines.slice(-6).some(({ text }) => restart.test(text)));
    const inPlace = evidence.lives.find(
      (life) => changesIn(life) >= fewestInOneLife && life.lines.filter(({ text }) => restart.test(text)).length >= fewestInOneLife,
    );
    const life = loops.at(-1) ?? inPlace;
    if (life === undefined || (loops.length < 2 && inPlace === undefined)) return undefined;
    if (life.outOfMemory || life.killedBy.some(({ signal }) => signal === 'SIGKILL')) return undefined;
    const lines = life.lines.filter(({ text }) => change.test(text) || restart.test(text)).slice(-3);
    const ends = loops.length > 0 && loops.length === ended.length;
    return {
      weight:
        (ends ? 94 : inPlace === undefined ? 74 : 84) -
        (life.exitCode === undefined || life.exitCode === 0 || life.exitCode > 128 ? 0 : 20),
      says: ends
        ? `Each of ${loops.length} lives ends with a restart that a change of the configuration asked for.`
        : 'It starts itself again and again over a change of its configuration.',
      because: [...lines.map(quoteLine), ...quoteEnd(evidence)],
      remedy: [
        'Compare the file before and after a start: what changes is written by the program itself, such as a time of the last start',
        'Mount the configuration read-only (`:ro`) to stop the loop, or turn the watching of the configuration off, and update the program',
      ],
      disprovedBy: 'The file does not change between two restarts: compare its `sha256sum`.',
    };
  },
};

function changesIn({ lines }: Life): number {
  return lines.filter(({ text }) => change.test(text)).length;
}
