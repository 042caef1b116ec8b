/** A check of `doctor security`: one that judges settings, and has nothing to say where there are none. */
import type { DoctorCheck, Finding } from './contract.ts';
import type { Facts } from './facts.ts';
import { broken } from './findings.ts';
import type { SecurityFacts } from './security-facts.ts';

export interface SecurityCheck extends Pick<DoctorCheck, 'name' | 'title'> {
  /** At least one finding. */
  judge(security: SecurityFacts, facts: Facts): readonly Finding[];
}

export function examineSecurity({ name, title, judge }: SecurityCheck): DoctorCheck {
  return {
    name,
    title,
    examine(facts) {
      if (facts.security) return judge(facts.security, facts);
      const [problem] = facts.configuration.problems;
      return [
        broken('Not looked at: the configuration does not load.', {
          why: problem?.message ?? 'What it says is not known.',
          remedy: 'openclaw doctor says what to mend first.',
        }),
      ];
    },
  };
}
