/** Columns that several tables have, and times as they are written there. */
import type { ApiObject } from '@openclaw/protocol';
import type { Column } from './kind.ts';

export const nameColumn: Column = {
  ...{ name: 'Name', type: 'string', description: 'Its name, unique in its namespace.', priority: 0 },
  cell: ({ metadata }) => metadata.name,
};

export const ageColumn: Column = {
  ...{ name: 'Age', type: 'date', description: 'How long ago it was created.', priority: 0 },
  cell: ({ metadata }, nowMs) => ageOf(metadata.creationTimestamp, nowMs),
};

export function column<Object extends ApiObject>(
  name: string,
  description: string,
  cell: (object: Object, nowMs: number) => string | number | undefined,
): Column {
  return { name, description, type: 'string', priority: 0, cell: (object, nowMs) => cell(object as Object, nowMs) ?? '<none>' };
}

/** Shown only where more is asked for (`-o wide`). */
export function wide(shown: Column): Column {
  return { ...shown, priority: 1 };
}

export function ageOf(timestamp: string | undefined, nowMs: number): string {
  const thenMs = Date.parse(timestamp ?? '');
  return Number.isNaN(thenMs) ? '<unknown>' : sayDuration(nowMs - thenMs);
}

/** In the two units that say enough, as kubectl does: `75s`, `5m10s`, `3h`, `2d4h`. */
export function sayDuration(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const years = Math.floor(days / 365);
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return two(`${minutes}m`, seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  if (hours < 8) return two(`${hours}h`, minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  if (days < 8) return two(`${days}d`, hours % 24, 'h');
  if (years < 2) return `${days}d`;
  return years < 8 ? two(`${years}y`, days % 365, 'd') : `${years}y`;
}

/** The smaller one only where there is some of it. */
function two(large: string, small: number, unit: string): string {
  return small === 0 ? large : `${large}${small}${unit}`;
}
