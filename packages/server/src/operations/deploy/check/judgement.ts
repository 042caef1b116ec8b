/** How a check says what it found, and how it reads a report of the doctor. */
import type { DoctorReport, Finding } from '../../doctor/index.ts';
import type { CheckedItem, Inspection } from './contract.ts';

type Judgement = Pick<CheckedItem, 'outcome' | 'evidence' | 'remedy'>;

export function passes(evidence: string): Judgement {
  return { outcome: 'pass', evidence };
}

export function fails(evidence: string, remedy: string): Judgement {
  return { outcome: 'fail', evidence, remedy };
}

export function cannotTell(evidence: string, remedy?: string): Judgement {
  return { outcome: 'not-applicable', evidence, ...(remedy === undefined ? {} : { remedy }) };
}

export function reportOf({ inside }: Inspection): DoctorReport | undefined {
  return typeof inside === 'string' ? undefined : inside;
}

/** Why there is no report, for a check that would need one. */
export function withoutReport({ inside }: Inspection): Judgement {
  return cannotTell(typeof inside === 'string' ? inside : 'the report says nothing of it');
}

/** The worst finding of a check of the doctor's; undefined where all of them are well. */
export function troubleIn({ checks }: DoctorReport, name: string): Finding | undefined {
  const findings = checks.find((check) => check.name === name)?.findings ?? [];
  return findings.find(({ severity }) => severity === 'bad') ?? findings.find(({ severity }) => severity === 'warn');
}
