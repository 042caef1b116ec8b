/**
 * Token counts as Converse writes them. Its `inputTokens` are those that the cache did not serve or take in, as AWS's page on
 * prompt caching says; ours are all of them, so that each is charged once.
 */
import { isJsonObject, type JsonValue } from '../../../core/json.ts';
import { countOf } from '../counts.ts';
import type { Usage } from '../events.ts';

export function decodeUsage(value: JsonValue | undefined): Usage | undefined {
  if (!isJsonObject(value)) return undefined;
  const cacheRead = countOf(value['cacheReadInputTokens']);
  const cacheWrite = countOf(value['cacheWriteInputTokens']);
  return {
    input: countOf(value['inputTokens']) + cacheRead + cacheWrite,
    cacheRead,
    cacheWrite,
    output: countOf(value['outputTokens']),
    // Part of `outputTokens`; Converse does not say which part.
    reasoning: 0,
  };
}
