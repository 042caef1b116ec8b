import type { DoctorCheck } from '../contract.ts';
import { healthCheck, warning, well } from '../findings.ts';

/** Whether the programs that this gateway looks after run. What is wrong with one: `clw describe workload NAME`. */
export const workloadsCheck: DoctorCheck = {
  name: 'workloads',
  title: 'the workloads',
  examine(facts) {
    const seen = healthCheck(facts, 'workloads');
    if (seen === undefined || seen.state === 'ok') return [well('No workload waits for another attempt.', {})];
    const why = 'What uses them fails, or waits, until they run again.';
    const remedy = 'clw describe workload NAME says what ended it; clw logs workload NAME --previous what it said last.';
    return [warning(seen.detail === '' ? 'The gateway is not content with its workloads.' : seen.detail, { why, remedy, evidence: {} })];
  },
};
