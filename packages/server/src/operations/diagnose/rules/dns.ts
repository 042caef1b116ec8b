/** Cause: no resolver answers. */
import { on, toldByItself } from '../told-by-itself.ts';

export const dns = toldByItself({
  id: 'dns',
  title: 'Names cannot be resolved',
  why: 'The resolver of the container does not answer, so that every name is unknown, whatever it is.',
  signs: '`EAI_AGAIN`, `Temporary failure in name resolution`, `server misbehaving`',
  mends: 'Give the container a resolver that answers: `dns` in the compose file or in /etc/docker/daemon.json.',
  pattern:
    /getaddrinfo EAI_AGAIN (?<name>[\w.-]+)|EAI_AGAIN|Temporary failure in name resolution|lookup (?<looked>[\w.-]+)(?: on (?<resolver>[\w.:]+))?: (?:server misbehaving|i\/o timeout|read udp)|Could not resolve host: (?<host>[\w.-]+)|SERVFAIL|bad address '(?<bad>[\w.-]+)'/,
  most: 91,
  weigh: ({ network }) => ({
    adds: network.mode === 'none' ? 4 : 0,
    because: [
      ...(network.mode === 'none' ? [{ source: 'docker inspect', text: 'the network is none' }] : []),
      ...(network.resolvers.length > 0 ? [{ source: 'docker inspect', text: `its resolvers are ${network.resolvers.join(', ')}` }] : []),
    ],
  }),
  says({ match: { groups = {} } }) {
    const name = groups['name'] ?? groups['looked'] ?? groups['host'] ?? groups['bad'];
    return `No resolver answers${name === undefined ? '' : ` when it asks for ${name}`}.`;
  },
  remedy: (_found, evidence) =>
    on(evidence, {
      docker: [
        `\`docker run --rm --network ${evidence.network.names[0] ?? 'bridge'} busybox nslookup api.openai.com\` shows it without the program`,
        ...(evidence.network.mode === 'none' ? ['It has no network at all: take `--network none` away'] : []),
        'Name a resolver that can be reached: `dns: [1.1.1.1]` of the service, or `"dns"` in /etc/docker/daemon.json; a stub at 127.0.0.53 cannot be reached from a container',
      ],
      kubernetes: [
        '`kubectl -n kube-system get pods -l k8s-app=kube-dns` and their logs',
        'Look for a NetworkPolicy that keeps port 53 from the pod',
      ],
    }),
  disprovedBy: 'Other names are resolved inside of the same container: then this one name is wrong.',
});
