/**
 * The command that gives a directory to who runs this, from where it can be run: in a container nobody is root, so it has to be said for the
 * machine outside. It only says it.
 */
import type { ContainerEngine } from '../core/container-engine.ts';

export interface Wish {
  readonly directory: string;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** @param engine what this runs in; undefined on a machine of its own */
export function chownRemedy({ directory, uid, gid }: Wish, engine: ContainerEngine | undefined): string {
  const owner = `${uid}:${gid}`;
  if (engine === undefined) return `Run: sudo chown -R ${owner} ${quote(directory)}`;
  if (engine.kind === 'kubernetes') return `Set securityContext.fsGroup: ${gid} for the pod: its volumes then belong to that group`;
  const { kind, id } = engine;
  const image = `$(${kind} inspect --format '{{.Config.Image}}' ${id})`;
  return `On the host run: ${kind} run --rm --user 0 --volumes-from ${id} --entrypoint chown ${image} -R ${owner} ${quote(directory)}`;
}

export function quote(path: string): string {
  return /^[\w/.@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
