/** Cause: the same plugin is in the last lines of every life. */
import type { Rule } from '../contract.ts';
import type { Life } from '../evidence.ts';
import { endedLives, lastWords, quoteEnd } from '../last-words.ts';

const inPath =
  /(?:plugins?|extensions?|skills?|addons?)\/(?:node_modules\/)?(?<name>@?[\w.-]+(?:(?<=@[\w.-]+)\/[\w.-]+)?)\/\S*\.[cm]?[jt]s/;
const named = /\b(?:plugin|extension|skill)\s+["'`[]?(?<name>[\w@./-]+)["'`\]]?:?\s+(?:failed|crashed|threw|could not|error)/i;

export const pluginCrash: Rule = {
  id: 'plugin-crash',
  title: 'A plugin ends the program at its start',
  why: 'The program loads a plugin that throws, and goes down with it, each time it starts.',
  signs: 'the same plugin in the last lines or the stack of every life; exit 1',
  mends: 'Start without the plugin, then mend or update it.',
  judge(evidence) {
    const ended = endedLives(evidence).filter(({ lines }) => lines.length > 0);
    const last = ended.at(-1);
    if (last === undefined || last.exitCode === 0 || last.outOfMemory || last.killedBy.length > 0) return undefined;
    const name = pluginOf(last);
    if (name === undefined) return undefined;
    const words = lastWords(evidence, new RegExp(`${inPath.source}|${named.source.replace('?<name>', '?<other>')}`, 'i'), 84);
    if (words === undefined) return undefined;
    const same = ended.filter((life) => pluginOf(life) === name).length;
    return {
      weight: same === ended.length && ended.length > 1 ? words.weight : Math.max(1, words.weight - 10),
      says: `The plugin ${name} is in the last lines of ${same} of ${ended.length} lives.`,
      because: [...words.quotes, ...quoteEnd(evidence)],
      remedy: [
        `Start without it: take ${name} out of the list of plugins, or move its directory away`,
        `Then update or mend ${name} and take it in again`,
      ],
      disprovedBy: `It ends the same way without ${name}.`,
    };
  },
};

/** The one that is nearest to the end. */
function pluginOf({ lines }: Life): string | undefined {
  const found = lines.slice(-40).findLast(({ text }) => named.test(text) || (inPath.test(text) && /^\s+at |Error|failed/.test(text)));
  return found === undefined ? undefined : (named.exec(found.text) ?? inPath.exec(found.text))?.groups?.['name'];
}
