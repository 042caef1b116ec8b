/** `doctor security`: from facts to a report on who could do what, beginning outside. */
import { accountCheck } from './checks/security/account.ts';
import { browsersCheck } from './checks/security/browsers.ts';
import { credentialCheck } from './checks/security/credential.ts';
import { exposureCheck } from './checks/security/exposure.ts';
import { modesCheck } from './checks/security/modes.ts';
import { plainSecretsCheck } from './checks/security/plain-secrets.ts';
import { proxiesCheck } from './checks/security/proxies.ts';
import { toolsCheck } from './checks/security/tools.ts';
import { transportCheck } from './checks/security/transport.ts';
import { webhooksCheck } from './checks/security/webhooks.ts';
import type { DoctorCheck, SecurityReport } from './contract.ts';
import type { Facts } from './facts.ts';
import { worstOf } from './findings.ts';

/** A further check is a file beside these and a row here. */
export const securityChecks: readonly DoctorCheck[] = [
  exposureCheck,
  credentialCheck,
  proxiesCheck,
  browsersCheck,
  webhooksCheck,
  toolsCheck,
  transportCheck,
  plainSecretsCheck,
  modesCheck,
  accountCheck,
];

export function diagnoseSecurity(facts: Facts): SecurityReport {
  const checks = securityChecks.map(({ name, title, examine }) => ({ name, title, findings: examine(facts) }));
  const status = worstOf(checks.flatMap(({ findings }) => findings.map(({ severity }) => severity)));
  return { at: new Date(facts.atMs).toISOString(), version: facts.version, status, checks };
}
