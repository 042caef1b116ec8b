/** Cause: the port of the machine is taken. */
import type { Rule } from '../contract.ts';

const taken = /port is already allocated|address already in use|[Pp]orts are not available/;

export const publishedPortTaken: Rule = {
  id: 'published-port-taken',
  title: 'The port of the machine is taken',
  why: 'Docker is to publish a port of the machine that another container or program has. The container is not started at all.',
  signs: 'state `created` or `exited`, `State.Error` with `port is already allocated` or `address already in use`; no log',
  mends: 'Stop the other one, or publish another port',
  judge(evidence) {
    const { state, ports, others, host } = evidence;
    const published = ports.flatMap(({ hostPort }) => hostPort ?? []);
    if (state.error === undefined || !taken.test(state.error)) {
      if (published.length === 0 || state.status === 'gone') return undefined;
      const holder = others.find(({ hostPorts }) => hostPorts.some((port) => published.includes(port)));
      return holder === undefined ? { notBecause: `no other container publishes ${published.join(', ')}` } : undefined;
    }
    const port = Number(/:(\d{2,5})(?:\s+failed|: bind| -> )/.exec(state.error)?.[1] ?? published[0] ?? 0);
    const holder = others.find(({ hostPorts }) => hostPorts.includes(port));
    const listens = host.listeners.some((listener) => listener.port === port);
    return {
      weight: 97,
      says: `Port ${port} of the machine is taken${holder === undefined ? '' : ` by the container ${holder.name} (${holder.image})`}.`,
      because: [
        { source: 'docker inspect', text: state.error },
        ...(holder === undefined
          ? []
          : [{ source: 'docker ps', text: `${holder.name}: ${holder.says}, publishes ${holder.hostPorts.join(', ')}` }]),
        ...(holder === undefined && listens ? [{ source: 'host', text: `a program that is no container listens on ${port}` }] : []),
      ],
      remedy: [
        holder === undefined
          ? `sudo ss -ltnp 'sport = :${port}'   # who listens there; stop it`
          : `docker stop ${holder.name}   # if it is the old one`,
        `or publish another port: \`ports: ["${port + 1}:${ports.find(({ hostPort }) => hostPort === port)?.containerPort ?? port}"]\``,
        `docker start ${evidence.subject.name}`,
      ],
      disprovedBy: `Nobody listens on ${port} now: then the other one has gone, and \`docker start\` is enough.`,
    };
  },
};
