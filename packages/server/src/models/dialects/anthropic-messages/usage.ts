/**
 * Token counts as Anthropic writes them, both ways. Its `input_tokens` are those that the cache did not serve or take in; ours
 * are all of them, so that each is charged once.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import { countOf } from '../counts.ts';
import type { Usage } from '../events.ts';

/** @param before the counts so far: an event of a stream may leave out what did not change */
export function decodeUsage(value: JsonValue | undefined, before: Usage): Usage | undefined {
  if (!isJsonObject(value)) return undefined;
  const cacheRead = countOr(value['cache_read_input_tokens'], before.cacheRead);
  const cacheWrite = countOr(value['cache_creation_input_tokens'], before.cacheWrite);
  const uncached = countOr(value['input_tokens'], before.input - before.cacheRead - before.cacheWrite);
  const details = value['output_tokens_details'];
  return {
    input: uncached + cacheRead + cacheWrite,
    cacheRead,
    cacheWrite,
    output: countOr(value['output_tokens'], before.output),
    reasoning: isJsonObject(details) ? countOr(details['thinking_tokens'], before.reasoning) : before.reasoning,
  };
}

function countOr(value: JsonValue | undefined, before: number): number {
  return value === undefined || value === null ? before : countOf(value);
}

/** The counts of `message_delta`. */
export function encodeDeltaUsage(usage: Usage): JsonObject {
  return {
    input_tokens: Math.max(0, usage.input - usage.cacheRead - usage.cacheWrite),
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
    output_tokens: usage.output,
    output_tokens_details: usage.reasoning > 0 ? { thinking_tokens: usage.reasoning } : null,
    server_tool_use: null,
  };
}

/** The counts of a message: every field that clients read without looking whether it is there. */
export function encodeUsage(usage: Usage): JsonObject {
  return {
    ...encodeDeltaUsage(usage),
    cache_creation: { ephemeral_5m_input_tokens: usage.cacheWrite, ephemeral_1h_input_tokens: 0 },
    inference_geo: null,
    service_tier: null,
    speed: null,
  };
}
