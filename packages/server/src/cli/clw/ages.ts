/** When something was: in which order, and how long ago, as kubectl's tables say it: `45s`, `12m`, `3h20m`, `5d`. */
import type { ApiEvent } from '@openclaw/protocol';

export function formatAge(moment: string | undefined, nowMs: number): string {
  const atMs = moment === undefined ? Number.NaN : Date.parse(moment);
  return Number.isNaN(atMs) ? '<unknown>' : formatSpan(nowMs - atMs);
}

export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return `${minutes}m${seconds % 60 === 0 ? '' : `${seconds % 60}s`}`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return `${hours}h${minutes % 60 === 0 ? '' : `${minutes % 60}m`}`;
  if (hours < 48) return `${hours}h`;
  return `${Math.floor(hours / 24)}d`;
}

/** Times are whole seconds: within one the later write comes later. */
export function byTime({ lastTimestamp, metadata }: ApiEvent, other: ApiEvent): number {
  const versions = [metadata.resourceVersion, other.metadata.resourceVersion] as const;
  return lastTimestamp.localeCompare(other.lastTimestamp) || versions[0].localeCompare(versions[1], 'en', { numeric: true });
}
