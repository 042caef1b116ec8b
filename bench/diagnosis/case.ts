/**
 * A case: what Docker, Kubernetes, systemd and the machine answered when a container, a pod or a service was looked at, and what was wrong with it. Recorded
 * ones lie in `cases/`, as `record.ts` wrote them; constructed ones are made from published forms, in `constructed/`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonValue } from '../../packages/server/src/core/json.ts';
import type { Lookout, Question } from '../../packages/server/src/operations/diagnose/contract.ts';
import { collectContainer } from '../../packages/server/src/operations/diagnose/docker/collect.ts';
import type { Evidence } from '../../packages/server/src/operations/diagnose/evidence.ts';
import { collectPod } from '../../packages/server/src/operations/diagnose/kubernetes/collect.ts';
import { NotSeen } from '../../packages/server/src/operations/diagnose/not-seen.ts';
import { collectUnit } from '../../packages/server/src/operations/diagnose/systemd/collect.ts';

/** What is looked at, as its command calls it. */
export type Subject =
  | { readonly kind: 'container'; readonly name: string }
  | { readonly kind: 'pod'; readonly name: string; readonly namespace: string }
  | { readonly kind: 'unit'; readonly name: string };

export type Half = 'design' | 'report';

export interface Case {
  readonly name: string;
  /** Recorded of a real container, or constructed from published forms. */
  readonly form: 'recorded' | 'constructed';
  /** The rules were made with the one half; the other was written when they were finished, and is never tuned on. */
  readonly half: Half;
  /** Names of the causes at work, the first to be mended at the head. Empty: nothing is wrong. */
  readonly causes: readonly string[];
  /** The command that made it, or where its form was published. */
  readonly from: string;
  readonly note?: string;
  readonly atMs: number;
  readonly subject: Subject;
  readonly answers: readonly Answer[];
}

export type Answer = { readonly question: Question } & ({ readonly answer: JsonValue } | { readonly refused: Refusal });

interface Refusal {
  readonly reason: NotSeen['reason'];
  readonly message: string;
}

export const casesDirectory = join(import.meta.dirname, 'cases');

export function readRecordedCases(): readonly Case[] {
  return readdirSync(casesDirectory)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) => JSON.parse(readFileSync(join(casesDirectory, name), 'utf8')) as Case);
}

/** Answers as they were recorded. Of a question that only asks for another time, it is the one that there is. */
export function replay({ atMs, answers }: Pick<Case, 'atMs' | 'answers'>): Lookout {
  return {
    atMs,
    ask(question) {
      const same = answers.filter(
        ({ question: { from, as, path } }) => from === question.from && as === question.as && path === question.path,
      );
      const exact = same.find((each) => queryOf(each.question) === queryOf(question));
      const found = exact ?? (question.as === 'entry' ? undefined : same[0]);
      if (found === undefined) return Promise.reject(new NotSeen('missing', 'it was not recorded'));
      if ('refused' in found) return Promise.reject(new NotSeen(found.refused.reason, found.refused.message));
      return Promise.resolve(found.answer);
    },
  };
}

function queryOf(question: Question): string {
  return 'query' in question ? JSON.stringify(question.query ?? {}) : '{}';
}

export function evidenceOf(one: Case): Promise<Evidence> {
  return collectEvidence(replay(one), one.subject);
}

export function collectEvidence(lookout: Lookout, subject: Subject): Promise<Evidence> {
  if (subject.kind === 'container') return collectContainer(lookout, { container: subject.name });
  return subject.kind === 'pod' ? collectPod(lookout, subject) : collectUnit(lookout, subject);
}
