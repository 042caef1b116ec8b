import type { DoctorCheck, Finding } from '../contract.ts';
import type { Facts, StateFacts } from '../facts.ts';
import { broken, mebibytes, warning, well } from '../findings.ts';
import { judgeSurvival } from '../survival.ts';
import { volumeLimits } from '../../health/checks/volume.ts';

/** Whether the state directory lasts, can be written, belongs to the right user, lies on the right file system and has room. */
export const stateDirectoryCheck: DoctorCheck = {
  name: 'state',
  title: 'the state directory',
  examine(facts) {
    const { state, process } = facts;
    const evidence = evidenceOf(state);
    const findings = [...survival(facts), ...access(state, process), ...filesystem(state), ...room(state)];
    if (findings.length > 0) return findings.map((finding) => ({ ...finding, evidence: { ...evidence, ...finding.evidence } }));
    return [
      well(state.exists ? `${state.path} lasts, can be written and has room.` : `${state.path} will be made at the first start.`, evidence),
    ];
  },
};

function evidenceOf({ path, mount, ownerUid, mode, freeBytes, freeInodes }: StateFacts): Record<string, string | number> {
  return {
    path,
    ...(mount === undefined ? {} : { mountedOn: `${mount.point} (${mount.type}, ${mount.source})` }),
    ...(ownerUid === undefined ? {} : { owner: ownerUid }),
    ...(mode === undefined ? {} : { mode: mode.toString(8).padStart(4, '0') }),
    ...(freeBytes === undefined ? {} : { free: mebibytes(freeBytes) }),
    ...(freeInodes === undefined ? {} : { freeInodes }),
  };
}

function survival(facts: Facts): Finding[] {
  const { severity, words, remedy } = judgeSurvival(facts);
  if (severity === 'ok') return [];
  const why = 'Without it the next start is a new machine: another token, no devices, no keys, no sessions.';
  return [(severity === 'bad' ? broken : warning)(`Does the state directory survive? ${words}.`, { why, remedy })];
}

function access({ path, exists, unwritable, ownerUid, mode }: StateFacts, { uid, gid }: Facts['process']): Finding[] {
  const chown = `sudo chown -R ${uid ?? 'USER'}:${gid ?? 'GROUP'} ${path}`;
  if (unwritable !== undefined) {
    const why = 'The gateway cannot start, or keep what it is told.';
    const remedy = /EROFS/.test(unwritable)
      ? 'Mount the volume writable, or name another directory with OPENCLAW_STATE_DIR.'
      : `${chown} (or name another directory with OPENCLAW_STATE_DIR)`;
    return [broken(`${path} cannot be written: ${unwritable}.`, { why, remedy, evidence: { runsAs: uid ?? 'unknown' } })];
  }
  if (!exists) return [];
  const findings: Finding[] = [];
  if (uid !== undefined && uid !== 0 && ownerUid !== undefined && ownerUid !== uid) {
    const why = 'It works as long as its mode allows it; what others make in it may not be readable.';
    findings.push(warning(`${path} belongs to user ${ownerUid}, and this runs as user ${uid}.`, { why, remedy: chown }));
  }
  if (mode !== undefined && (mode & 0o007) !== 0) {
    findings.push(
      warning(`Everybody on this machine may look into ${path}.`, {
        why: 'It holds tokens and conversations.',
        remedy: `chmod 700 ${path}`,
      }),
    );
  }
  return findings;
}

function filesystem({ filesystemProblem }: StateFacts): Finding[] {
  if (filesystemProblem === undefined) return [];
  const { message, hint } = filesystemProblem;
  return [broken(message, { why: 'A database there is damaged sooner or later, so the gateway does not start.', remedy: hint })];
}

function room({ freeBytes = Infinity, freeInodes = Infinity, daysUntilFull = Infinity }: StateFacts): Finding[] {
  const findings: Finding[] = [];
  if (daysUntilFull < volumeLimits.lowDays && freeBytes >= volumeLimits.lowBytes) {
    const why = 'On a full volume nothing is acknowledged any more, and the gateway is unready.';
    const remedy = '`openclaw volumes` shows what grows, `openclaw retention --dry-run` what can go.';
    findings.push(warning(`At its rate its volume is full in ${daysUntilFull.toFixed(1)} days.`, { why, remedy }));
  }
  if (freeBytes < volumeLimits.lowBytes) {
    const judge = freeBytes < volumeLimits.fullBytes ? broken : warning;
    const why = 'On a full volume nothing is acknowledged any more, and the gateway is unready.';
    findings.push(judge(`${mebibytes(freeBytes)} are free on its volume.`, { why, remedy: 'Free space on it, or make it larger.' }));
  }
  if (freeInodes < volumeLimits.lowInodes) {
    const judge = freeInodes < volumeLimits.fullInodes ? broken : warning;
    const why = 'Without inodes no file can be made, whatever room there is.';
    findings.push(judge(`${freeInodes} more files fit on its volume.`, { why, remedy: 'Remove small files from it.' }));
  }
  return findings;
}
