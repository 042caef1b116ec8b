/** What this process runs in, if that is anything but a machine: by the marks that engines leave. It changes nothing. */
import type { Environment } from '../../core/env.ts';
import type { ReadText } from '../../core/process-memory.ts';
import type { ProcessFacts } from './facts.ts';

export function containerOf(environment: Environment, readText: ReadText): ProcessFacts['container'] {
  if (environment.lookup('KUBERNETES_SERVICE_HOST')) return 'kubernetes';
  if (readText('/.dockerenv') !== undefined) return 'docker';
  if (readText('/run/.containerenv') !== undefined) return 'podman';
  return /\/(docker|kubepods|containerd|lxc|libpod)/.test(readText('/proc/1/cgroup') ?? '') ? 'container' : undefined;
}
