import type { Finding } from '../../contract.ts';
import { warning, well } from '../../findings.ts';
import { examineSecurity } from '../../security-check.ts';

const longMs = 15 * 60_000;

/** What comes in by webhooks. One without a secret cannot be configured. */
export const webhooksCheck = examineSecurity({
  name: 'webhooks',
  title: 'webhooks',
  judge({ webhooks }) {
    if (webhooks.length === 0) return [well('There are none.')];
    const findings = webhooks.flatMap(({ name, signature, toleranceMs, deliversTo, deliversPrivate }): Finding[] => {
      const evidence = { webhook: name, signature, ...(deliversTo === undefined ? {} : { deliversTo }) };
      const found: Finding[] = [];
      if (signature === 'standard' && toleranceMs > longMs) {
        found.push(
          warning(`${name} takes signatures that are ${Math.round(toleranceMs / 60_000)} minutes old.`, {
            why: 'Whoever has seen a request can send it again for as long.',
            remedy: `Set channels.webhook.entries.${name}.toleranceMs to five minutes, and the clock of the sender right.`,
            evidence,
          }),
        );
      }
      if (deliversTo?.startsWith('http:')) {
        found.push(
          warning(`${name} tells what came of runs without TLS.`, {
            why: 'It is signed, and can be read on the way.',
            remedy: `Set channels.webhook.entries.${name}.deliver.url to an https address.`,
            evidence,
          }),
        );
      }
      if (deliversPrivate.some((network) => /\/(?:\d|1[0-6])$/.test(network))) {
        found.push(
          warning(`${name} may deliver to a whole private network.`, {
            why: 'A name that somebody else owns can be pointed into it.',
            remedy: `Name single addresses in channels.webhook.entries.${name}.deliver.privateAddresses.`,
            evidence,
          }),
        );
      }
      return found;
    });
    return findings.length > 0 ? findings : [well(`${webhooks.length} are signed, each with a secret of its own.`)];
  },
});
