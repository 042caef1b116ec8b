/** Puts answers of Docker, Kubernetes and systemd together from what a published report says of them. Times count in seconds from the start of a case. */
import type { JsonObject, JsonValue } from '../../../packages/server/src/core/json.ts';
import type { Answer, Case, Half } from '../case.ts';

export interface Basics {
  readonly name: string;
  readonly half?: Half;
  readonly causes: readonly string[];
  /** Where the form was published. */
  readonly from: string;
  readonly note?: string;
}

export interface ConstructedLife {
  readonly start: number;
  readonly lasts?: number;
  readonly exitCode?: number;
  readonly outOfMemory?: boolean;
  readonly kills?: readonly { readonly at: number; readonly signal: number }[];
  /** Evenly over its time. */
  readonly lines?: readonly string[];
}

export interface ConstructedContainer extends Basics {
  readonly lives: readonly ConstructedLife[];
  readonly state?: JsonObject;
  readonly host?: JsonObject;
  readonly config?: JsonObject;
  readonly imageArchitecture?: string;
  readonly others?: readonly { readonly name: string; readonly state: string; readonly status: string; readonly image?: string }[];
  /** Seconds from the start of the case, and the words of the kernel. */
  readonly kernel?: readonly (readonly [number, string])[];
  readonly stats?: JsonObject;
  /** When it is looked at. */
  readonly at: number;
}

const beginMs = Date.parse('2026-11-02T02:00:00Z');
const id = 'c0de00000001';
const bootSeconds = 100_000;

function moment(seconds: number): string {
  return new Date(beginMs + seconds * 1000).toISOString();
}

function subjectOf({ name, half = 'design', causes, from, note }: Basics) {
  return { name, form: 'constructed', half, causes, from, ...(note === undefined ? {} : { note }) } as const;
}

export function container(wish: ConstructedContainer): Case {
  const last = wish.lives.at(-1);
  const isOver = last?.exitCode !== undefined;
  const inspected: JsonObject = {
    Id: id,
    Created: moment(-1),
    Name: '/app',
    Image: 'sha256:app',
    RestartCount: Math.max(0, wish.lives.length - 1),
    State: {
      ...{ Status: isOver ? 'restarting' : 'running', Running: true, Restarting: isOver, OOMKilled: last?.outOfMemory ?? false, Error: '' },
      ...{ Pid: isOver ? 0 : 4711, ExitCode: last?.exitCode ?? 0, StartedAt: moment(last?.start ?? 0) },
      FinishedAt: last?.lasts === undefined ? '0001-01-01T00:00:00Z' : moment(last.start + last.lasts),
      ...wish.state,
    },
    HostConfig: { RestartPolicy: { Name: 'always', MaximumRetryCount: 0 }, NetworkMode: 'default', ...wish.host },
    Config: { Image: 'registry.example.org/app:3.1', Cmd: ['node', 'server.js'], Env: ['NODE_ENV=production'], ...wish.config },
    Mounts: [],
    NetworkSettings: { Ports: {}, Networks: { bridge: {} } },
  };
  const docker = (as: 'object' | 'objects' | 'frames', path: string, answer: JsonValue): Answer => ({
    question: { from: 'docker', as, path },
    answer,
  });
  const host = (as: 'text' | 'stat', path: string, answer: JsonValue): Answer => ({ question: { from: 'host', as, path }, answer });
  const kernel = (wish.kernel ?? []).map(([at, text]) => `4,${Math.round(at * 10)},${Math.round((bootSeconds + at) * 1e6)},-;${text}`);
  return {
    ...subjectOf(wish),
    atMs: beginMs + wish.at * 1000,
    subject: { kind: 'container', name: 'app' },
    answers: [
      docker('object', '/containers/app/json', inspected),
      docker('object', '/images/sha256:app/json', { Architecture: wish.imageArchitecture ?? 'amd64', Os: 'linux', Config: {} }),
      docker('objects', '/events', wish.lives.flatMap(eventsOf)),
      docker('frames', `/containers/${id}/logs`, wish.lives.flatMap(framesOf)),
      docker('object', '/info', {
        Name: 'host',
        Architecture: 'x86_64',
        NCPU: 4,
        MemTotal: 8 * 2 ** 30,
        DockerRootDir: '/var/lib/docker',
        CgroupVersion: '2',
      }),
      docker('object', '/containers/json', (wish.others ?? []).map(neighbour)),
      ...(wish.stats === undefined ? [] : [docker('object', `/containers/${id}/stats`, wish.stats)]),
      host('stat', `/var/lib/docker/containers/${id}`, { uid: 0, gid: 0, mode: 0o710, isDirectory: true }),
      host('text', '/dev/kmsg', kernel.join('\n')),
      host('text', '/proc/uptime', `${bootSeconds + wish.at}.00 1.00\n`),
      host('text', '/proc/meminfo', 'MemTotal:        8145936 kB\nMemAvailable:     412344 kB\n'),
    ],
  };
}

