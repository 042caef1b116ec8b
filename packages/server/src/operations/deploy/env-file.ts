/** The `.env` of a deployment: the one place where its secrets are written. Docker Compose, systemd, `kubectl create secret` and shells read it alike. */
import type { DeployFile, Deployment } from './contract.ts';

export const envFileName = '.env';

export function envFile({ secrets }: Pick<Deployment, 'secrets'>): DeployFile {
  const lines = Object.entries(secrets).map(([name, value]) => `${name}=${value}\n`);
  return { path: envFileName, text: lines.join(''), isSecret: true };
}

/**
 * Whether all of the programs above read the value as it is. They differ in quotes, dollars, `#` and spaces, so none of these is written.
 */
export function isPlainValue(value: string): boolean {
  return /^[\w@%+=:,./-]+$/.test(value);
}
