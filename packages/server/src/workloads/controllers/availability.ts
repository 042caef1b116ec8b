/** Whether an instance does what it is there for: what the plan, the rollout and the status all mean by it. */
import type { SeenContainer, SeenInstance } from './contract.ts';

/** Whether it will not be started again, however long one waits. */
export function isFinished({ containers }: SeenInstance): boolean {
  return containers.every((container) => container.isFinished === true);
}

/** Whether its ends were all good ones. */
export function hasSucceeded(instance: SeenInstance): boolean {
  return isFinished(instance) && instance.containers.every(({ lastEnd }) => lastEnd?.exitCode === 0 && lastEnd.reason !== 'OOMKilled');
}

/** Whether it does what it is there for: it serves, or it has done its work. */
export function isAvailable(instance: SeenInstance): boolean {
  return hasSucceeded(instance) || instance.containers.every(isServing);
}

/** One that has done its work beside others that serve does not hold them back. */
function isServing(container: SeenContainer): boolean {
  if (container.isFinished === true) return container.lastEnd?.exitCode === 0;
  return container.unit !== undefined && container.unit.ended === undefined && container.isReady;
}
