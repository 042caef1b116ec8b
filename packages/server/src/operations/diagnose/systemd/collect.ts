/** What systemd and its journal say of one service, as evidence: also of one that systemd has given up. It looks and changes nothing. */
import { isJsonObject, parseObject, type JsonObject } from '../../../core/json.ts';
import { textOf } from '../answers.ts';
import type { Lookout } from '../contract.ts';
import { signalName } from '../docker/inspected.ts';
import type { Evidence, Life, Line, RestartPolicy, State } from '../evidence.ts';
import { NotSeen } from '../not-seen.ts';
import { createRedact, type Redact } from '../redaction.ts';

const linesOfLife = 50;
const mostLives = 20;
const signalBase = 128;
const codes = { exited: '1', killed: '2', dumped: '3' };

type Properties = ReadonlyMap<string, string>;

/** @throws NotSeen `missing` where systemd knows of no such unit */
export async function collectUnit(lookout: Lookout, { name }: { readonly name: string }): Promise<Evidence> {
  const properties = propertiesOf(textOf(await lookout.ask({ from: 'systemd', as: 'properties', path: name })));
  if (properties.get('LoadState') === 'not-found') throw new NotSeen('missing', `systemd knows of no ${name}`);
  const unseen: { what: string; why: string }[] = [];
  const redact = createRedact((properties.get('Environment') ?? '').split(' '));
  let entries: readonly JsonObject[] = [];
  try {
    entries = entriesOf(textOf(await lookout.ask({ from: 'systemd', as: 'journal', path: name })));
  } catch (thrown) {
    if (!(thrown instanceof NotSeen)) throw thrown;
    unseen.push({ what: 'its journal', why: thrown.message });
  }
  const count = Number(properties.get('NRestarts') ?? 0);
  const lives = livesOfUnit(properties, entries, redact);
  const limit = Number(properties.get('MemoryMax') ?? Number.NaN);
  const burst = Number(properties.get('StartLimitBurst') ?? 0);
  const intervalMs = microseconds(properties.get('StartLimitIntervalUSec'));
  return {
    ...{ platform: 'systemd', atMs: lookout.atMs, lives, unseen },
    subject: { kind: 'unit', name, id: '', image: '' },
    state: stateOf(properties),
    restarts: { count, policy: policies[properties.get('Restart') ?? ''] ?? 'no' },
    program: {
      entrypoint: [/path=(?<path>[^ ;]+)/.exec(properties.get('ExecStart') ?? '')?.groups?.['path'] ?? ''].filter((path) => path !== ''),
      ...{ command: [], user: properties.get('User') ?? '', workingDirectory: properties.get('WorkingDirectory') ?? '/' },
      environmentNames: (properties.get('Environment') ?? '')
        .split(' ')
        .map((each) => each.split('=')[0] ?? '')
        .filter((each) => each !== ''),
      ...{ wantedPorts: [], hasInit: true, stopSignal: 'SIGTERM', readOnlyRoot: properties.get('ProtectSystem') === 'strict' },
      stopTimeoutMs: microseconds(properties.get('TimeoutStopUSec')) ?? 90_000,
    },
    limits: Number.isSafeInteger(limit) && limit > 0 ? { memoryBytes: limit } : {},
    ...{ mounts: [], ports: [], others: [], network: { names: [], mode: 'host', resolvers: [] }, host: { kernel: [], listeners: [] } },
    events: happeningsOf(entries, redact),
    unit: {
      result: properties.get('Result') ?? '',
      activeState: properties.get('ActiveState') ?? '',
      subState: properties.get('SubState') ?? '',
      ...(burst > 0 ? { startLimitBurst: burst } : {}),
      ...(intervalMs === undefined ? {} : { startLimitIntervalMs: intervalMs }),
    },
  };
}

const policies: Readonly<Record<string, RestartPolicy>> = {
  always: 'always',
  'on-failure': 'on-failure',
  'on-abnormal': 'on-failure',
  'on-abort': 'on-failure',
  'on-watchdog': 'on-failure',
};

function propertiesOf(text: string): Properties {
  const pairs = text.split('\n').flatMap((line): [string, string][] => {
    const at = line.indexOf('=');
    return at > 0 ? [[line.slice(0, at), line.slice(at + 1).trim()]] : [];
  });
  return new Map(pairs);
}

function entriesOf(text: string): readonly JsonObject[] {
  return text
    .split('\n')
    .map(parseObject)
    .filter((entry) => isJsonObject(entry));
}

