import { warning, well } from '../../findings.ts';
import { examineSecurity } from '../../security-check.ts';

/** Secrets that stand as text in the configuration. */
export const plainSecretsCheck = examineSecurity({
  name: 'secrets',
  title: 'secrets in the configuration',
  judge({ plainSecrets }) {
    if (plainSecrets.length === 0) return [well('All are references or variables.')];
    return [
      warning(`${plainSecrets.length} stand as text in the configuration.`, {
        why: 'They go wherever the file goes: backups, tickets, repositories.',
        remedy: "Write { $secret: { file: 'PATH' } } in their place: docs/secrets.md. `openclaw secrets audit` looks further.",
        evidence: Object.fromEntries(plainSecrets.map(({ setting, where }) => [setting, where])),
      }),
    ];
  },
});
