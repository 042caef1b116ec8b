/**
 * Everything that Docker and the machine beneath it say of one container, as evidence. It looks and changes nothing; what cannot be seen is named.
 *
 * A container that is gone is known by the engine's events and by what somebody has kept of its output.
 */
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { listOf, momentOf, objectOf, textOf } from '../answers.ts';
import type { Lookout } from '../contract.ts';
import type { Evidence, Image, Line, Mount, Neighbour, Program, Usage } from '../evidence.ts';
import { engineFacts, machineFacts, roomAt, type Unseen } from '../host/host-facts.ts';
import { NotSeen } from '../not-seen.ts';
import { createRedact, type Redact } from '../redaction.ts';
import { eventsOf, mergeEvents, storedEvents } from './events.ts';
import { hostPathOf, lookAtMount, programFile, userIdOf } from './files.ts';
import { environmentOf, healthOf, imageOf, limitsOf, mountsOf, networkOf, portsOf, programOf, restartsOf, stateOf } from './inspected.ts';
import { livesOf, type Ticked } from './lives.ts';
import { linesOfFrames, linesOfText } from './output.ts';
import { usageOf } from './usage.ts';

export interface CollectOptions {
  /** As somebody called it: a name or the beginning of an id. */
  readonly container: string;
  /** Output that somebody has kept; then the engine is not asked for it. */
  readonly keptOutput?: string;
  /** Events that somebody has stored, one JSON a line. */
  readonly keptEvents?: string;
}

/** Of all lives together. */
const lastLines = 400;
const mostEventHours = 24 * 30;
const hourMs = 3_600_000;

class Collector {
  readonly lookout: Lookout;
  readonly unseen: { what: string; why: string }[] = [];

  constructor(lookout: Lookout) {
    this.lookout = lookout;
  }

  readonly miss: Unseen = (what, why) => void this.unseen.push({ what, why });

  docker(path: string, query?: Readonly<Record<string, string | number>>): Promise<JsonValue> {
    return this.lookout.ask({ from: 'docker', as: 'object', path, ...(query === undefined ? {} : { query }) });
  }

  /** What it says, or undefined and a word about it. */
  async attempt<Value>(what: string, look: () => Promise<Value>): Promise<Value | undefined> {
    try {
      return await look();
    } catch (thrown) {
      if (!(thrown instanceof NotSeen)) throw thrown;
      this.miss(what, thrown.message);
      return undefined;
    }
  }
}

