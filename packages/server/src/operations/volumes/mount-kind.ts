/** What a mount is in the words of who runs containers, and whether what lies on it lasts. Pure: of facts alone. */
import type { Mount } from '../../storage/filesystem.ts';
import type { ProcessFacts } from '../doctor/facts.ts';
import { judgeSurvival, type Survival } from '../doctor/survival.ts';

export interface MountJudged {
  /** `volume openclaw-state`, `bind mount`, `memory`, `container layer`, … */
  readonly kind: string;
  readonly survival: Survival;
}

const inMemory: ReadonlySet<string> = new Set(['tmpfs', 'ramfs']);
const network = /^(nfs|cifs|smb|9p|fuse\.|ceph|afs|lustre|gpfs|gfs2|ocfs2|vboxsf|virtiofs)/;

export function judgeMount(path: string, mount: Mount | undefined, container: ProcessFacts['container']): MountJudged {
  const survival = judgeSurvival({ process: { container }, state: { path, mount } });
  return { kind: mount === undefined ? 'not known' : kindOf(mount, container), survival };
}

function kindOf({ root, type, point }: Mount, container: ProcessFacts['container']): string {
  const volume = /\/volumes\/([^/]+)\/_data/.exec(root)?.[1];
  const claim = /kubernetes\.io~([a-z-]+)/.exec(root)?.[1];
  if (claim === 'empty-dir') return 'emptyDir';
  if (claim !== undefined) return 'persistent volume';
  if (inMemory.has(type)) return `memory (${type})`;
  if (volume !== undefined) return /^[\da-f]{64}$/.test(volume) ? 'volume without a name' : `volume ${volume}`;
  if (network.test(type)) return `network (${type})`;
  if (container === undefined) return 'disk of this machine';
  return point === '/' ? 'container layer' : 'bind mount';
}
