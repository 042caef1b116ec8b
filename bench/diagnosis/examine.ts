/** What the rules say of each case: who comes first, who is in the top three, who speaks at all. It judges by the names that the case carries. */
import type { Diagnosis, Suspicion } from '../../packages/server/src/operations/diagnose/contract.ts';
import { rank } from '../../packages/server/src/operations/diagnose/rank.ts';
import { rules } from '../../packages/server/src/operations/diagnose/index.ts';
import { constructedCases } from './constructed/index.ts';
import { type Case, evidenceOf, readRecordedCases } from './case.ts';

export interface Examined {
  readonly one: Case;
  readonly diagnosis: Diagnosis;
  /** All that spoke, the heaviest first, whether or not the diagnosis shows them. */
  readonly spoke: readonly { readonly id: string; readonly weight: number }[];
  /** The cause to be mended first came first; of a case with nothing wrong, nothing was named. */
  readonly first: boolean;
  /** Every cause at work was among the three that are shown. */
  readonly all: boolean;
}

export function allCases(): readonly Case[] {
  return [...readRecordedCases(), ...constructedCases];
}

export async function examine(one: Case): Promise<Examined> {
  const evidence = await evidenceOf(one);
  const diagnosis = rank(evidence, rules);
  const shown = diagnosis.causes.map(({ id }) => id);
  const spoke = rules
    .flatMap(({ id, judge }) => {
      const verdict = judge(evidence);
      return isSuspicion(verdict) ? [{ id, weight: verdict.weight }] : [];
    })
    .toSorted((left, right) => right.weight - left.weight);
  return {
    ...{ one, diagnosis, spoke },
    first: shown[0] === one.causes[0],
    all: one.causes.length === 0 ? shown.length === 0 : one.causes.every((cause) => shown.includes(cause)),
  };
}

function isSuspicion(verdict: unknown): verdict is Suspicion {
  return typeof verdict === 'object' && verdict !== null && 'weight' in verdict;
}
