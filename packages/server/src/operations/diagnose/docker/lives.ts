/**
 * The lives of a container: from the engine's events of starts and ends, what it says of the last one, and the lines that were said in each.
 *
 * The traps: while it runs, the exit code is zero whatever the last life ended with; `OOMKilled` stays true over later lives, and is true too where only a child was
 * ended; a code of 137 with a `kill` and without an `oom` is somebody's wish, not a lack of memory.
 */
import type { JsonObject } from '../../../core/json.ts';
import { momentOf, objectOf } from '../answers.ts';
import type { Happening, Life, Line, Usage } from '../evidence.ts';
import { signalName } from './inspected.ts';

/** Kept of each life. */
export const linesOfLife = 50;
const mostLives = 20;
const signalBase = 128;
const lastSignal = 64;
/** Between what the engine tells of a start and what `docker inspect` says of it, on a machine with much to do. */
const sameMomentMs = 5000;
/** Words may be noted before the start is told of. */
const earlyWordsMs = 1500;

export interface Ticked extends Happening {
  readonly exitCode?: number;
  readonly signal?: string;
}

type Span = { -readonly [name in keyof Omit<Life, 'lines' | 'memory'>]: Life[name] };

export interface LivesOptions {
  readonly events: readonly Ticked[];
  /** Undefined where the container is gone. */
  readonly inspected: JsonObject | undefined;
  readonly lines: readonly Line[];
  readonly usage: Usage | undefined;
  readonly atMs: number;
}

export function livesOf({ events, inspected, lines, usage, atMs }: LivesOptions): readonly Life[] {
  const spans = spansOf(events);
  if (inspected !== undefined) addInspected(spans, inspected, events);
  // Only lines: somebody has kept them, and the rest is gone.
  if (spans.length === 0 && lines.length > 0 && inspected === undefined) spans.push({ outOfMemory: false, killedBy: [], endedAtMs: atMs });
  const recent = spans.slice(-mostLives);
  const shares = share(lines, recent);
  return recent.map((span, index) => {
    const runs = index === recent.length - 1 && span.exitCode === undefined && usage !== undefined;
    return {
      ...span,
      ...signalOf(span.exitCode),
      lines: (shares[index] ?? []).slice(-linesOfLife),
      memory: runs ? [{ atMs, bytes: usage.memoryBytes }] : [],
    };
  });
}

function spansOf(events: readonly Ticked[]): Span[] {
  const spans: Span[] = [];
  let open: Span | undefined;
  const opened = (): Span => {
    if (open === undefined) spans.push((open = { outOfMemory: false, killedBy: [] }));
    return open;
  };
  for (const { action, atMs, exitCode, signal } of events) {
    if (action === 'start') {
      open = undefined;
      opened().startedAtMs = atMs;
    } else if (action === 'oom') opened().outOfMemory = true;
    else if (action === 'kill' && signal !== undefined) opened().killedBy = [...opened().killedBy, { atMs, signal: signalName(signal) }];
    else if (action === 'die') {
      const life = opened();
      life.endedAtMs = atMs;
      if (exitCode !== undefined) life.exitCode = exitCode;
      open = undefined;
    }
  }
  return spans;
}

/** What is known of a life without any event: the engine forgets those, and what it says of a container stays. */
function addInspected(spans: Span[], inspected: JsonObject, events: readonly Ticked[]): void {
  const state = objectOf(inspected['State']);
  const startedAtMs = momentOf(state['StartedAt']);
  if (startedAtMs === undefined) return;
  const finishedAtMs = momentOf(state['FinishedAt']);
  const runs = state['Running'] === true && state['Restarting'] !== true;
  const last = spans.at(-1);
  const known = nearestTo(spans, startedAtMs) ?? (last?.startedAtMs === undefined ? last : undefined);
  // The events were asked for later: what they tell of lives that began since is newer than this.
  if (known === undefined && last?.startedAtMs !== undefined && last.startedAtMs > startedAtMs) return;
  const life: Span = known ?? { outOfMemory: false, killedBy: [] };
  if (known === undefined) spans.push(life);
  life.startedAtMs ??= startedAtMs;
  if (runs || life !== spans.at(-1) || finishedAtMs === undefined || finishedAtMs < startedAtMs) return;
  life.endedAtMs ??= finishedAtMs;
  if (life.exitCode === undefined && typeof state['ExitCode'] === 'number') life.exitCode = state['ExitCode'];
  const heard = events.some(({ action, atMs }) => action === 'die' && Math.abs(atMs - finishedAtMs) < sameMomentMs);
  // The flag is believed where nothing better is there to be believed.
  if (!heard && state['OOMKilled'] === true && life.killedBy.length === 0) life.outOfMemory = true;
}

function nearestTo(spans: readonly Span[], startedAtMs: number): Span | undefined {
  const distance = (span: Span): number =>
    span.startedAtMs === undefined ? Number.POSITIVE_INFINITY : Math.abs(span.startedAtMs - startedAtMs);
  const nearest = spans.toSorted((one, other) => distance(one) - distance(other))[0];
  return nearest !== undefined && distance(nearest) < sameMomentMs ? nearest : undefined;
}

/** To each life its lines: the engine notes the last words a little after it notes the end. */
function share(lines: readonly Line[], spans: readonly Span[]): readonly Line[][] {
  const shares: Line[][] = spans.map(() => []);
  const borders = spans.map(({ endedAtMs }, index) => {
    const next = spans[index + 1]?.startedAtMs;
    if (next === undefined) return Number.POSITIVE_INFINITY;
    return endedAtMs === undefined ? next : (endedAtMs + next) / 2;
  });
  const first = spans[0]?.startedAtMs ?? 0;
  for (const line of lines) {
    const { atMs } = line;
    if (atMs === undefined) shares.at(-1)?.push(line);
    // Of lives before those that are known of.
    else if (atMs >= first - earlyWordsMs) shares[borders.findIndex((border) => atMs <= border)]?.push(line);
  }
  return shares;
}

function signalOf(exitCode: number | undefined): { readonly signal?: string } {
  if (exitCode === undefined || exitCode <= signalBase || exitCode > signalBase + lastSignal) return {};
  return { signal: signalName(exitCode - signalBase) };
}
