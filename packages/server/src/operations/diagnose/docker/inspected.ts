/** What `docker inspect` says of a container and its image, as evidence. It asks nothing. */
import { constants } from 'node:os';
import type { JsonObject } from '../../../core/json.ts';
import { listOf, momentOf, objectOf, positiveOf, textOf, textsOf } from '../answers.ts';
import type { Evidence, Health, Image, Limits, Mount, Port, Program, RestartPolicy, State } from '../evidence.ts';
import { type Redact, redactWords } from '../redaction.ts';

const nanosecondsPerMillisecond = 1e6;
const statuses = ['created', 'running', 'restarting', 'paused', 'exited', 'dead'] as const;
const policies: readonly RestartPolicy[] = ['no', 'always', 'on-failure', 'unless-stopped'];
/** Kept of the output of a check. */
const mostOutputCharacters = 600;

export function environmentOf(inspected: JsonObject): readonly string[] {
  return textsOf(objectOf(inspected['Config'])['Env']);
}

export function stateOf(inspected: JsonObject, redact: Redact): State {
  const state = objectOf(inspected['State']);
  const status = statuses.find((each) => each === state['Status']) ?? 'exited';
  const error = redact(textOf(state['Error']).trim());
  const pid = positiveOf(state['Pid']);
  const { ExitCode: exitCode } = state;
  return {
    status,
    ...(error === '' ? {} : { error }),
    // Of one that runs it is zero, whatever the last life ended with.
    ...(typeof exitCode === 'number' && status !== 'running' && status !== 'paused' ? { exitCode } : {}),
    ...(pid === undefined ? {} : { pid }),
  };
}

export function restartsOf(inspected: JsonObject): Evidence['restarts'] {
  const { Name, MaximumRetryCount } = objectOf(objectOf(inspected['HostConfig'])['RestartPolicy']);
  const most = positiveOf(MaximumRetryCount);
  return {
    count: positiveOf(inspected['RestartCount']) ?? 0,
    policy: policies.find((each) => each === Name) ?? 'no',
    ...(most === undefined ? {} : { most }),
  };
}

export function programOf(inspected: JsonObject, redact: Redact): Program {
  const config = objectOf(inspected['Config']);
  const host = objectOf(inspected['HostConfig']);
  const environment = environmentOf(inspected).map((variable) => {
    const [name = '', ...value] = variable.split('=');
    return { name, value: value.join('=') };
  });
  const heapMebibytes = environment.map(({ value }) => /--max[-_]old[-_]space[-_]size[= ](\d+)/.exec(value)?.[1]).find(Boolean);
  const inCommand = /--max[-_]old[-_]space[-_]size[= ](\d+)/.exec([...textsOf(config['Entrypoint']), ...textsOf(config['Cmd'])].join(' '));
  const heap = Number(inCommand?.[1] ?? heapMebibytes ?? 0);
  const user = textOf(config['User']);
  const numeric = /^(\d+)(?::|$)/.exec(user)?.[1];
  return {
    entrypoint: redactWords(textsOf(config['Entrypoint']), redact),
    command: redactWords(textsOf(config['Cmd']), redact),
    user,
    ...(user === '' || user === 'root' ? { userId: 0 } : numeric === undefined ? {} : { userId: Number(numeric) }),
    workingDirectory: textOf(config['WorkingDir']) || '/',
    environmentNames: environment.map(({ name }) => name),
    ...(heap > 0 ? { heapLimitBytes: heap * 2 ** 20 } : {}),
    wantedPorts: environment.flatMap(({ name, value }) => (/(^|_)PORT$/.test(name) && /^\d{1,5}$/.test(value) ? [Number(value)] : [])),
    hasInit: host['Init'] === true,
    stopSignal: textOf(config['StopSignal']) || 'SIGTERM',
    stopTimeoutMs: (positiveOf(config['StopTimeout']) ?? 10) * 1000,
    readOnlyRoot: host['ReadonlyRootfs'] === true,
  };
}

export function limitsOf(inspected: JsonObject): Limits {
  const host = objectOf(inspected['HostConfig']);
  const memoryBytes = positiveOf(host['Memory']);
  const quota = positiveOf(host['CpuQuota']);
  const nano = positiveOf(host['NanoCpus']);
  const cpuCores = nano === undefined ? quota && quota / (positiveOf(host['CpuPeriod']) ?? 100_000) : nano / 1e9;
  const processes = positiveOf(host['PidsLimit']);
  const files = listOf(host['Ulimits'])
    .map(objectOf)
    .find(({ Name }) => Name === 'nofile');
  const openFiles = positiveOf(files?.['Soft']);
  return {
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(cpuCores === undefined ? {} : { cpuCores }),
    ...(processes === undefined ? {} : { processes }),
    ...(openFiles === undefined ? {} : { openFiles }),
  };
}

