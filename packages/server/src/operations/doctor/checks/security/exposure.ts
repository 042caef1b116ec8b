import { broken, warning, well } from '../../findings.ts';
import { examineSecurity } from '../../security-check.ts';

/** Who can reach the port, and whether what they send can be read on the way. */
export const exposureCheck = examineSecurity({
  name: 'exposure',
  title: 'who can reach the port',
  judge({ bind, host, isLoopback, authMode, tls, trustedProxies }) {
    const evidence = { bind, host, auth: authMode, tls };
    if (isLoopback) return [well('Only this machine can reach it.', evidence)];
    if (authMode === 'none') {
      return [
        broken('Everybody who reaches this machine may do everything.', {
          why: 'There is no auth, and it listens beyond loopback.',
          remedy: 'openclaw config set gateway.auth.mode token',
          evidence,
        }),
      ];
    }
    if (!tls && trustedProxies.length === 0) {
      return [
        warning('What is sent to it can be read on the way.', {
          why: 'It listens beyond this machine and speaks HTTP: the token goes over the network as it is.',
          remedy: 'openclaw config set gateway.tls.enabled true, or a proxy in front that speaks TLS: docs/remote-access.md',
          evidence,
        }),
      ];
    }
    return [well('It can be reached from outside, with a credential and encrypted.', evidence)];
  },
});
