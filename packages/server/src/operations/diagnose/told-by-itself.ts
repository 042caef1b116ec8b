/** A rule for causes that the program, or whoever starts it, names itself: a pattern, how much it weighs as the last word, and what to do. */
import type { Rule, Suspicion } from './contract.ts';
import type { Evidence, Quote } from './evidence.ts';
import { lastWords, quoteEnd } from './last-words.ts';

export interface TellTale extends Pick<Rule, 'id' | 'title' | 'why' | 'signs' | 'mends'> {
  /** Of one line. Its groups are for `says` and `remedy`. */
  readonly pattern: RegExp;
  /** How much it weighs as the last word of every life. */
  readonly most: number;
  /** Further signs, or signs against it: `undefined` where it is not this cause at all. */
  readonly weigh?: (evidence: Evidence, found: Found) => { readonly adds: number; readonly because?: readonly Quote[] } | undefined;
  says(found: Found, evidence: Evidence): string;
  remedy(found: Found, evidence: Evidence): readonly string[];
  readonly disprovedBy: string;
}

export interface Found {
  readonly match: RegExpExecArray;
  readonly weight: number;
  /** The platform itself said it, when it tried to start the program. */
  readonly byPlatform: boolean;
}

const mostOfAll = 97;

export function toldByItself({ pattern, most, weigh, says, remedy, disprovedBy, ...rule }: TellTale): Rule {
  return {
    ...rule,
    judge(evidence): Suspicion | undefined {
      const found = saidByPlatform(evidence, pattern, most) ?? saidByProgram(evidence, pattern, most);
      if (found === undefined) return undefined;
      const more = weigh === undefined ? { adds: 0 } : weigh(evidence, found);
      if (more === undefined) return undefined;
      return {
        weight: Math.min(mostOfAll, Math.max(1, found.weight + more.adds)),
        says: says(found, evidence),
        because: [...found.quotes, ...(more.because ?? []), ...quoteEnd(evidence)],
        remedy: remedy(found, evidence),
        disprovedBy,
      };
    },
  };
}

type FoundWithQuotes = Found & { readonly quotes: readonly Quote[] };

function saidByPlatform({ state, platform }: Evidence, pattern: RegExp, most: number): FoundWithQuotes | undefined {
  const match = state.error === undefined ? null : pattern.exec(state.error);
  if (match === null || state.error === undefined) return undefined;
  const source = platform === 'docker' ? 'docker inspect' : 'pod status';
  return { match, weight: most, byPlatform: true, quotes: [{ source, text: state.error }] };
}

function saidByProgram(evidence: Evidence, pattern: RegExp, most: number): FoundWithQuotes | undefined {
  const words = lastWords(evidence, pattern, most);
  return words === undefined ? undefined : { match: words.match, weight: words.weight, byPlatform: false, quotes: words.quotes };
}

/** The words for the platform that it runs on. */
export function on<Words>({ platform }: Evidence, words: { readonly docker: Words; readonly kubernetes: Words }): Words {
  return platform === 'kubernetes' ? words.kubernetes : words.docker;
}
