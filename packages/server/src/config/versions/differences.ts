/** In which settings two configurations differ. It knows values and no schema, and shows no values. */
import { gatewayTokenFile } from '../gateway-token.ts';
import type { Configuration } from '../load.ts';
import { formatPath, type Path } from '../path.ts';

/**
 * Paths of settings that differ between two configurations. The token that the gateway made for itself is none of them: it was in force
 * before it was first read from its file.
 */
export function changesBetween(before: Configuration, after: Configuration): string[] {
  const isOwnToken =
    before.settings.gateway.auth.token === undefined &&
    after.origins.get('gateway.auth.token')?.where === gatewayTokenFile(after.stateDirectory);
  return changedPaths(before.settings, after.settings).filter((path) => !(isOwnToken && path === 'gateway.auth.token'));
}

/**
 * Paths of settings that differ, in the order of the settings. A name that came or went is one path, whatever is below it; a list whose length
 * has changed is one path too.
 */
export function changedPaths(before: unknown, after: unknown): string[] {
  const found: Path[] = [];
  collect({ before, after, path: [] }, found);
  return found.map(formatPath);
}

interface Pair {
  readonly before: unknown;
  readonly after: unknown;
  readonly path: Path;
}

function collect({ before, after, path }: Pair, found: Path[]): void {
  if (Object.is(before, after)) return;
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    before.forEach((item, index) => collect({ before: item, after: after[index], path: [...path, index] }, found));
  } else if (isObject(before) && isObject(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      collect({ before: own(before, name), after: own(after, name), path: [...path, name] }, found);
    }
  } else {
    found.push(path);
  }
}

function own(value: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
