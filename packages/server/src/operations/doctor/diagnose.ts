/** From facts to a report: the five that come first, then every check in the order in which a careful person would look, from the bottom up. */
import { authCheck } from './checks/auth.ts';
import { backupCheck } from './checks/backup.ts';
import { bindCheck } from './checks/bind.ts';
import { certificatesCheck } from './checks/certificates.ts';
import { clockCheck } from './checks/clock.ts';
import { configurationCheck } from './checks/configuration.ts';
import { diskCheck } from './checks/disk.ts';
import { dnsCheck } from './checks/dns.ts';
import { memoryCheck } from './checks/memory.ts';
import { portCheck } from './checks/port.ts';
import { probesCheck } from './checks/probes.ts';
import { processCheck } from './checks/process.ts';
import { providersCheck } from './checks/providers.ts';
import { proxyCheck } from './checks/proxy.ts';
import { stateDirectoryCheck } from './checks/state-directory.ts';
import { surroundingsCheck } from './checks/surroundings.ts';
import { versionsCheck } from './checks/versions.ts';
import { workloadsCheck } from './checks/workloads.ts';
import type { DoctorCheck, DoctorReport } from './contract.ts';
import type { Facts } from './facts.ts';
import { worstOf } from './findings.ts';
import { firstFacts } from './first-facts.ts';

/** A further check is a file beside these and a row here. */
export const doctorChecks: readonly DoctorCheck[] = [
  processCheck,
  portCheck,
  bindCheck,
  configurationCheck,
  probesCheck,
  authCheck,
  stateDirectoryCheck,
  diskCheck,
  clockCheck,
  memoryCheck,
  providersCheck,
  dnsCheck,
  certificatesCheck,
  proxyCheck,
  workloadsCheck,
  backupCheck,
  surroundingsCheck,
  versionsCheck,
];

export function diagnose(facts: Facts): DoctorReport {
  const checks = doctorChecks.map(({ name, title, examine }) => ({ name, title, findings: examine(facts) }));
  const status = worstOf(checks.flatMap(({ findings }) => findings.map(({ severity }) => severity)));
  return { at: new Date(facts.atMs).toISOString(), version: facts.version, status, facts: firstFacts(facts), checks };
}
