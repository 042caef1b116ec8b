/**
 * Everything that a Kubernetes API says of one pod, as evidence: of the container in it that is in trouble. It looks and changes nothing.
 *
 * Kubernetes keeps the last end of a container alone, and its log: of earlier lives there is a number. It works against any server that has Pods, events and logs.
 */
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { listOf, objectOf, textOf, textsOf } from '../answers.ts';
import type { Lookout, Question } from '../contract.ts';
import { linesOfText } from '../docker/output.ts';
import type { Evidence, Host, Line, Neighbour } from '../evidence.ts';
import { NotSeen } from '../not-seen.ts';
import { createRedact } from '../redaction.ts';
import { healthOfProbes } from './health.ts';
import { livesOfPod } from './lives.ts';
import { eventsOfPod } from './pod-events.ts';
import { limitsOf, mountsOf, portsOf, programOf } from './pod-spec.ts';
import { type ChosenContainer, chooseContainer, restartsOfPod, stateOfPod } from './pod-status.ts';

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
  const space = `/api/v1/namespaces/${encodeURIComponent(namespace)}`;
  const path = `${space}/pods/${encodeURIComponent(name)}`;
  const pod = objectOf(await lookout.ask({ from: 'kubernetes', as: 'object', path, query: {} }));
  const spec = objectOf(pod['spec']);
  const chosen = chooseContainer(pod, container);
  const redact = createRedact(environmentOf(chosen.spec));
  const around = await askAround(lookout, { space, path, name, node: textOf(spec['nodeName']), chosen, unseen });
  const events = eventsOfPod(around.events, { name, container: chosen.name }, redact);
  const said = (text: string): readonly Line[] => linesOfText(text, redact);
  const restarts = restartsOfPod(pod, chosen);
  if (restarts.count > 1) unseen.push({ what: 'earlier lives', why: `Kubernetes keeps the last end alone, of ${restarts.count}` });
  const health = healthOfProbes(chosen.spec, events, lookout.atMs);
  const program = programOf(pod, chosen.spec);
  const resolvers = textsOf(objectOf(spec['dnsConfig'])['nameservers']);
  return {
    ...{ platform: 'kubernetes', atMs: lookout.atMs, restarts, program, events, unseen },
    subject: {
      ...{ kind: 'pod', name, id: textOf(objectOf(pod['metadata'])['uid']), image: textOf(chosen.spec['image']) },
      ...{ namespace, container: chosen.name },
      ...ownerOf(pod),
    },
    state: stateOfPod(pod, chosen, redact),
    lives: livesOfPod(chosen.status, { events, current: said(around.log), previous: said(around.previousLog), program, redact }),
    ...{ limits: limitsOf(chosen.spec), mounts: mountsOf(spec, chosen.spec), ports: portsOf(chosen.spec) },
    network: { names: [], mode: spec['hostNetwork'] === true ? 'host' : 'pod', resolvers },
    ...(health === undefined ? {} : { health }),
    host: hostOf(textOf(spec['nodeName']), around.node),
    others: neighboursOf(around.pods, name),
  };
}

interface Surroundings {
  readonly space: string;
  readonly path: string;
  readonly name: string;
  readonly node: string;
  readonly chosen: ChosenContainer;
  readonly unseen: { what: string; why: string }[];
}

/** All that is not the pod itself. What cannot be seen is empty, and named. */
async function askAround(lookout: Lookout, { space, path, name, node, chosen, unseen }: Surroundings) {
  const attempt = async (what: string, question: Question): Promise<JsonValue | undefined> => {
    try {
      return await lookout.ask(question);
    } catch (thrown) {
      if (!(thrown instanceof NotSeen)) throw thrown;
      unseen.push({ what, why: thrown.message });
      return undefined;
    }
  };
  const object = (at: string, query: Readonly<Record<string, string>> = {}): Question => ({
    from: 'kubernetes',
    as: 'object',
    path: at,
    query,
  });
  const log = (more: Readonly<Record<string, string>>): Question => {
    const query = { container: chosen.name, tailLines: String(lastLines), timestamps: 'true', ...more };
    return { from: 'kubernetes', as: 'text', path: `${path}/log`, query };
  };
  const hasLast = objectOf(chosen.status['lastState'])['terminated'] !== undefined;
  const hasRun = hasLast || objectOf(chosen.status['state'])['waiting'] === undefined;
  const [events, current, previous, nodeAnswer, pods] = await Promise.all([
    attempt('events', object(`${space}/events`, { fieldSelector: `involvedObject.name=${name}` })),
    hasRun ? attempt('what it says', log({})) : undefined,
    hasLast ? attempt('what it said before', log({ previous: 'true' })) : undefined,
    node === '' ? undefined : attempt('its node', object(`/api/v1/nodes/${encodeURIComponent(node)}`)),
    attempt('other pods', object(`${space}/pods`, { limit: String(mostNeighbours) })),
  ]);
  return {
    events: listOf(objectOf(events)['items']),
    log: textOf(current),
    previousLog: textOf(previous),
    node: objectOf(nodeAnswer),
    pods: listOf(objectOf(pods)['items']),
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
