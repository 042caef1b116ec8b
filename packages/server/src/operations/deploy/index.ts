export type { DeployFile, Deployment, DeployTarget } from './contract.ts';
export { isPlainValue } from './env-file.ts';
export { deployTargets, findTarget } from './targets/index.ts';
