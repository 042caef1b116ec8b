/** Whether what lies at a place outlives the process, its container and its machine, by the mount that it lies on. */
import type { Severity } from './contract.ts';
import type { ProcessFacts, StateFacts } from './facts.ts';

export interface Survival {
  readonly severity: Severity;
  /** Begins with `yes`, `no` or `perhaps`. */
  readonly words: string;
  /** What makes it last; empty where it does. */
  readonly remedy: string;
}

const inMemory: ReadonlySet<string> = new Set(['tmpfs', 'ramfs']);
const layers: ReadonlySet<string> = new Set(['overlay', 'aufs', 'fuse-overlayfs', 'fuse.fuse-overlayfs']);

/** What of the facts decides about it. */
export interface Place {
  readonly process: Pick<ProcessFacts, 'container'>;
  readonly state: Pick<StateFacts, 'path' | 'mount'>;
}

export function judgeSurvival({ process, state }: Place): Survival {
  const { mount, path } = state;
  if (mount === undefined) return { severity: 'ok', words: 'not known: this system does not tell what it is mounted on', remedy: '' };
  const lost = (words: string, remedy: string): Survival => ({ severity: 'bad', words: `no: ${words}`, remedy });
  const volume = `Mount a volume there: docker run -v openclaw-state:${path}, a persistentVolumeClaim mounted at ${path}, or the platform's persistent disk.`;
  if (mount.root.includes('kubernetes.io~empty-dir'))
    return lost('it is an emptyDir, which is gone with its pod', `Use a persistentVolumeClaim mounted at ${path}.`);
  if (inMemory.has(mount.type)) return lost(`it lies in memory (${mount.type} at ${mount.point}), which a restart empties`, volume);
  if (process.container !== undefined && layers.has(mount.type)) {
    return lost(`it lies in the container's own layer (${mount.type}), which is gone when the container is replaced`, volume);
  }
  if (process.container !== undefined && mount.point === '/') {
    const words = `perhaps: it lies on the root of the container (${mount.type} on ${mount.source}), which is mostly replaced with it`;
    return { severity: 'warn', words, remedy: volume };
  }
  if (/\/volumes\/[\da-f]{64}\/_data/.test(mount.root)) {
    return {
      severity: 'warn',
      words: 'perhaps: it is a volume without a name, which the next container does not find again',
      remedy: `Give it a name: docker run -v openclaw-state:${path}.`,
    };
  }
  if (process.container === undefined) {
    const words = `yes, with the disk of this machine (${mount.type} on ${mount.source}); not a reset of its image`;
    return /^(\/var)?\/tmp(\/|$)/.test(path)
      ? {
          severity: 'warn',
          words: `perhaps: directories for temporary files are emptied (${mount.type} at ${mount.point})`,
          remedy: 'Set OPENCLAW_STATE_DIR to a directory that stays.',
        }
      : { severity: 'ok', words, remedy: '' };
  }
  const name = /\/volumes\/([^/]+)\/_data/.exec(mount.root)?.[1];
  const what = name === undefined ? `a mount of its own (${mount.type} on ${mount.source})` : `the volume ${name}`;
  return { severity: 'ok', words: `yes: ${what} outlives the container`, remedy: '' };
}