/** Without what only the host or the engine's archive knows. */
export function mountsOf(inspected: JsonObject): readonly Mount[] {
  const mounts = listOf(inspected['Mounts']).map((each): Mount => {
    const { Type, Name, Source, Destination, RW } = objectOf(each);
    const kind = Type === 'bind' || Type === 'volume' || Type === 'tmpfs' ? Type : 'other';
    const source = kind === 'volume' ? textOf(Name) : textOf(Source);
    return { kind, source, target: textOf(Destination), readOnly: RW === false };
  });
  const tmpfs = Object.keys(objectOf(objectOf(inspected['HostConfig'])['Tmpfs'])).map((target): Mount => ({
    kind: 'tmpfs',
    source: '',
    target,
    readOnly: false,
  }));
  return [...mounts, ...tmpfs.filter(({ target }) => !mounts.some((mount) => mount.target === target))];
}

/** As it was wished: of one that does not run the engine knows no others. */
export function portsOf(inspected: JsonObject): readonly Port[] {
  const bindings = objectOf(objectOf(inspected['HostConfig'])['PortBindings']);
  const published = Object.entries(bindings).flatMap(([name, wishes]) =>
    listOf(wishes).map((each): Port => {
      const { HostIp, HostPort } = objectOf(each);
      const hostPort = Number(textOf(HostPort) || 0);
      return {
        ...exposed(name),
        ...(textOf(HostIp) === '' ? {} : { hostAddress: textOf(HostIp) }),
        ...(hostPort > 0 ? { hostPort } : {}),
      };
    }),
  );
  const inside = Object.keys(objectOf(objectOf(inspected['Config'])['ExposedPorts'])).map(exposed);
  return [...published, ...inside.filter((port) => !published.some(({ containerPort }) => containerPort === port.containerPort))];
}

function exposed(name: string): Port {
  const [port = '', protocol = 'tcp'] = name.split('/');
  return { containerPort: Number(port), protocol };
}

export function networkOf(inspected: JsonObject): Evidence['network'] {
  const host = objectOf(inspected['HostConfig']);
  return {
    names: Object.keys(objectOf(objectOf(inspected['NetworkSettings'])['Networks'])),
    mode: textOf(host['NetworkMode']),
    resolvers: textsOf(host['Dns']),
  };
}

export function healthOf(inspected: JsonObject, redact: Redact): Health | undefined {
  const check = objectOf(objectOf(inspected['Config'])['Healthcheck']);
  const [kind, ...words] = textsOf(check['Test']);
  if (kind === undefined || kind === 'NONE') return undefined;
  const { Status, FailingStreak, Log } = objectOf(objectOf(inspected['State'])['Health']);
  const duration = (name: string, otherwise: number): number =>
    (positiveOf(check[name]) ?? otherwise * nanosecondsPerMillisecond) / nanosecondsPerMillisecond;
  const status = (['starting', 'healthy', 'unhealthy'] as const).find((each) => each === Status) ?? 'none';
  return {
    kind: 'healthcheck',
    check: redact(words.join(' ')),
    status,
    intervalMs: duration('Interval', 30_000),
    timeoutMs: duration('Timeout', 30_000),
    startPeriodMs: duration('StartPeriod', 0),
    retries: positiveOf(check['Retries']) ?? 3,
    failingStreak: positiveOf(FailingStreak) ?? 0,
    results: listOf(Log).map((each) => {
      const { Start, End, ExitCode, Output } = objectOf(each);
      const startedAtMs = momentOf(Start) ?? 0;
      return {
        startedAtMs,
        endedAtMs: momentOf(End) ?? startedAtMs,
        exitCode: typeof ExitCode === 'number' ? ExitCode : 0,
        output: redact(textOf(Output)).slice(0, mostOutputCharacters).trim(),
      };
    }),
  };
}

export function imageOf(inspected: JsonObject): Image {
  const config = objectOf(inspected['Config']);
  return {
    architecture: textOf(inspected['Architecture']),
    os: textOf(inspected['Os']),
    user: textOf(config['User']),
    entrypoint: textsOf(config['Entrypoint']),
    command: textsOf(config['Cmd']),
    exposedPorts: Object.keys(objectOf(config['ExposedPorts'])).map((name) => exposed(name).containerPort),
  };
}

/** By its name; `docker events` says it as a number. */
export function signalName(signal: number | string): string {
  const number = Number(signal);
  if (Number.isNaN(number)) return String(signal);
  return Object.entries(constants.signals).find(([, each]) => each === number)?.[0] ?? `signal ${number}`;
}
