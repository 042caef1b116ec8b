/** What of an answer is kept: no names of this machine, no other containers, no paths of the recorder, and nothing that says which case it is. */
import type { JsonValue } from '../../packages/server/src/core/json.ts';
import type { Answer } from './case.ts';

export interface Trimming {
  /** What each text is replaced with: names of containers, images and directories. The longest come first. */
  readonly replaced: ReadonlyMap<string, string>;
  /** Ids of the containers that belong to the case. */
  readonly containers: ReadonlySet<string>;
}

type Json = { [name: string]: JsonValue };

const infoKept = [
  'Name',
  'Architecture',
  'NCPU',
  'MemTotal',
  'DockerRootDir',
  'CgroupVersion',
  'CgroupDriver',
  'ServerVersion',
  'OSType',
  'KernelVersion',
];
const containerDropped = [
  'ResolvConfPath',
  'HostnamePath',
  'HostsPath',
  'LogPath',
  'GraphDriver',
  'ExecIDs',
  'ProcessLabel',
  'MountLabel',
  'AppArmorProfile',
];
const hostDropped = ['MaskedPaths', 'ReadonlyPaths', 'ConsoleSize', 'ShmSize', 'LogConfig', 'Runtime'];
const imageKept = ['Id', 'Architecture', 'Os', 'Size', 'Config'];
const statsKept = ['read', 'preread', 'memory_stats', 'cpu_stats', 'precpu_stats', 'pids_stats'];
const attributesKept = ['exitCode', 'signal', 'execDuration', 'name', 'image'];
const mostKernelLines = 40;
/** Of a program its head alone says what it is. */
const mostHeadCharacters = 400;
const programHead = 'f0VMR';

export function trim(answers: readonly Answer[], { replaced, containers }: Trimming): readonly Answer[] {
  const smaller = answers.map((each): Answer =>
    'answer' in each ? { question: each.question, answer: smallerAnswer(each, containers) } : each,
  );
  let text = JSON.stringify(smaller);
  for (const [from, to] of replaced) text = text.replaceAll(from, to);
  const ids = [...new Set(text.match(/\b[0-9a-f]{64}\b/g))];
  for (const [index, id] of ids.entries()) {
    const short = `c0de${String(index + 1).padStart(8, '0')}`;
    text = text.replaceAll(id, short).replaceAll(id.slice(0, 12), short);
  }
  return JSON.parse(text) as Answer[];
}

function smallerAnswer(
  { question, answer }: { readonly question: Answer['question']; readonly answer: JsonValue },
  containers: ReadonlySet<string>,
): JsonValue {
  if (question.from === 'host') return hostAnswer(question.path, answer, containers);
  if (question.as === 'entry') return answer === null ? null : entry(answer);
  if (question.path === '/info') return { ...keep(answer, infoKept), Name: 'host' };
  if (question.path === '/containers/json') return neighbours(answer, containers);
  if (question.path.startsWith('/images/')) return image(answer);
  if (question.path.endsWith('/stats')) return stats(answer);
  if (question.path === '/events') return events(answer);
  if (question.path.endsWith('/json')) return container(answer);
  return answer;
}

function container(answer: JsonValue): JsonValue {
  const whole = { ...(answer as Json) };
  for (const name of containerDropped) delete whole[name];
  const network = { ...(whole['NetworkSettings'] as Json) };
  const networks = Object.keys((network['Networks'] ?? {}) as Json);
  return {
    ...whole,
    HostConfig: prune(without(whole['HostConfig'] ?? {}, hostDropped)),
    Config: prune(whole['Config'] ?? {}),
    NetworkSettings: { Ports: network['Ports'] ?? {}, Networks: Object.fromEntries(networks.map((name) => [name, {}])) },
  };
}

function image(answer: JsonValue): JsonValue {
  const kept = keep(answer, imageKept);
  return { ...kept, Config: prune(kept['Config'] ?? {}) };
}

function without(answer: JsonValue, names: readonly string[]): JsonValue {
  return Object.fromEntries(Object.entries(answer as Json).filter(([name]) => !names.includes(name)));
}

function neighbours(answer: JsonValue, containers: ReadonlySet<string>): JsonValue {
  return (answer as Json[])
    .filter(({ Id }) => containers.has(String(Id)))
    .map((each) => ({
      ...keep(each, ['Id', 'Names', 'Image', 'State', 'Status', 'Ports']),
      NetworkSettings: { Networks: networkNames(each) },
    }));
}

function networkNames(each: Json): Json {
  const networks = ((each['NetworkSettings'] ?? {}) as Json)['Networks'] ?? {};
  return Object.fromEntries(Object.keys(networks as Json).map((name) => [name, {}]));
}

function stats(answer: JsonValue): JsonValue {
  const kept = keep(answer, statsKept);
  for (const name of ['cpu_stats', 'precpu_stats']) {
    const usage = ((kept[name] ?? {}) as Json)['cpu_usage'];
    if (usage !== undefined) kept[name] = { ...(kept[name] as Json), cpu_usage: keep(usage, ['total_usage']) };
  }
  return kept;
}

function events(answer: JsonValue): JsonValue {
  return (answer as Json[])
    .filter(({ Action }) => !/^(?:exec_|archive-path|attach|top$)/.test(String(Action)))
    .map(({ Action, Actor, timeNano }) => {
      const { ID, Attributes } = Actor as { readonly ID: string; readonly Attributes: Json };
      return { Action, Actor: { ID, Attributes: keep(Attributes, attributesKept) }, timeNano } as Json;
    });
}

function hostAnswer(path: string, answer: JsonValue, containers: ReadonlySet<string>): JsonValue {
  if (path === '/dev/kmsg') return kernelLines(String(answer), containers);
  if (path.startsWith('/proc/net/tcp')) return listening(String(answer));
  if (path === '/proc/meminfo')
    return (
      String(answer)
        .match(/^Mem(?:Total|Available):.*$/gm)
        ?.join('\n') ?? ''
    );
  return answer;
}

/** Those about these containers: the kernel names the group of control, and then the process. */
function kernelLines(text: string, containers: ReadonlySet<string>): string {
  const lines = text.split('\n');
  const isOwn = (line: string): boolean => [...containers].some((id) => line.includes(id));
  const processes = new Set(lines.filter(isOwn).map((line) => /\bpid=(\d+)/.exec(line)?.[1]));
  return lines
    .filter((line) => isOwn(line) || processes.has(/(?:Killed process |\[)(\d+)[ \]]/.exec(line)?.[1]))
    .slice(-mostKernelLines)
    .join('\n');
}

function entry(answer: JsonValue): JsonValue {
  const { head } = answer as Json;
  return typeof head === 'string' && head.startsWith(programHead)
    ? { ...(answer as Json), head: head.slice(0, mostHeadCharacters) }
    : answer;
}

function listening(text: string): string {
  const [head = '', ...rows] = text.split('\n');
  return [head, ...rows.filter((row) => row.trim().split(/\s+/)[3] === '0A')].join('\n');
}

function keep(answer: JsonValue, names: readonly string[]): Json {
  return Object.fromEntries(Object.entries(answer as Json).filter(([name]) => names.includes(name)));
}

/** Settings that are not set say nothing. */
function prune(answer: JsonValue): JsonValue {
  return Object.fromEntries(Object.entries(answer as Json).filter(([, value]) => !isNothing(value)));
}

function isNothing(value: JsonValue): boolean {
  return (
    value === null ||
    value === '' ||
    value === false ||
    value === 0 ||
    (Array.isArray(value) && value.length === 0) ||
    (typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0)
  );
}
