/** Cause: it may start no further processes or threads. */
import { quoteSetting } from '../signs.ts';
import { on, toldByItself } from '../told-by-itself.ts';

export const pidsLimit = toldByItself({
  id: 'pids-limit',
  title: 'It may start no further processes or threads',
  why: 'The container, the user or the machine has a limit of processes and threads, and it is reached: by too many workers, or by ended children that nobody reaps.',
  signs: "`EAGAIN` of a `spawn`, `fork` or `pthread_create`, `can't start new thread`",
  mends: 'Raise `pids_limit`, start fewer; `init: true` reaps what has ended',
  pattern:
    /spawn\w* .*\bEAGAIN\b|\bEAGAIN\b.*(?:spawn|fork|thread)|(?:fork|pthread_create|clone|thread)\b.*(?:EAGAIN|Resource temporarily unavailable|failed|Cannot allocate)|[Cc]an(?:'t|not) (?:fork|start new thread)|unable to create (?:new )?(?:native )?thread|[Rr]esource temporarily unavailable/,
  most: 93,
  weigh(evidence, { byPlatform }) {
    const { processes } = evidence.limits;
    if (byPlatform) return undefined;
    return processes === undefined ? { adds: 0 } : { adds: 2, because: [quoteSetting(evidence, `pids limit ${processes}`)] };
  },
  says: (_found, { limits: { processes } }) =>
    `It may have no more processes and threads${processes === undefined ? '' : ` than ${processes}`}.`,
  remedy: (_found, evidence) => [
    on(evidence, {
      docker: `docker update --pids-limit 1024 ${evidence.subject.name}   # and \`pids_limit: 1024\` in the compose file`,
      kubernetes: 'raise podPidsLimit of the kubelet, or start fewer',
    }),
    'if `docker top` shows many that have ended (defunct): `init: true`',
  ],
  disprovedBy:
    '`docker stats` shows few PIDS when it ends: then the limit of the user or the machine is meant (`ulimit -u`, kernel.pid_max).',
});