/** @throws NotSeen `missing` where neither the engine nor a file knows of it */
export async function collectContainer(lookout: Lookout, options: CollectOptions): Promise<Evidence> {
  const collector = new Collector(lookout);
  let inspected: JsonObject;
  try {
    inspected = objectOf(await collector.docker(`/containers/${encodeURIComponent(options.container)}/json`));
  } catch (thrown) {
    if (thrown instanceof NotSeen && thrown.reason === 'missing') return collectGone(collector, options, thrown);
    throw thrown;
  }
  const redact = createRedact(environmentOf(inspected));
  const id = textOf(inspected['Id']);
  const image = await imageFacts(collector, textOf(inspected['Image']));
  const [events, lines, usage, info, neighbours] = await Promise.all([
    readEvents(collector, { id, name: options.container, redact, kept: options.keptEvents }),
    readLines(collector, { inspected, id, redact, kept: options.keptOutput }),
    readUsage(collector, inspected, id),
    collector.attempt('the engine', () => collector.docker('/info')),
    readNeighbours(collector, id),
  ]);
  const host = objectOf(info);
  const isHere = await sharesMachine(collector, host, id);
  const [program, mounts, facts] = await Promise.all([
    readProgram(collector, { inspected, id, redact, image }),
    readMounts(collector, { inspected, id, isHere }),
    readHost(collector, { inspected, info: host, isHere }),
  ]);
  const health = healthOf(inspected, redact);
  const started = events.filter(({ action }) => action === 'start').length;
  const restarts = restartsOf(inspected);
  // One that waits for its next start has been counted already.
  const starts = restarts.count + (objectOf(inspected['State'])['Restarting'] === true ? 0 : 1);
  if (started > 0 && starts > started) collector.miss('earlier lives', `the engine remembers ${started} of ${starts} starts`);
  return {
    ...{ platform: 'docker', atMs: lookout.atMs, restarts, program, mounts, events, host: facts, others: neighbours },
    subject: {
      ...{ kind: 'container', id, image: textOf(objectOf(inspected['Config'])['Image']) },
      name: textOf(inspected['Name']).replace(/^\//, ''),
    },
    ...{ state: stateOf(inspected, redact), limits: limitsOf(inspected), ports: portsOf(inspected), network: networkOf(inspected) },
    lives: livesOf({ events, inspected, lines, usage, atMs: lookout.atMs }),
    ...(image === undefined ? {} : { image }),
    ...(usage === undefined ? {} : { usage }),
    ...(health === undefined ? {} : { health }),
    unseen: collector.unseen,
  };
}

async function collectGone(collector: Collector, options: CollectOptions, missing: NotSeen): Promise<Evidence> {
  const { container: name, keptOutput, keptEvents } = options;
  const redact = createRedact([]);
  const answer = await askEvents(collector, name);
  const found = eventsOf([...listOf(answer), ...(keptEvents === undefined ? [] : listOf(storedEvents(keptEvents)))], { name }, redact);
  const lines = keptOutput === undefined ? [] : linesOfText(keptOutput, redact);
  if (found.events.length === 0 && lines.length === 0) throw missing;
  collector.miss('its settings, mounts and limits', 'the container is gone');
  if (keptOutput === undefined) collector.miss('what it said', 'the container is gone; --logs FILE takes what was kept of it');
  const [info, others] = await Promise.all([
    collector.attempt('the engine', () => collector.docker('/info')),
    readNeighbours(collector, found.id ?? ''),
  ]);
  return {
    ...{ platform: 'docker', atMs: collector.lookout.atMs, mounts: [], ports: [], limits: {}, events: found.events, others },
    subject: { kind: 'container', name, id: found.id ?? '', image: found.image ?? '' },
    state: { status: 'gone' },
    restarts: { count: Math.max(0, found.events.filter(({ action }) => action === 'start').length - 1), policy: 'no' },
    lives: livesOf({ events: found.events, inspected: undefined, lines, usage: undefined, atMs: collector.lookout.atMs }),
    program: {
      ...{ entrypoint: [], command: [], user: '', workingDirectory: '/', environmentNames: [], wantedPorts: [] },
      ...{ hasInit: false, stopSignal: 'SIGTERM', stopTimeoutMs: 10_000, readOnlyRoot: false },
    },
    network: { names: [], mode: '', resolvers: [] },
    host: { ...engineFacts(objectOf(info)), kernel: [], listeners: [] },
    unseen: collector.unseen,
  };
}

async function askEvents(collector: Collector, container: string): Promise<JsonValue> {
  const untilMs = collector.lookout.atMs;
  const seconds = (atMs: number): string => (atMs / 1000).toFixed(3);
  const filters = JSON.stringify({ type: ['container'], container: [container] });
  const query = { since: seconds(untilMs - mostEventHours * hourMs), until: seconds(untilMs), filters };
  const answer = await collector.attempt('events', () => collector.lookout.ask({ from: 'docker', as: 'objects', path: '/events', query }));
  return answer ?? [];
}

async function readEvents(
  collector: Collector,
  { id, name, redact, kept }: { readonly id: string; readonly name: string; readonly redact: Redact; readonly kept: string | undefined },
): Promise<readonly Ticked[]> {
  const { events } = eventsOf(await askEvents(collector, id), { id, name }, redact);
  return kept === undefined ? events : mergeEvents(eventsOf(storedEvents(kept), { id, name }, redact).events, events);
}

interface ReadLines {
  readonly inspected: JsonObject;
  readonly id: string;
  readonly redact: Redact;
  readonly kept: string | undefined;
}

async function readLines(collector: Collector, { inspected, id, redact, kept }: ReadLines): Promise<readonly Line[]> {
  if (kept !== undefined) return linesOfText(kept, redact).slice(-lastLines);
  const hasTerminal = objectOf(inspected['Config'])['Tty'] === true;
  // No further than the events: else the words of a life that began since would be given to the one before.
  const query = { stdout: 1, stderr: 1, timestamps: 1, tail: lastLines, until: (collector.lookout.atMs / 1000).toFixed(3) };
  const path = `/containers/${id}/logs`;
  const answer = await collector.attempt('what it said', () =>
    collector.lookout.ask({ from: 'docker', as: hasTerminal ? 'text' : 'frames', path, query }),
  );
  if (answer === undefined) return [];
  return hasTerminal ? linesOfText(textOf(answer), redact) : linesOfFrames(answer, redact);
}

async function readUsage(collector: Collector, inspected: JsonObject, id: string): Promise<Usage | undefined> {
  const { Running, Paused, Restarting } = objectOf(inspected['State']);
  if (Running !== true || Paused === true || Restarting === true) return undefined;
  const answer = await collector.attempt('what it uses', () => collector.docker(`/containers/${id}/stats`, { stream: 'false' }));
  return answer === undefined ? undefined : usageOf(answer);
}

async function imageFacts(collector: Collector, image: string): Promise<Image | undefined> {
  const answer = await collector.attempt('its image', () => collector.docker(`/images/${image}/json`));
  return answer === undefined ? undefined : imageOf(objectOf(answer));
}

async function readNeighbours(collector: Collector, id: string): Promise<readonly Neighbour[]> {
  const answer = await collector.attempt('other containers', () => collector.docker('/containers/json', { all: 'true' }));
  return listOf(answer)
    .map(objectOf)
    .filter(({ Id }) => Id !== id)
    .map((each) => ({
      name: textOf(listOf(each['Names'])[0]).replace(/^\//, ''),
      image: textOf(each['Image']),
      status: textOf(each['State']),
      says: textOf(each['Status']),
      hostPorts: [...new Set(listOf(each['Ports']).flatMap((port) => Number(objectOf(port)['PublicPort'] ?? 0) || []))],
      networks: Object.keys(objectOf(objectOf(each['NetworkSettings'])['Networks'])),
    }));
}

interface ReadProgram {
  readonly inspected: JsonObject;
  readonly id: string;
  readonly redact: Redact;
  readonly image: Image | undefined;
}

async function readProgram(collector: Collector, { inspected, id, redact }: ReadProgram): Promise<Program> {
  const files = { lookout: collector.lookout, containerId: id };
  const program = programOf(inspected, redact);
  const file = await collector.attempt('the file that it starts', () => programFile(files, program, environmentOf(inspected)));
  const userId = program.userId ?? (await collector.attempt('its user', () => userIdOf(files, program.user)));
  return { ...program, ...(file === undefined ? {} : { file }), ...(userId === undefined ? {} : { userId }) };
}

/** Whether what is a path of the engine is one here: through a socket that is passed on, or over a network, it is not. */
async function sharesMachine(collector: Collector, info: JsonObject, id: string): Promise<boolean> {
  const path = `${textOf(info['DockerRootDir'])}/containers/${id}`;
  try {
    await collector.lookout.ask({ from: 'host', as: 'stat', path });
    return true;
  } catch (thrown) {
    if (!(thrown instanceof NotSeen)) throw thrown;
    // Whoever may not look there is on the same machine; where there is no such folder it is another one.
    return thrown.reason === 'forbidden';
  }
}

async function readMounts(
  collector: Collector,
  { inspected, id, isHere }: { readonly inspected: JsonObject; readonly id: string; readonly isHere: boolean },
): Promise<readonly Mount[]> {
  const files = { lookout: collector.lookout, containerId: id };
  const pid = Number(objectOf(inspected['State'])['Pid'] ?? 0);
  return Promise.all(
    mountsOf(inspected).map(async (mount) => {
      const seen = (await collector.attempt(`the mount ${mount.target}`, () => lookAtMount(files, mount))) ?? mount;
      if (!isHere) return seen;
      const path =
        mount.kind === 'tmpfs' ? (pid > 0 ? `/proc/${pid}/root${mount.target}` : undefined) : hostPathOf(inspected, mount.target);
      const room = path === undefined ? undefined : await roomAt(collector.lookout, path);
      return room === undefined ? seen : { ...seen, room };
    }),
  );
}

async function readHost(
  collector: Collector,
  { inspected, info, isHere }: { readonly inspected: JsonObject; readonly info: JsonObject; readonly isHere: boolean },
): Promise<Evidence['host']> {
  const facts = engineFacts(info);
  if (!isHere) {
    collector.miss('the machine of Docker', 'it is another one than this program runs on');
    return { ...facts, kernel: [], listeners: [] };
  }
  const sinceMs = momentOf(inspected['Created']) ?? 0;
  const ports = portsOf(inspected).flatMap(({ hostPort }) => hostPort ?? []);
  const machine = await machineFacts(collector.lookout, { sinceMs, ports, unseen: collector.miss });
  const room = facts.root === undefined ? undefined : await roomAt(collector.lookout, facts.root.path);
  return { ...facts, ...machine, ...(facts.root === undefined || room === undefined ? {} : { root: { ...facts.root, room } }) };
}
