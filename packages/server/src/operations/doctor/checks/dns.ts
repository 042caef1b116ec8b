import type { DoctorCheck, Finding } from '../contract.ts';
import type { HostFacts, NetworkFacts } from '../facts.ts';
import { broken, warning, well } from '../findings.ts';

const slowMs = 1000;

/** Whether the names of providers stand for addresses here. */
export const dnsCheck: DoctorCheck = {
  name: 'dns',
  title: 'names of providers',
  examine({ network, process }) {
    const named = network.hosts.filter(({ lookup }) => lookup !== undefined);
    if (named.length === 0) return [well('No provider is reached by a name.')];
    const unknown = named.filter(({ lookup }) => lookup?.addresses.length === 0);
    const findings = unknown.map((host) => unresolved(host, network, process.container !== undefined));
    const slow = named.filter(({ lookup }) => (lookup?.addresses.length ?? 0) > 0 && (lookup?.tookMs ?? 0) >= slowMs);
    findings.push(...slow.map((host) => slowly(host, network)));
    return findings.length > 0 ? findings : [well(`${named.length} names stand for addresses.`, evidenceOf(network))];
  },
};

function evidenceOf({ nameServers }: NetworkFacts): Record<string, string> {
  return { nameServers: nameServers.length === 0 ? 'none' : nameServers.join(' ') };
}

function unresolved({ host, provider, lookup }: HostFacts, network: NetworkFacts, isContainer: boolean): Finding {
  const problem = lookup?.problem ?? 'there is no address';
  const isDown = /EAI_AGAIN|ETIMEOUT|no answer|ECONNREFUSED/.test(problem);
  return broken(`${host} (${provider}) stands for no address here: ${problem}.`, {
    why: `No request can reach ${provider}.`,
    remedy: isDown
      ? isContainer
        ? 'No name server answers: compare /etc/resolv.conf in the container with that of its host; docker run --dns ADDRESS, or dnsPolicy and NetworkPolicy of the pod.'
        : 'No name server answers: look at /etc/resolv.conf and at the network of this machine.'
      : 'Check how the name is written in the configuration (baseUrl), and whether it is known on this network.',
    evidence: evidenceOf(network),
  });
}

function slowly({ host, lookup }: HostFacts, network: NetworkFacts): Finding {
  return warning(`It takes ${lookup?.tookMs} ms to find the address of ${host}.`, {
    why: 'Each new connection waits as long; five seconds more are a name server in the list that does not answer.',
    remedy: 'Take the name server that does not answer out of /etc/resolv.conf; in Kubernetes set ndots to 1 in dnsConfig.',
    evidence: evidenceOf(network),
  });
}
