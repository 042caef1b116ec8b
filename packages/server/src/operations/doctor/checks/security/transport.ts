import { warning, well } from '../../findings.ts';
import { examineSecurity } from '../../security-check.ts';

/** What goes out without TLS. */
export const transportCheck = examineSecurity({
  name: 'transport',
  title: 'what goes out without TLS',
  judge({ plainHttp }) {
    if (plainHttp.length === 0) return [well('Nothing goes beyond this machine without TLS.')];
    return plainHttp.map(({ setting, address }) =>
      warning(`${setting} leads to ${address}, without TLS.`, {
        why: 'Keys and conversations can be read and changed on the way.',
        remedy: `Set ${setting} to an https address, or keep the way on networks of yours.`,
        evidence: { setting, address },
      }),
    );
  },
});
