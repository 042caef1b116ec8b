/** Cause: packets are stopped on their way. */
import { toldByItself } from '../told-by-itself.ts';

const refused =
  /EHOSTUNREACH|ENETUNREACH|No route to host|Network is unreachable|administratively prohibited|connect E(?:ACCES|PERM)|Host is unreachable/i;

export const firewall = toldByItself({
  id: 'firewall',
  title: 'A firewall or a missing route is in the way',
  why: 'The name is known and somebody may well listen there, but the packets do not arrive: a firewall of the machine, a security group, or a network without a way out.',
  signs: '`EHOSTUNREACH`, `ENETUNREACH`, `No route to host`, or a connection to an address that times out',
  mends: 'Allow the way, or put both into one network.',
  pattern:
    /(?:connect )?E(?:HOSTUNREACH|NETUNREACH)(?: (?<address>[\w.:[\]-]+))?|connect E(?:ACCES|PERM) (?<refused>[\d.:]+)|connect ETIMEDOUT (?<late>[\w.:[\]-]+)|No route to host|Network is unreachable|Host is unreachable|administratively prohibited|UND_ERR_CONNECT_TIMEOUT|Connect Timeout Error|dial tcp (?<dialled>[\w.:]+): (?:i\/o timeout|connect: no route)|Connection timed out/i,
  most: 88,
  weigh: ({ network }, { match }) => ({
    adds: refused.test(match[0]) ? 2 : -10,
    ...(network.mode === 'none' ? { because: [{ source: 'docker inspect', text: 'the network is none: there is no way out' }] } : {}),
  }),
  says({ match: { groups = {}, 0: text } }) {
    const place = groups['address'] ?? groups['refused'] ?? groups['late'] ?? groups['dialled'] ?? 'the address that it wants';
    return refused.test(text)
      ? `There is no way to ${place}: packets are refused on it.`
      : `Packets to ${place} are lost: nobody answers, and nobody refuses.`;
  },
  remedy: (_found, { network }) => [
    `Try the same way without the program: \`docker run --rm --network ${network.names[0] ?? 'bridge'} busybox nc -zvw3 HOST PORT\`, then the same on the machine itself`,
    'On the machine: `iptables -L DOCKER-USER -n -v`, `ufw status`, `firewall-cmd --list-all`; in a cloud the security group; in Kubernetes the NetworkPolicy',
    'For docker behind ufw or firewalld: `sysctl net.ipv4.ip_forward` has to be 1',
  ],
  disprovedBy: 'A connection by hand from the same network succeeds.',
});
