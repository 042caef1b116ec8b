import { describeSmallMemory, memoryNeed } from '../../memory/need.ts';
import { memoryLevels } from '../../memory/levels.ts';
import type { DoctorCheck } from '../contract.ts';
import { broken, healthCheck, mebibytes, warning, well } from '../findings.ts';

/** Whether there is enough memory for the gateway, and how much of it is left. */
export const memoryCheck: DoctorCheck = {
  name: 'memory',
  title: 'the memory',
  examine(facts) {
    const { of, usedBytes, limitBytes, mayUseBytes } = facts.memory;
    const evidence = { mayUse: mebibytes(mayUseBytes), used: mebibytes(usedBytes), of, limit: mebibytes(limitBytes) };
    const raise = 'Raise the limit: docker run --memory, resources.limits.memory of the pod, or MemoryMax of the systemd unit.';
    const why = 'What takes more than its limit is ended by the kernel without a word: exit code 137.';
    const small = describeSmallMemory(mayUseBytes);
    if (small !== undefined) return [broken(small.split(' Raise')[0] ?? small, { why, remedy: raise, evidence })];
    const seen = healthCheck(facts, 'memory');
    if (seen !== undefined && seen.state !== 'ok')
      return [warning(`The gateway is short of memory: ${seen.detail}.`, { why, remedy: raise, evidence })];
    if (usedBytes >= limitBytes * memoryLevels.pressure.enter) {
      return [warning(`${Math.round((usedBytes / limitBytes) * 100)} % of the memory are used.`, { why, remedy: raise, evidence })];
    }
    if (mayUseBytes < memoryNeed.comfortableBytes) {
      return [warning(`${mebibytes(mayUseBytes)} are little under load.`, { why, remedy: raise, evidence })];
    }
    return [well(`${mebibytes(mayUseBytes)} may be used.`, evidence)];
  },
};
