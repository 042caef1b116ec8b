/** Cause: a service that it needs does not answer when it starts. */
import { lastWords, quoteLine } from '../last-words.ts';
import { toldByItself } from '../told-by-itself.ts';

export const dependencyDown = toldByItself({
  id: 'dependency-down',
  title: 'A service that it needs is not there',
  why: 'The program wants to reach a database, a cache or another service when it starts, nobody answers, and it ends instead of trying again.',
  signs: '`ECONNREFUSED`, `connection refused`, `ENOTFOUND` of a service, in the first seconds',
  mends:
    'Start the service first and wait until it is healthy (`depends_on` with `condition: service_healthy`), correct the address, and let the program try again.',
  pattern:
    /(?:connect )?ECONNREFUSED(?: (?<address>[\w.:[\]-]+))?|getaddrinfo ENOTFOUND (?<name>[\w.-]+)|connection(?: to (?<server>server at [^,]+), port (?<port>\d+) failed:)?.{0,20} refused|ConnectionRefusedError|could not connect to server|ECONNRESET|Name or service not known.*(?:db|redis|postgres|mysql)|dial tcp (?<dialled>[\w.:-]+): connect: connection refused/i,
  most: 88,
  weigh(evidence) {
    // A provider that answers is up, whatever else was refused on the way.
    const later = lastWords(evidence, /EADDRINUSE|heap out of memory|EACCES|ENOSPC/, 90);
    return {
      adds: later === undefined ? 0 : -30,
      because:
        evidence.lives
          .at(-1)
          ?.lines.filter(({ text }) => /\bconnecting to\b|waiting for/i.test(text))
          .slice(-1)
          .map(quoteLine) ?? [],
    };
  },
  says: ({ match }) => `Nobody answers at ${placeIn(match) ?? 'the address that it wants'} when it starts.`,
  remedy({ match }, { others }) {
    const place = placeIn(match) ?? '';
    const isOwn = /^(?:127\.|localhost|\[?::1|0\.0\.0\.0)/.test(place);
    const down = others.filter(({ status }) => status !== 'running').map(({ name }) => name);
    return [
      ...(isOwn
        ? ['Inside of a container 127.0.0.1 and localhost are the container itself: use the name of the service, or `host.docker.internal`']
        : []),
      ...(down.length > 0 ? [`Not running here: ${down.slice(0, 4).join(', ')}`] : []),
      `Start what is at ${place === '' ? 'that address' : place} first, and wait until it is healthy: \`depends_on: { db: { condition: service_healthy } }\``,
    ];
  },
  disprovedBy: 'The address answers from inside of the same network: `docker run --rm --network NETWORK busybox nc -zv HOST PORT`.',
});

function placeIn({ groups = {} }: RegExpExecArray): string | undefined {
  const server = groups['server'] === undefined ? undefined : `${groups['server'].replace('server at ', '')}:${groups['port']}`;
  return groups['address'] ?? groups['name'] ?? server ?? groups['dialled'];
}
