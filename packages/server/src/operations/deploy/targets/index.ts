/** Every target. A further one is a file beside these, a row here and a page in `docs/deploy`. */
import type { DeployTarget } from '../contract.ts';
import { cloudRunTarget } from './cloud-run.ts';
import { composeTarget } from './compose.ts';
import { ecsTarget } from './ecs.ts';
import { helmTarget, kubernetesTarget } from './kubernetes.ts';
import { systemdTarget, virtualMachineTarget } from './machine.ts';
import { unraidTarget } from './unraid.ts';

export const deployTargets: readonly DeployTarget[] = [
  composeTarget,
  systemdTarget,
  virtualMachineTarget,
  kubernetesTarget,
  helmTarget,
  ecsTarget,
  cloudRunTarget,
  unraidTarget,
];

export function findTarget(name: string): DeployTarget | undefined {
  return deployTargets.find((target) => target.name === name || target.aliases.includes(name));
}
