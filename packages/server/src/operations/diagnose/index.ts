/** What the command lines use of diagnoses. It has a door of its own: only a command opens it. */
export type { Diagnosis, Lookout, Question, Rule } from './contract.ts';
export type { Evidence, Quote } from './evidence.ts';
export { diagnoseContainer, type DiagnoseContainerOptions } from './docker/diagnose-container.ts';
export { createLiveLookout } from './docker/live-lookout.ts';
export { rules } from './rules/index.ts';
export { type ClusterAccess, createKubernetesLookout } from './kubernetes/live-lookout.ts';
export { diagnosePod, type DiagnosePodOptions } from './kubernetes/diagnose-pod.ts';
export { createSystemdLookout } from './systemd/live-lookout.ts';
export { diagnoseUnit } from './systemd/diagnose-unit.ts';
