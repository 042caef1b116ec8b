/** Whether what surrounds the deployment lets it come back, end in order, have enough memory, and do no more than it must. */
import type { DeployCheck } from './contract.ts';
import { cannotTell, fails, passes, reportOf, troubleIn, withoutReport } from './judgement.ts';

const leastMemoryBytes = 256 * 2 ** 20;
/** From `health.md`: sixty attempts, five seconds apart. */
const patientStartSeconds = 60;

export const comebackCheck: DeployCheck = {
  name: 'comeback',
  title: 'it comes back by itself, and has time to start',
  examine({ container }) {
    if (!container) return cannotTell('the policy of its supervisor is not seen from here');
    const { restartPolicy, health, healthStartSeconds, name } = container;
    if (restartPolicy === 'no' || restartPolicy === '') {
      return fails('nothing starts it again after a crash or with the machine', `docker update --restart unless-stopped ${name}`);
    }
    if (restartPolicy.startsWith('on-failure')) {
      return fails(`${restartPolicy} does not start it again with the machine`, `docker update --restart unless-stopped ${name}`);
    }
    if (health !== undefined && healthStartSeconds < patientStartSeconds) {
      return fails(
        `its health check gives it ${healthStartSeconds} s to start`,
        'Give it a start_period of 300 s: a first healthy answer ends it.',
      );
    }
    return passes(`${restartPolicy}${health === undefined ? '' : `, ${healthStartSeconds} s to start`}`);
  },
};

export const endingCheck: DeployCheck = {
  name: 'ending',
  title: 'it may end what is under way before it is killed',
  examine({ container }) {
    if (!container) return cannotTell('how long its supervisor waits is not seen from here');
    const { stopSeconds, drainMs = 8000 } = container;
    const evidence = `${drainMs / 1000} s to drain, killed after ${stopSeconds} s`;
    return stopSeconds * 1000 > drainMs
      ? passes(evidence)
      : fails(evidence, 'Set stop_grace_period (docker run --stop-timeout) above OPENCLAW_DRAIN_TIMEOUT_MS.');
  },
};

export const memoryCheck: DeployCheck = {
  name: 'memory',
  title: 'it has a limit of memory, and the limit is enough',
  examine(inspection) {
    const { container } = inspection;
    if (container) {
      const { memoryLimitBytes, oomKilled, name } = container;
      const mib = Math.round(memoryLimitBytes / 2 ** 20);
      if (memoryLimitBytes === 0) {
        return fails(
          'there is none: what it uses too much, it takes from the machine',
          `docker update --memory 1g --memory-swap 1g ${name}`,
        );
      }
      if (oomKilled || memoryLimitBytes < leastMemoryBytes) {
        const killed = oomKilled ? ', and the kernel has ended it for that' : '';
        return fails(`${mib} MiB${killed}`, `docker update --memory 1g --memory-swap 1g ${name}   # and in the file that it was made by`);
      }
      return passes(`${mib} MiB`);
    }
    const report = reportOf(inspection);
    if (!report) return withoutReport(inspection);
    const trouble = troubleIn(report, 'memory');
    return trouble?.severity === 'bad'
      ? fails(trouble.message, trouble.remedy ?? 'Raise the limit.')
      : passes(trouble?.message ?? 'enough');
  },
};

export const privilegesCheck: DeployCheck = {
  name: 'privileges',
  title: 'it may do no more than it must',
  examine({ container }) {
    if (!container) return cannotTell('what it may do is not seen from here');
    const { user, isPrivileged, isReadOnly, dropsCapabilities } = container;
    const isRoot = user === '' || /^(root|0)(:|$)/.test(user);
    const wrong = [
      ...(isRoot ? ['runs as root'] : []),
      ...(isPrivileged ? ['is privileged'] : []),
      ...(dropsCapabilities ? [] : ['keeps capabilities']),
      ...(isReadOnly ? [] : ['may write to its own layer']),
    ];
    if (wrong.length === 0) return passes(`user ${user}, read-only, without capabilities`);
    return fails(wrong.join(', '), 'openclaw deploy docker writes a file with user, read_only, cap_drop and no-new-privileges.');
  },
};
