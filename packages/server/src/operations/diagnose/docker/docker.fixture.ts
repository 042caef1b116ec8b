/** Answers of a Docker Engine as it gives them, for tests: a container of which each says what is other than usual. */
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import type { Lookout } from '../contract.ts';
import { NotSeen } from '../not-seen.ts';

export const lookedAtMs = Date.parse('2026-03-01T02:14:09.000Z');
export const containerId = '5d8a70c5e511a3f2b1c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7080910';

export interface FakeDocker {
  readonly name?: string;
  readonly state?: JsonObject;
  readonly config?: JsonObject;
  readonly hostConfig?: JsonObject;
  readonly mounts?: JsonValue[];
  readonly restartCount?: number;
  /** Milliseconds before the look, action, attributes. */
  readonly events?: readonly (readonly [number, string, Readonly<Record<string, string>>?])[];
  /** Milliseconds before the look, and what was said. */
  readonly lines?: readonly (readonly [number, string])[];
  /** By what the question asks for: the path of Docker or of the host, and of an archive the path in the container. `null` says that there is none. */
  readonly answers?: Readonly<Record<string, JsonValue>>;
  readonly isGone?: boolean;
}

export function ago(ms: number): string {
  return new Date(lookedAtMs - ms).toISOString();
}

/** Every question that was asked comes to `asked`. */
export function fakeDocker(fake: FakeDocker, asked: string[] = []): Lookout {
  const { name = 'web', answers = {} } = fake;
  const usual: Readonly<Record<string, JsonValue>> = {
    [`/containers/${name}/json`]: fake.isGone === true ? null : inspected(fake),
    [`/containers/${containerId}/logs`]: (fake.lines ?? []).map(([ms, text]) => ({ stream: 'stderr', text: `${ago(ms)} ${text}\n` })),
    '/events': (fake.events ?? []).map(([ms, Action, attributes = {}]) => ({
      ...{ Type: 'container', Action, timeNano: (lookedAtMs - ms) * 1e6 },
      Actor: { ID: containerId, Attributes: { name, image: 'shop:3.1', ...attributes } },
    })),
    '/containers/json': [],
    '/info': {
      Name: 'machine',
      Architecture: 'x86_64',
      NCPU: 4,
      MemTotal: 8 * 2 ** 30,
      DockerRootDir: '/var/lib/docker',
      CgroupVersion: '2',
    },
    '/images/sha256:shop/json': { Architecture: 'amd64', Os: 'linux', Config: { User: '', Entrypoint: null, Cmd: ['node', 'server.js'] } },
    [`/var/lib/docker/containers/${containerId}`]: { uid: 0, gid: 0, mode: 0o710, isDirectory: true },
    '/var/lib/docker': { freeBytes: 40 * 2 ** 30, totalBytes: 100 * 2 ** 30, freeInodes: 9e6, totalInodes: 1e7 },
    '/proc/meminfo': 'MemTotal: 8388608 kB\nMemAvailable:    4194304 kB\n',
    '/proc/uptime': '86400.00 86400.00\n',
    '/dev/kmsg': '',
  };
  const known = { ...usual, ...answers };
  return {
    atMs: lookedAtMs,
    async ask(question) {
      const isEntry = question.from === 'docker' && question.as === 'entry';
      const key = isEntry ? String(question.query?.['path']) : question.path;
      asked.push(key);
      const answer = Object.hasOwn(known, key) ? known[key] : undefined;
      if (answer === undefined || (answer === null && !isEntry)) throw new NotSeen('missing', `no such thing: ${key}`);
      return answer;
    },
  };
}

function inspected({ name = 'web', state = {}, config = {}, hostConfig = {}, mounts = [], restartCount = 0 }: FakeDocker): JsonObject {
  return {
    ...{ Id: containerId, Name: `/${name}`, Created: ago(3_600_000), Image: 'sha256:shop', RestartCount: restartCount, Mounts: mounts },
    State: {
      ...{ Status: 'running', Running: true, Paused: false, Restarting: false, OOMKilled: false, Pid: 4711, ExitCode: 0, Error: '' },
      ...{ StartedAt: ago(1000), FinishedAt: '0001-01-01T00:00:00Z' },
      ...state,
    },
    Config: {
      Image: 'shop:3.1',
      Env: ['PATH=/usr/bin:/bin'],
      Cmd: ['node', 'server.js'],
      Entrypoint: null,
      User: '',
      WorkingDir: '/app',
      ...config,
    },
    HostConfig: {
      RestartPolicy: { Name: 'always', MaximumRetryCount: 0 },
      NetworkMode: 'bridge',
      PortBindings: {},
      Memory: 0,
      ...hostConfig,
    },
    NetworkSettings: { Networks: { bridge: {} } },
  };
}
