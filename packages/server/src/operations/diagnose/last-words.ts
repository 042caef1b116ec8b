/**
 * What a program says just before it ends tells of the end more often than what it said earlier. Here is found where the lines of a pattern stand, in how many
 * lives they come back, and how much that weighs. What they mean is for the rules.
 */
import type { Evidence, Life, Line, Quote } from './evidence.ts';

export interface LastWords {
  /** The weight that was asked for, less what speaks against these lines. */
  readonly weight: number;
  /** The match in the newest life that has one. */
  readonly match: RegExpExecArray;
  readonly quotes: readonly Quote[];
  /** In how many of the lives that ended it was said, and how many of those said anything. */
  readonly saidIn: number;
  readonly spokeIn: number;
}

const quotedLines = 3;
/** How much less a line weighs when so many others follow it before the end. */
const distances: readonly { readonly lines: number; readonly costs: number }[] = [
  { lines: 1, costs: 0 },
  { lines: 3, costs: 4 },
  { lines: 10, costs: 14 },
  { lines: 30, costs: 28 },
];
const farAwayCosts = 42;
const longBeforeMs = 60_000;

/** @param most how much it weighs where it is the last word of every life */
export function lastWords(evidence: Evidence, pattern: RegExp, most: number): LastWords | undefined {
  const ended = endedLives(evidence).filter(({ lines }) => lines.length > 0);
  const found = ended.map((life) => ({ life, place: placeIn(life, pattern) }));
  const said = found.filter(({ place }) => place !== undefined);
  const newest = said.at(-1);
  if (newest?.place === undefined) return undefined;
  const { life, place } = newest;
  const missing = 1 - said.length / ended.length;
  const costs =
    costsOfPlace(place, life) +
    12 * missing +
    (found.at(-1) === newest ? 0 : 18) +
    (life.outOfMemory || life.killedBy.length > 0 ? 35 : 0) +
    (life.exitCode === 0 ? 15 : 0);
  return {
    weight: Math.max(1, Math.round(most - costs)),
    match: place.match,
    quotes: quotesOf(life, pattern, place.index),
    saidIn: said.length,
    spokeIn: ended.length,
  };
}

export function endedLives({ lives }: Evidence): readonly Life[] {
  return lives.filter(({ endedAtMs, exitCode }) => endedAtMs !== undefined || exitCode !== undefined);
}

/** How long it lived; `undefined` where one of the ends is not known. */
export function uptimeMs({ startedAtMs, endedAtMs }: Life): number | undefined {
  return startedAtMs === undefined || endedAtMs === undefined ? undefined : endedAtMs - startedAtMs;
}

/** `3 lives, each ended with exit code 1 after 0.4 s`, for the end that is explained. */
export function quoteEnd(evidence: Evidence): readonly Quote[] {
  const ended = endedLives(evidence);
  const last = ended.at(-1);
  if (last === undefined) return [];
  const uptime = uptimeMs(last);
  const end =
    last.signal === undefined ? `exit code ${last.exitCode ?? 'unknown'}` : `${last.signal} (exit code ${last.exitCode ?? 'unknown'})`;
  const times = ended.filter(({ exitCode }) => exitCode === last.exitCode).length;
  const text = `${end}${uptime === undefined ? '' : ` after ${seconds(uptime)}`}${times > 1 ? `, ${times} times` : ''}`;
  return [{ source: sourceOfEnds[evidence.platform], text, ...(last.endedAtMs === undefined ? {} : { atMs: last.endedAtMs }) }];
}

export function seconds(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}

const sourceOfEnds = { docker: 'docker events', kubernetes: 'pod status', systemd: 'systemctl show' } as const;

interface Place {
  readonly match: RegExpExecArray;
  readonly index: number;
  /** Lines that begin something new after it: frames of a stack and what else is indented belong to the line above them. */
  readonly followedBy: number;
}

function placeIn({ lines }: Life, pattern: RegExp): Place | undefined {
  let followedBy = 0;
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    const text = lines[index]?.text ?? '';
    const match = new RegExp(pattern.source, pattern.flags.replace('g', '')).exec(text);
    if (match) return { match, index, followedBy };
    if (beginsSomething(text)) followedBy += 1;
  }
  return undefined;
}

function beginsSomething(text: string): boolean {
  return text.trim() !== '' && !/^\s|^[{}\]^]|^at |^Node\.js v\d|^npm (?:ERR!|error)/.test(text);
}

function costsOfPlace({ index, followedBy }: Place, { lines, endedAtMs }: Life): number {
  const atMs = lines[index]?.atMs;
  const isLongBefore = atMs !== undefined && endedAtMs !== undefined && endedAtMs - atMs > longBeforeMs;
  return (distances.find((distance) => followedBy <= distance.lines)?.costs ?? farAwayCosts) + (isLongBefore ? 15 : 0);
}

function quotesOf({ lines }: Life, pattern: RegExp, index: number): readonly Quote[] {
  const matching = lines.filter(
    ({ text }, place) => place === index || new RegExp(pattern.source, pattern.flags.replace('g', '')).test(text),
  );
  const texts = new Map(matching.map((line) => [line.text.trim(), line]));
  return [...texts.values()].slice(-quotedLines).map(quoteLine);
}

export function quoteLine({ text, atMs }: Line): Quote {
  return { source: 'log', text: text.trim(), ...(atMs === undefined ? {} : { atMs }) };
}
