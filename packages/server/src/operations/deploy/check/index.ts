/** The list by which a deployment is judged: one that misses any of it is fragile, even if it looks alive for a moment. */
import type { CheckedItem, DeployCheck, DeployReport, Inspection } from './contract.ts';
import { comebackCheck, endingCheck, memoryCheck, privilegesCheck } from './platform-checks.ts';
import { credentialCheck, listeningCheck, probesCheck, runningCheck } from './reach-checks.ts';
import { credentialSourceCheck, identityCheck, storageCheck } from './state-checks.ts';

export type { CheckedItem, ContainerFacts, DeployReport, Outcome, OutsideFacts } from './contract.ts';
export { readContainer } from './container.ts';

/** In the order in which things are to be mended: what is lost for good comes first. */
export const deployChecks: readonly DeployCheck[] = [
  storageCheck,
  credentialSourceCheck,
  runningCheck,
  listeningCheck,
  probesCheck,
  credentialCheck,
  identityCheck,
  comebackCheck,
  endingCheck,
  memoryCheck,
  privilegesCheck,
];

export function checkDeployment(inspection: Inspection): DeployReport {
  const items: CheckedItem[] = deployChecks.map(({ name, title, examine }) => ({ name, title, ...examine(inspection) }));
  return {
    at: new Date(inspection.atMs).toISOString(),
    deployment: inspection.deployment,
    status: items.some(({ outcome }) => outcome === 'fail') ? 'fail' : 'pass',
    items,
  };
}
