export { createAdmission, type AdmissionOptions } from './admission.ts';
export type * from './contract.ts';
