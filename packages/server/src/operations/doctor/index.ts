/** The door of the doctor, which only a command opens. Containers and pods will be looked at through facts and checks of their own. */
export type { DoctorReport, Finding, SecurityReport, Severity } from './contract.ts';
export { diagnose } from './diagnose.ts';
export { diagnoseSecurity } from './diagnose-security.ts';
export type { Facts } from './facts.ts';
export { gatherFacts, type FactSources } from './gather.ts';
export { ask } from './ask.ts';
export { applyFixes, type Fixed } from './fixes/index.ts';
