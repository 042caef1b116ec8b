/** What the doctor is made of: facts are gathered once, checks judge them, and a report says what is wrong and what mends it. Types only. */
import type { Facts } from './facts.ts';

export type Severity = 'ok' | 'warn' | 'bad';

/** Values for people, under names that programs may rely on. */
export type Evidence = Readonly<Record<string, string | number | boolean>>;

export interface Finding {
  readonly severity: Severity;
  /** One sentence. */
  readonly message: string;
  readonly evidence: Evidence;
  /** Why it matters; absent where all is well. */
  readonly why?: string;
  /** The command or edit that mends it; absent where all is well. */
  readonly remedy?: string;
}

/** Judges one layer by facts alone: it reads nothing itself, so that recorded facts are as good as a machine. */
export interface DoctorCheck {
  readonly name: string;
  readonly title: string;
  /** At least one finding. */
  examine(facts: Facts): readonly Finding[];
}

/** One of the five that have to be known before anything is changed. */
export interface FirstFact {
  readonly name: 'stateDirectory' | 'survives' | 'token' | 'bind' | 'healthy';
  readonly title: string;
  readonly value: string;
  readonly severity: Severity;
}

export interface DoctorReport {
  readonly at: string;
  readonly version: string;
  /** The worst of all findings. */
  readonly status: Severity;
  readonly facts: readonly FirstFact[];
  readonly checks: readonly { readonly name: string; readonly title: string; readonly findings: readonly Finding[] }[];
}

/** What `doctor security` found. */
export type SecurityReport = Omit<DoctorReport, 'facts'>;
