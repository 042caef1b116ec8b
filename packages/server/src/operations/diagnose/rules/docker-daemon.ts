/** Cause: Docker itself, or its machine, is sick: several containers at once, or the daemon cannot do its own part. */
import type { Rule } from '../contract.ts';
import type { Evidence, Neighbour } from '../evidence.ts';

const daemonFault =
  /failed to create shim|containerd(?:\.sock|-shim)|failed to start (?:daemon|shim)|transport is closing|error creating (?:overlay )?mount|layer does not exist|failed to mount|input\/output error|Structure needs cleaning|iptables failed|network \S+ not found|no chain\/target\/match|cgroups?: cannot|shim (?:disconnected|exited)|ttrpc|context deadline exceeded|devmapper|device or resource busy/i;
const ofTheProgram = /container process|exec format error|executable file|no such file or directory|permission denied/i;
const troubled = /^(?:restarting|exited|dead|created)/i;
const fewestTroubled = 3;

export const dockerDaemon: Rule = {
  id: 'docker-daemon',
  title: 'Docker or its machine is sick',
  why: 'The daemon, its storage or its network does not work, or the machine has no memory or disk left. Then several containers fail together, and none of them is the cause.',
  signs:
    'several containers restart or died within the same minute; errors of containerd, overlay, iptables; the daemon answers late or not at all',
  mends: 'Look at the log of the daemon and the room of the machine before any container.',
  judge(evidence) {
    if (evidence.platform !== 'docker') return undefined;
    // That the program itself cannot be started comes by way of the same parts of the daemon.
    const { error = '' } = evidence.state;
    const fault = daemonFault.test(error) && !ofTheProgram.test(error);
    const silent = evidence.unseen.find(({ why }) => /does not answer in time|not answer/i.test(why));
    const together = evidence.others.filter(({ status, says }) => troubled.test(status) && isRecent(says) && !/exited \(0\)/i.test(says));
    const share = evidence.others.length === 0 ? 0 : together.length / evidence.others.length;
    const many = together.length >= fewestTroubled && share > 0.5;
    if (!fault && silent === undefined && !many)
      return evidence.others.some(({ status }) => status === 'running')
        ? { notBecause: 'other containers of the same Docker run' }
        : undefined;
    return {
      weight: Math.min(
        96,
        (fault ? 88 : silent === undefined ? 72 : 80) + (many && (fault || silent !== undefined) ? 6 : 0) + (many && share === 1 ? 8 : 0),
      ),
      says: fault
        ? 'Docker itself cannot start it: the fault lies in the daemon, its storage or its network.'
        : many
          ? `${together.length} of ${evidence.others.length} other containers are in trouble at the same time, so the cause lies below them all.`
          : 'Docker answers late or not at all.',
      because: quotesOf(evidence, together, silent),
      remedy: [
        '`journalctl -u docker --since -30min` and `dmesg | tail -50`: errors of storage, memory, network',
        '`df -h /var/lib/docker; df -i /var/lib/docker; free -m`',
        'Restarting it (`systemctl restart docker`) stops every container unless `live-restore` is on',
      ],
      disprovedBy: '`docker run --rm busybox true` works, and other containers go on undisturbed.',
    };
  },
};

/** Within the last minutes, as the engine says it. */
function isRecent(says: string): boolean {
  return /restarting|second|about a minute|\b[1-5] minutes/i.test(says);
}

function quotesOf({ state }: Evidence, together: readonly Neighbour[], silent: Evidence['unseen'][number] | undefined) {
  return [
    ...(state.error !== undefined && daemonFault.test(state.error) ? [{ source: 'docker inspect', text: state.error }] : []),
    ...(silent === undefined ? [] : [{ source: 'docker', text: `${silent.what}: ${silent.why}` }]),
    ...together.slice(0, 4).map(({ name, says }) => ({ source: 'docker ps', text: `${name}: ${says}` })),
  ];
}