function neighbour({ name, state, status, image = name }: NonNullable<ConstructedContainer['others']>[number], index: number): JsonObject {
  return {
    Id: `c0de${String(index + 2).padStart(8, '0')}`,
    Names: [`/${name}`],
    Image: image,
    State: state,
    Status: status,
    Ports: [],
    NetworkSettings: { Networks: { bridge: {} } },
  };
}

function eventsOf({ start, lasts, exitCode, outOfMemory, kills = [] }: ConstructedLife): JsonValue[] {
  const event = (at: number, action: string, attributes: JsonObject = {}): JsonObject => ({
    Action: action,
    Actor: { ID: id, Attributes: { name: 'app', image: 'registry.example.org/app:3.1', ...attributes } },
    timeNano: (beginMs + at * 1000) * 1e6,
  });
  const end = start + (lasts ?? 0);
  return [
    event(start, 'start'),
    ...(outOfMemory === true ? [event(end - 0.05, 'oom')] : []),
    ...kills.map(({ at, signal }) => event(at, 'kill', { signal: String(signal) })),
    ...(exitCode === undefined ? [] : [event(end, 'die', { exitCode: String(exitCode) })]),
  ];
}

function framesOf({ start, lasts, lines = [], exitCode }: ConstructedLife): JsonValue[] {
  const step = (lasts ?? 1) / (lines.length + (exitCode === undefined ? 1 : 0.2));
  return lines.map((text, index) => ({ stream: 'stderr', text: `${moment(start + step * (index + 0.2))} ${text}\n` }));
}

export interface ConstructedPod extends Basics {
  readonly spec?: JsonObject;
  readonly container?: JsonObject;
  readonly status?: JsonObject;
  readonly containerStatus?: JsonObject;
  readonly events?: readonly { readonly at: number; readonly reason: string; readonly message: string; readonly count?: number }[];
  readonly log?: readonly string[];
  readonly previousLog?: readonly string[];
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message: string }[];
  readonly others?: readonly JsonObject[];
  readonly at: number;
}

const podName = 'app-6d5f9c7b8-x2k4p';
const podPath = `/api/v1/namespaces/prod/pods/${podName}`;