function stateOf(properties: Properties): State {
  const [active, result] = [properties.get('ActiveState') ?? '', properties.get('Result') ?? ''];
  const status =
    active === 'active'
      ? 'running'
      : properties.get('SubState') === 'auto-restart'
        ? 'restarting'
        : active === 'activating'
          ? 'running'
          : 'exited';
  const exitCode = exitCodeOf(properties);
  return { status, ...(result === '' || result === 'success' ? {} : { reason: result }), ...(exitCode === undefined ? {} : { exitCode }) };
}

/** As a shell has it: 128 and the signal where one ended it. */
function exitCodeOf(properties: Properties): number | undefined {
  const status = Number(properties.get('ExecMainStatus') ?? Number.NaN);
  const code = properties.get('ExecMainCode') ?? '0';
  if (Number.isNaN(status) || code === '0') return undefined;
  return code === codes.killed || code === codes.dumped ? signalBase + status : status;
}

const started = /^(?:Started|Starting) /;
const ended = /Main process exited, code=(?<code>\w+), status=(?<status>\d+)(?:\/(?<name>\w+))?/;
const stopping = /^Stopping /;
const killing = /Killing process \d+ .* with signal SIGKILL/;
const outOfMemory = /A process of this unit has been killed by the OOM killer/;

interface Building {
  startedAtMs?: number;
  endedAtMs?: number;
  exitCode?: number;
  signal?: string;
  outOfMemory: boolean;
  killedBy: Life['killedBy'];
  readonly lines: Line[];
}

function livesOfUnit(properties: Properties, entries: readonly JsonObject[], redact: Redact): readonly Life[] {
  const lives: Building[] = [];
  let open: Building | undefined;
  const opened = (): Building => {
    if (open === undefined) lives.push((open = { outOfMemory: false, killedBy: [], lines: [] }));
    return open;
  };
  for (const entry of entries) {
    const { atMs, text, isOfManager } = readEntry(entry, redact);
    if (!isOfManager) opened().lines.push({ atMs, text });
    else if (started.test(text)) {
      if (open?.startedAtMs !== undefined) open = undefined;
      opened().startedAtMs ??= atMs;
    } else if (stopping.test(text)) opened().killedBy = [...opened().killedBy, { atMs, signal: 'SIGTERM' }];
    else if (killing.test(text)) opened().killedBy = [...opened().killedBy, { atMs, signal: 'SIGKILL' }];
    else if (outOfMemory.test(text)) opened().outOfMemory = true;
    else if (ended.test(text)) {
      Object.assign(opened(), { endedAtMs: atMs, ...endOf(text) });
      open = undefined;
    }
  }
  if (lives.length === 0) return lifeOfProperties(properties);
  return lives.slice(-mostLives).map((life) => ({ ...life, lines: life.lines.slice(-linesOfLife), memory: [] }));
}

function endOf(text: string): Pick<Building, 'exitCode' | 'signal'> {
  const { code, status, name } = ended.exec(text)?.groups ?? {};
  const number = Number(status);
  if (code === 'exited') return { exitCode: number };
  return { exitCode: signalBase + number, signal: name === undefined ? signalName(number) : `SIG${name}` };
}

/** Without a journal: the last end alone. */
function lifeOfProperties(properties: Properties): readonly Life[] {
  const exitCode = exitCodeOf(properties);
  if (exitCode === undefined) return [];
  const isSignal = exitCode > signalBase;
  const outOfMemoryKilled = properties.get('Result') === 'oom-kill';
  return [
    {
      exitCode,
      ...(isSignal ? { signal: signalName(exitCode - signalBase) } : {}),
      outOfMemory: outOfMemoryKilled,
      killedBy: [],
      lines: [],
      memory: [],
    },
  ];
}

function happeningsOf(entries: readonly JsonObject[], redact: Redact): Evidence['events'] {
  return entries
    .map((entry) => readEntry(entry, redact))
    .filter(({ isOfManager }) => isOfManager)
    .map(({ atMs, text }) => ({ atMs, action: 'systemd', message: text, count: 1 }));
}

function readEntry(entry: JsonObject, redact: Redact) {
  return {
    atMs: Number(textOf(entry['__REALTIME_TIMESTAMP'])) / 1000,
    text: redact(textOf(entry['MESSAGE'])),
    isOfManager: entry['SYSLOG_IDENTIFIER'] === 'systemd' || entry['_PID'] === '1',
  };
}

/** `5s`, `1min 30s`, `infinity`, as systemctl prints it. */
function microseconds(text: string | undefined): number | undefined {
  const factors: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };
  const parts = [...(text ?? '').matchAll(/(\d+)(us|ms|s|min|h|d)\b/g)];
  return parts.length === 0 ? undefined : parts.reduce((sum, [, number, unit]) => sum + Number(number) * (factors[unit ?? ''] ?? 0), 0);
}
