/**
 * Where a prompt is cached: a client's `cache_control` on a part becomes a block of its own after that part, in Converse's words.
 *
 * Converse takes four. As for Anthropic, the first stays and the last ones; those between change what is cached and not what is read.
 */
import type { JsonObject } from '../../../core/json.ts';
import type { EncodeTarget } from '../dialect.ts';
import { familyOf, takesCachePoints, takesCacheTtl } from './model-family.ts';

const pointLimit = 4;

export type CachePlace = 'system' | 'messages' | 'tools';

/** Writes cache points for one target. A model that takes none in a place gets none there: they change the cost, not the answer. */
export function createCachePoints({
  model,
  quirks,
}: EncodeTarget): (mark: JsonObject | undefined, place: CachePlace) => JsonObject | undefined {
  const family = familyOf(model);
  const takesAny = quirks.cacheControl ?? takesCachePoints(model);
  const longLived = takesCacheTtl(model);
  return (mark, place) => {
    if (!mark || !takesAny || (family === 'nova' && place === 'tools')) return undefined;
    const point: JsonObject = { type: 'default' };
    // Five minutes is what happens without it.
    if (mark['ttl'] === '1h' && longLived) point['ttl'] = '1h';
    return { cachePoint: point };
  };
}

/** The lists without the points that are too many, in the order in which a model reads them: tools, system, messages. */
export function limitCachePoints(lists: readonly (readonly JsonObject[])[]): JsonObject[][] {
  const points = lists.flatMap((list) => list.filter(isPoint));
  const excess = new Set(points.length > pointLimit ? points.slice(1, 1 + points.length - pointLimit) : []);
  return lists.map((list) => list.filter((block) => !excess.has(block)));
}

function isPoint(block: JsonObject): boolean {
  return block['cachePoint'] !== undefined;
}