export function pod(wish: ConstructedPod): Case {
  const image = 'registry.example.org/app:3.1';
  const object: JsonObject = {
    metadata: {
      name: podName,
      namespace: 'prod',
      uid: 'c0de-1',
      creationTimestamp: moment(0),
      ownerReferences: [{ kind: 'ReplicaSet', name: 'app-6d5f9c7b8', controller: true }],
    },
    spec: {
      nodeName: 'node-1',
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      ...wish.spec,
      containers: [{ name: 'app', image, ...wish.container }],
    },
    status: {
      phase: 'Running',
      ...wish.status,
      ...(wish.containerStatus === undefined
        ? {}
        : { containerStatuses: [{ name: 'app', image, ready: false, restartCount: 0, ...wish.containerStatus }] }),
    },
  };
  const ask = (path: string, answer: JsonValue): Answer => ({ question: { from: 'kubernetes', as: 'object', path }, answer });
  const log = (lines: readonly string[], previous: boolean): Answer => {
    const query = { container: 'app', tailLines: '200', timestamps: 'true', ...(previous ? { previous: 'true' } : {}) };
    return { question: { from: 'kubernetes', as: 'text', path: `${podPath}/log`, query }, answer: lines.join('\n') };
  };
  return {
    ...subjectOf(wish),
    atMs: beginMs + wish.at * 1000,
    subject: { kind: 'pod', namespace: 'prod', name: podName },
    answers: [
      ask(podPath, object),
      ask('/api/v1/namespaces/prod/events', { items: (wish.events ?? []).map(podEvent) }),
      ask('/api/v1/nodes/node-1', { status: { nodeInfo: { architecture: 'amd64' }, conditions: [...(wish.conditions ?? wellNode)] } }),
      ask('/api/v1/namespaces/prod/pods', { items: [object, ...(wish.others ?? [])] }),
      log(wish.log ?? wish.previousLog ?? [], false),
      log(wish.previousLog ?? wish.log ?? [], true),
    ],
  };
}

const wellNode = ['MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => ({
  type,
  status: 'False',
  message: 'kubelet has no such pressure',
}));

function podEvent({ at, reason, message, count = 1 }: NonNullable<ConstructedPod['events']>[number]): JsonObject {
  return {
    metadata: { creationTimestamp: moment(at) },
    involvedObject: { kind: 'Pod', name: podName },
    reason,
    message,
    count,
    firstTimestamp: moment(at),
    lastTimestamp: moment(at),
    type: 'Warning',
  };
}

export function terminated(wish: {
  readonly start: number;
  readonly end: number;
  readonly exitCode: number;
  readonly reason?: string;
  readonly message?: string;
}): JsonObject {
  const { start, end, exitCode, reason = exitCode === 0 ? 'Completed' : 'Error', message } = wish;
  return {
    terminated: { exitCode, reason, startedAt: moment(start), finishedAt: moment(end), ...(message === undefined ? {} : { message }) },
  };
}

export const backOff: JsonObject = {
  waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s restarting failed container=app pod=app-6d5f9c7b8-x2k4p_prod(c0de-1)' },
};

export function running(start: number): JsonObject {
  return { running: { startedAt: moment(start) } };
}

/** Lines as `?timestamps=true` gives them. */
export function stamped(from: number, to: number, lines: readonly string[]): readonly string[] {
  return lines.map((text, index) => `${moment(from + ((to - from) * (index + 1)) / (lines.length + 0.2))} ${text}`);
}

export interface ConstructedUnit extends Basics {
  readonly properties: Readonly<Record<string, string>>;
  /** Seconds, who says it, and what. */
  readonly journal: readonly (readonly [number, 'systemd' | 'program', string])[];
  readonly at: number;
}

export function unit(wish: ConstructedUnit): Case {
  const properties = {
    Id: 'openclaw-gateway.service',
    LoadState: 'loaded',
    Restart: 'always',
    StartLimitBurst: '5',
    StartLimitIntervalUSec: '10s',
    TimeoutStopUSec: '1min 30s',
    ...wish.properties,
  };
  const journal = wish.journal.map(([at, who, text]) =>
    JSON.stringify({
      __REALTIME_TIMESTAMP: String((beginMs + at * 1000) * 1000),
      SYSLOG_IDENTIFIER: who === 'systemd' ? 'systemd' : 'node',
      _PID: who === 'systemd' ? '1' : '4711',
      MESSAGE: text,
    }),
  );
  const path = 'openclaw-gateway.service';
  return {
    ...subjectOf(wish),
    atMs: beginMs + wish.at * 1000,
    subject: { kind: 'unit', name: path },
    answers: [
      {
        question: { from: 'systemd', as: 'properties', path },
        answer: Object.entries(properties)
          .map(([name, value]) => `${name}=${value}`)
          .join('\n'),
      },
      { question: { from: 'systemd', as: 'journal', path }, answer: journal.join('\n') },
    ],
  };
}
