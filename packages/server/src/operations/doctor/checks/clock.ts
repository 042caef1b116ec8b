import type { DoctorCheck } from '../contract.ts';
import { broken, healthCheck, warning, well } from '../findings.ts';

/** This program was not made before then. */
const madeMs = Date.UTC(2026, 0, 1);
const toleranceMs = 60_000;

/** Whether the wall clock can be believed. */
export const clockCheck: DoctorCheck = {
  name: 'clock',
  title: 'the clock',
  examine(facts) {
    const { atMs, state, process } = facts;
    const now = new Date(atMs).toISOString();
    const earlier = [state.identity?.createdAt, process.owner?.startedAt].filter(
      (at) => at !== undefined && Date.parse(at) > atMs + toleranceMs,
    );
    const why = 'Certificates, signed requests and the ends of keys go by it.';
    const remedy = 'Set it, and have it kept right: timedatectl set-ntp true. A container takes the clock of its host.';
    if (atMs < madeMs) return [broken(`The clock says ${now}, which is before this program was made.`, { why, remedy, evidence: { now } })];
    if (earlier.length > 0) {
      return [
        broken('The clock was put back: the state is from the future.', { why, remedy, evidence: { now, state: earlier.join(', ') } }),
      ];
    }
    const seen = healthCheck(facts, 'clock');
    if (seen !== undefined && seen.state !== 'ok') return [warning(`The gateway saw: ${seen.detail}.`, { why, remedy, evidence: { now } })];
    return [well(`It says ${now}.`, { now })];
  },
};
