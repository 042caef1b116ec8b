import type { DoctorCheck, Finding } from '../contract.ts';
import { warning, well } from '../findings.ts';

/** What variables of proxies do here: the gateway asks providers itself, and what looks at its health may not. */
export const proxyCheck: DoctorCheck = {
  name: 'proxy',
  title: 'variables of proxies',
  examine({ network: { proxies, noProxy, hosts } }) {
    if (proxies.length === 0) return [well('There are none.')];
    const evidence = {
      ...Object.fromEntries(proxies.map(({ variable, address }) => [variable, address])),
      NO_PROXY: noProxy ?? 'not set',
    };
    const findings: Finding[] = [];
    const unreachable = hosts.filter(({ lookup, certificate }) => lookup?.addresses.length === 0 || certificate?.problem !== undefined);
    if (unreachable.length > 0) {
      findings.push(
        warning(`The gateway asks providers itself and not by the proxy, and ${unreachable.length} cannot be reached from here.`, {
          why: 'Where the proxy is the only way out, no request leaves.',
          remedy: 'Let the gateway out to the providers, or put an address of yours that leads there into models.providers.NAME.baseUrl.',
          evidence: { ...evidence, unreachable: unreachable.map(({ host }) => host).join(' ') },
        }),
      );
    }
    if (proxies.some(({ variable }) => /^https?_proxy$|^HTTP_PROXY$|^all_proxy$/i.test(variable)) && !coversLoopback(noProxy)) {
      findings.push(
        warning('NO_PROXY does not name this machine.', {
          why: 'Health checks by curl or wget, and other programs here, ask the proxy for 127.0.0.1, and call a gateway sick that is well.',
          remedy: 'NO_PROXY=localhost,127.0.0.1,::1 (and no_proxy, which curl reads)',
          evidence,
        }),
      );
    }
    return findings.length > 0 ? findings : [well('There are some; the gateway asks providers itself and does not use them.', evidence)];
  },
};

function coversLoopback(noProxy: string | undefined): boolean {
  const names = (noProxy ?? '').split(',').map((name) => name.trim());
  return names.includes('*') || (names.includes('127.0.0.1') && names.includes('localhost'));
}
