/** Cause: the image cannot be fetched, so nothing ever starts. */
import type { Rule } from '../contract.ts';
import type { Evidence, Quote } from '../evidence.ts';

const reasons =
  /^(?:ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|RegistryUnavailable|ImageInspectError|ImageNotRunnable)$/;
const failed = /Failed to pull image|ErrImagePull|pull access denied|manifest (?:for .* )?(?:unknown|not found)|image not found/i;

interface Kind {
  readonly pattern: RegExp;
  readonly says: string;
  readonly remedy: string;
}

const kinds: readonly Kind[] = [
  {
    pattern: /toomanyrequests|rate limit|429/i,
    says: 'the registry has had too many pulls',
    remedy: 'Log in to the registry, or use a mirror; wait until the limit is over',
  },
  {
    pattern: /unauthorized|authentication required|access denied|403|no basic auth|denied:/i,
    says: 'the registry refuses the credentials, or the name is wrong',
    remedy: 'Correct the name; for a private one `docker login`, or an `imagePullSecrets` of the same namespace',
  },
  {
    pattern: /not found|manifest unknown|NotFound|does not exist|404/i,
    says: 'there is no such image or tag',
    remedy: 'Correct name and tag: `docker manifest inspect IMAGE`',
  },
  { pattern: /no matching manifest|platform/i, says: 'there is none for this processor', remedy: 'Take a tag that has this architecture' },
  {
    pattern: /no such host|timeout|i\/o|connection refused|dial tcp|TLS|x509/i,
    says: 'the registry cannot be reached',
    remedy: 'Look at resolver, proxy and firewall of the node',
  },
  { pattern: /no space left/i, says: 'there is no room on the node', remedy: '`crictl rmi --prune` or `docker image prune` on the node' },
];

export const imagePull: Rule = {
  id: 'image-pull',
  title: 'The image cannot be fetched',
  why: 'Name, tag or credentials of the image are wrong, or its registry cannot be reached. No program has run at all.',
  signs: '`ErrImagePull`, `ImagePullBackOff`, `InvalidImageName`; no life, no lines',
  mends: 'Correct the name of the image, or the credentials for its registry.',
  judge({ state, events, lives, subject, image }) {
    const waits = state.reason !== undefined && reasons.test(state.reason);
    const event = events.findLast(({ message }) => failed.test(message));
    if (!waits && (event === undefined || lives.length > 0)) {
      return image === undefined ? undefined : { notBecause: 'its image is there' };
    }
    const words = [event?.message, state.error].filter((text) => text !== undefined).join(' ');
    const kind = kinds.find(({ pattern }) => pattern.test(words));
    return {
      weight: waits ? 97 : 85,
      says: `The image ${subject.image} cannot be fetched${kind === undefined ? '' : `: ${kind.says}`}.`,
      because: quotesOf(state, event),
      remedy: [kind?.remedy ?? 'Correct name, tag and credentials', `Try it by hand on the node: \`docker pull ${subject.image}\``],
      disprovedBy: `\`docker pull ${subject.image}\` works on the node, as the same user.`,
    };
  },
};

function quotesOf({ reason, error }: Evidence['state'], event: Evidence['events'][number] | undefined): readonly Quote[] {
  return [
    ...(reason === undefined ? [] : [{ source: 'pod status', text: error === undefined ? reason : `${reason}: ${error}` }]),
    ...(event === undefined ? [] : [{ source: 'events', text: `${event.action}: ${event.message}`, atMs: event.atMs }]),
  ];
}
