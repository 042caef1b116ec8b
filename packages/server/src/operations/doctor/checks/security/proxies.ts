import type { Finding } from '../../contract.ts';
import { broken, warning, well } from '../../findings.ts';
import { examineSecurity } from '../../security-check.ts';

/** Whom `mode: trusted-proxy` believes. */
export const proxiesCheck = examineSecurity({
  name: 'proxies',
  title: 'trusted proxies',
  judge({ authMode, trustedProxies, requiredProxyHeaders, allowUsers }) {
    if (authMode !== 'trusted-proxy') return [well('No proxy is believed.')];
    const evidence = { addresses: trustedProxies.join(' '), requiredHeaders: requiredProxyHeaders, users: allowUsers };
    const findings: Finding[] = [];
    const wide = trustedProxies.filter((network) => bitsOf(network) <= (network.includes(':') ? 48 : 16));
    if (wide.length > 0) {
      findings.push(
        broken(`${wide.join(' ')} is believed as a proxy.`, {
          why: 'Whoever sends from there is whoever they say, without a credential.',
          remedy: "Set gateway.auth.trustedProxy.addresses to the proxy's own address.",
          evidence,
        }),
      );
    }
    if (requiredProxyHeaders === 0) {
      findings.push(
        warning('Nothing but the address shows that a request came through the proxy.', {
          why: 'Other programs at that address, a neighbour in a container network for one, can name any user.',
          remedy: 'Have the proxy set a header that only it knows, and name it in gateway.auth.trustedProxy.requiredHeaders.',
          evidence,
        }),
      );
    }
    if (allowUsers === 0) {
      findings.push(
        warning('Everybody whom the proxy lets in may do everything.', {
          why: 'A new account at its login is an operator here.',
          remedy: 'Name them in gateway.auth.trustedProxy.allowUsers.',
          evidence,
        }),
      );
    }
    return findings.length > 0 ? findings : [well('Only the proxy is believed, for the users that are named.', evidence)];
  },
});

function bitsOf(network: string): number {
  const [, bits] = network.split('/');
  return bits === undefined ? 128 : Number(bits);
}
