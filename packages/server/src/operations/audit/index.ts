/** The audit log, as other parts may use it. */
export { createAudit } from './audit.ts';
export type { Audit, AuditQuestion } from './contract.ts';
