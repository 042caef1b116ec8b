/**
 * Everything that a Kubernetes API says of one pod, as evidence: of the container in it that is in trouble. It looks and changes nothing.
 *
 * Kubernetes keeps the last end of a container alone, and its log: of earlier lives there is a number. It works against any server that has Pods, events and logs.
 */
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { listOf, objectOf, textOf, textsOf } from '../answers.ts';
import type { Lookout } from '../contract.ts';
import { linesOfText } from '../docker/output.ts';
import type { Evidence, Happening, Host, Line, Neighbour } from '../evidence.ts';
import { NotSeen } from '../not-seen.ts';
import { createRedact, type Redact } from '../redaction.ts';
import { healthOfProbes } from './health.ts';
import { livesOfPod } from './lives.ts';
import { eventsOfPod } from './pod-events.ts';
import { limitsOf, mountsOf, portsOf, programOf } from './pod-spec.ts';
import { chooseContainer, restartsOfPod, stateOfPod } from './pod-status.ts';

export interface CollectPodOptions {
  readonly namespace: string;
  readonly name: string;
  /** Without it the one that is in trouble, else the first. */
  readonly container?: string;
}

const lastLines = 200;
const mostNeighbours = 100;

/** @throws NotSeen `missing` where there is no such pod */
export async function collectPod(lookout: Lookout, { namespace, name, container }: CollectPodOptions): Promise<Evidence> {
  const unseen: { what: string; why: string }[] = [];
  const attempt = async (what: string, look: () => Promise<JsonValue>): Promise<JsonValue | undefined> => {
    try {
      return await look();
    } catch (thrown) {
      if (!(thrown instanceof NotSeen)) throw thrown;
      unseen.push({ what, why: thrown.message });
      return undefined;
    }
  };
  const ask = (path: string, query: Readonly<Record<string, string>> = {}): Promise<JsonValue> =>
    lookout.ask({ from: 'kubernetes', as: 'object', path, query });
  const space = `/api/v1/namespaces/${encodeURIComponent(namespace)}`;
  const path = `${space}/pods/${encodeURIComponent(name)}`;
  const pod = objectOf(await ask(path));
  const spec = objectOf(pod['spec']);
  const chosen = chooseContainer(pod, container);
  const redact = createRedact(environmentOf(chosen.spec));
  const log = (previous: boolean): Promise<JsonValue> => {
    const query = { container: chosen.name, tailLines: String(lastLines), timestamps: 'true', ...(previous ? { previous: 'true' } : {}) };
    return lookout.ask({ from: 'kubernetes', as: 'text', path: `${path}/log`, query });
  };
  const hasRun =
    objectOf(chosen.status['state'])['waiting'] === undefined || objectOf(chosen.status['lastState'])['terminated'] !== undefined;
  const hasLast = objectOf(chosen.status['lastState'])['terminated'] !== undefined;
  const node = textOf(spec['nodeName']);
  const fieldSelector = `involvedObject.name=${name}`;
  const [events, current, previous, nodeAnswer, pods] = await Promise.all([
    attempt('events', () => ask(`${space}/events`, { fieldSelector })),
    hasRun ? attempt('what it says', () => log(false)) : undefined,
    hasLast ? attempt('what it said before', () => log(true)) : undefined,
    node === '' ? undefined : attempt('its node', () => ask(`/api/v1/nodes/${encodeURIComponent(node)}`)),
    attempt('other pods', () => ask(`${space}/pods`, { limit: String(mostNeighbours) })),
  ]);
  const happenings = eventsOfPod(listOf(objectOf(events)['items']), { name, container: chosen.name }, redact);
  const said = (answer: JsonValue | undefined): readonly Line[] => (answer === undefined ? [] : linesOfText(textOf(answer), redact));
  const restarts = restartsOfPod(pod, chosen);
  if (restarts.count > 1) unseen.push({ what: 'earlier lives', why: `Kubernetes keeps the last end alone, of ${restarts.count}` });
  const health = healthOfProbes(chosen.spec, happenings, lookout.atMs);
  const program = programOf(pod, chosen.spec);
  return {
    ...{ platform: 'kubernetes', atMs: lookout.atMs, restarts, program, events: happenings, unseen },
    subject: {
      ...{ kind: 'pod', name, id: textOf(objectOf(pod['metadata'])['uid']), image: textOf(chosen.spec['image']) },
      ...{ namespace, container: chosen.name },
      ...ownerOf(pod),
    },
    state: stateOfPod(pod, chosen, redact),
    lives: livesOfPod(chosen.status, { events: happenings, current: said(current), previous: said(previous), program, redact }),
    ...{ limits: limitsOf(chosen.spec), mounts: mountsOf(spec, chosen.spec), ports: portsOf(chosen.spec) },
    network: {
      names: [],
      mode: spec['hostNetwork'] === true ? 'host' : 'pod',
      resolvers: textsOf(objectOf(spec['dnsConfig'])['nameservers']),
    },
    ...(health === undefined ? {} : { health }),
    host: hostOf(node, objectOf(nodeAnswer)),
    others: neighboursOf(listOf(objectOf(pods)['items']), name),
  };
}

function environmentOf(container: JsonObject): readonly string[] {
  return listOf(container['env'])
    .map(objectOf)
    .map(({ name, value }) => `${textOf(name)}=${textOf(value)}`);
}

function ownerOf(pod: JsonObject): { readonly owner?: string } {
  const owners = listOf(objectOf(pod['metadata'])['ownerReferences']).map(objectOf);
  const owner = owners.find(({ controller }) => controller === true) ?? owners[0];
  return owner === undefined ? {} : { owner: `${textOf(owner['kind'])}/${textOf(owner['name'])}` };
}

function hostOf(name: string, node: JsonObject): Host {
  const status = objectOf(node['status']);
  const architecture = textOf(objectOf(status['nodeInfo'])['architecture']);
  const conditions = listOf(status['conditions'])
    .map(objectOf)
    .map(({ type, status: is, message }) => ({ type: textOf(type), status: textOf(is), message: textOf(message) }));
  return {
    ...(name === '' ? {} : { name }),
    ...(architecture === '' ? {} : { architecture }),
    ...(conditions.length === 0 ? {} : { conditions }),
    ...{ kernel: [], listeners: [] },
  };
}

function neighboursOf(pods: readonly JsonValue[], name: string): readonly Neighbour[] {
  return pods
    .map(objectOf)
    .filter(({ metadata }) => objectOf(metadata)['name'] !== name)
    .map((pod) => {
      const statuses = listOf(objectOf(pod['status'])['containerStatuses']).map(objectOf);
      const reason = statuses.map(({ state }) => textOf(objectOf(objectOf(state)['waiting'])['reason'])).find((text) => text !== '');
      const phase = textOf(objectOf(pod['status'])['phase']);
      return {
        name: textOf(objectOf(pod['metadata'])['name']),
        image: textOf(objectOf(listOf(objectOf(pod['spec'])['containers'])[0])['image']),
        status: reason === undefined ? phase.toLowerCase() : 'waiting',
        ...{ says: reason ?? phase, hostPorts: [], networks: [] },
      };
    });
}
