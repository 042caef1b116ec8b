/**
 * The two lives of a container that Kubernetes knows of: the last one that ended, and the one after it.
 *
 * While a container waits to be started again, its log is that of the last life, as `--previous` gives it too.
 */
import type { JsonObject } from '../../../core/json.ts';
import { momentOf, objectOf, textOf } from '../answers.ts';
import { signalName } from '../docker/inspected.ts';
import type { Happening, Life, Line, Program } from '../evidence.ts';
import type { Redact } from '../redaction.ts';

export interface PodLivesOptions {
  readonly events: readonly Happening[];
  readonly current: readonly Line[];
  readonly previous: readonly Line[];
  readonly program: Program;
  readonly redact: Redact;
}

const linesOfLife = 100;
/** An event is written a little before or after what it tells of, and times are whole seconds. */
const slackMs = 5000;
const signalBase = 128;
const lastSignal = 64;
/** What the platform could not even start has not lived. */
const neverStarted = new Set(['ContainerCannotRun', 'StartError']);

export function livesOfPod(status: JsonObject, options: PodLivesOptions): readonly Life[] {
  const { current, previous } = options;
  const [state, last] = [objectOf(status['state']), objectOf(status['lastState'])];
  const running = state['running'] === undefined ? undefined : objectOf(state['running']);
  const terminated = state['terminated'] === undefined ? undefined : objectOf(state['terminated']);
  const before = last['terminated'] === undefined ? undefined : objectOf(last['terminated']);
  const isWaiting = running === undefined && terminated === undefined;
  const lives: Life[] = [];
  if (before !== undefined) lives.push(...lifeOf(before, isWaiting && previous.length === 0 ? current : previous, options));
  if (terminated !== undefined) lives.push(...lifeOf(terminated, current, options));
  if (running !== undefined) {
    const startedAtMs = momentOf(running['startedAt']);
    lives.push({
      ...(startedAtMs === undefined ? {} : { startedAtMs }),
      outOfMemory: false,
      killedBy: [],
      lines: current.slice(-linesOfLife),
      memory: [],
    });
  }
  return lives;
}

function lifeOf(ended: JsonObject, lines: readonly Line[], { events, program, redact }: PodLivesOptions): readonly Life[] {
  const reason = textOf(ended['reason']);
  if (neverStarted.has(reason)) return [];
  const [startedAtMs, endedAtMs] = [momentOf(ended['startedAt']), momentOf(ended['finishedAt'])];
  const exitCode = typeof ended['exitCode'] === 'number' ? ended['exitCode'] : undefined;
  const number = typeof ended['signal'] === 'number' && ended['signal'] > 0 ? ended['signal'] : (exitCode ?? 0) - signalBase;
  const signal = number > 0 && number <= lastSignal ? signalName(number) : undefined;
  const outOfMemory = reason === 'OOMKilled';
  const message = redact(textOf(ended['message']))
    .split('\n')
    .filter((text) => text.trim() !== '');
  const texts = new Set(lines.map(({ text }) => text.trim()));
  const told = message
    .filter((text) => !texts.has(text.trim()))
    .map((text): Line => ({ text, ...(endedAtMs === undefined ? {} : { atMs: endedAtMs }) }));
  return [
    {
      ...(startedAtMs === undefined ? {} : { startedAtMs }),
      ...(endedAtMs === undefined ? {} : { endedAtMs }),
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(signal === undefined ? {} : { signal }),
      outOfMemory,
      killedBy: outOfMemory ? [] : killsOf({ endedAtMs, exitCode }, events, program),
      lines: [...lines, ...told].slice(-linesOfLife),
      memory: [],
    },
  ];
}

/** The kubelet says `Killing` when it asks for an end; where the grace ran out, the code is that of SIGKILL. */
function killsOf(
  { endedAtMs, exitCode }: { readonly endedAtMs: number | undefined; readonly exitCode: number | undefined },
  events: readonly Happening[],
  program: Program,
): Life['killedBy'] {
  if (endedAtMs === undefined) return [];
  const asked = events.findLast(
    ({ action, atMs }) => action === 'Killing' && atMs <= endedAtMs + slackMs && endedAtMs - atMs <= program.stopTimeoutMs + slackMs,
  );
  if (asked === undefined) return [];
  const polite = { atMs: Math.min(asked.atMs, endedAtMs), signal: program.stopSignal };
  return exitCode === 137 ? [polite, { atMs: endedAtMs, signal: 'SIGKILL' }] : [polite];
}
