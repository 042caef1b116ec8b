import { examineSecurity } from '../../security-check.ts';
import { warning, well } from '../../findings.ts';

/** As whom it runs: what agents and workloads do, they do as this user. */
export const accountCheck = examineSecurity({
  name: 'account',
  title: 'as whom it runs',
  judge(_security, { process: { uid, container } }) {
    const evidence = { uid: uid ?? 'unknown', in: container ?? 'a machine' };
    if (uid !== 0) return [well('It is not root.', evidence)];
    return [
      warning('It runs as root.', {
        why: 'What gets out of an agent, a tool or a workload owns the machine or the container.',
        remedy: 'Give it a user of its own: openclaw gateway install makes a unit for one; in a container keep the user of the image.',
        evidence,
      }),
    ];
  },
});
