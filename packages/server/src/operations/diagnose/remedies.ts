/** Commands that several rules advise, in the words of the platform. */
import type { Evidence } from './evidence.ts';
import { mountOf } from './signs.ts';

const mebibyte = 2 ** 20;

/** Twice what it has now. */
export function moreMemory({ platform, limits: { memoryBytes }, subject: { name } }: Evidence): string {
  const wanted = memoryBytes === undefined ? undefined : Math.ceil((memoryBytes * 2) / mebibyte);
  if (platform === 'kubernetes')
    return `kubectl set resources DEPLOYMENT -c CONTAINER --limits=memory=${wanted ?? 'MORE'}Mi   # of whatever made ${name}`;
  if (platform === 'systemd') return `sudo systemctl edit ${name}   # [Service] MemoryMax=${wanted ?? 'MORE'}M`;
  const size = wanted === undefined ? 'MORE' : `${wanted}m`;
  return `docker update --memory ${size} --memory-swap ${size} ${name}   # and the same in the compose file`;
}

/** A command in it while it runs. */
export function runIn({ platform, subject: { name } }: Evidence, command: string): string {
  if (platform === 'kubernetes') return `kubectl exec ${name} -- ${command}`;
  return platform === 'systemd'
    ? `sudo nsenter --target $(systemctl show -P MainPID ${name}) --all ${command}`
    : `docker exec ${name} ${command}`;
}

/** What shows how much it uses. */
export function usageOf({ platform, subject: { name } }: Evidence): string {
  if (platform === 'kubernetes') return `kubectl top pod ${name} --containers`;
  return platform === 'systemd' ? `systemctl status ${name}` : `docker stats ${name}`;
}

/** A shell in what the container sees, though it does not stay up. */
export function lookInside({ platform, subject: { name, image } }: Evidence): string {
  if (platform === 'systemd') return `systemctl cat ${name}`;
  return platform === 'kubernetes'
    ? `kubectl debug ${name} -it --image=busybox --target=CONTAINER -- sh`
    : `docker run --rm -it --volumes-from ${name} --entrypoint sh ${image}`;
}

/** What gives a path to the user of the container. */
export function giveTo(evidence: Evidence, path: string | undefined): string {
  const { program, platform } = evidence;
  const owner = program.userId === undefined ? 'UID:GID' : `${program.userId}:${program.userId}`;
  if (platform === 'kubernetes') return `securityContext: { fsGroup: ${program.userId ?? 'GID'} }   # in the spec of the pod`;
  const mount = path === undefined ? undefined : mountOf(evidence, path);
  if (mount?.kind === 'bind') return `sudo chown -R ${owner} ${mount.source}`;
  if (mount?.kind === 'volume')
    return `docker run --rm --user 0 --entrypoint chown --volume ${mount.source}:/v ${evidence.subject.image} -R ${owner} /v`;
  return `RUN chown -R ${owner} ${path ?? 'PATH'}   # in the Dockerfile, or run it as the user who owns it`;
}
