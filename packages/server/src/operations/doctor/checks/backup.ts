import type { DoctorCheck } from '../contract.ts';
import { healthCheck, warning, well } from '../findings.ts';

/** Whether backups by schedule are made. When the last one was: `openclaw backup schedule`. */
export const backupCheck: DoctorCheck = {
  name: 'backup',
  title: 'backups by schedule',
  examine(facts) {
    const seen = healthCheck(facts, 'backup');
    if (seen === undefined || seen.state === 'ok') return [well('No backup by schedule has failed.', {})];
    const why = 'What was written since the last good one is lost with the volume.';
    const remedy = 'openclaw backup schedule says what stands against it; openclaw backup create makes one now.';
    return [warning(seen.detail === '' ? 'The gateway could not make its last backup.' : seen.detail, { why, remedy, evidence: {} })];
  },
};
