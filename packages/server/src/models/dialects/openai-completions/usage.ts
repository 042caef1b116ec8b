/** Token counts as chat completions write them, both ways. Cached tokens are part of `prompt_tokens`. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import { countOf } from '../counts.ts';
import type { Usage } from '../events.ts';

export function decodeUsage(value: JsonValue | undefined): Usage | undefined {
  if (!isJsonObject(value)) return undefined;
  const input = value['prompt_tokens_details'];
  const output = value['completion_tokens_details'];
  const details = isJsonObject(input) ? input : {};
  return {
    input: countOf(value['prompt_tokens']),
    // DeepSeek counts hits beside the details.
    cacheRead: countOf(details['cached_tokens'] ?? value['prompt_cache_hit_tokens']),
    cacheWrite: countOf(details['cache_write_tokens']),
    output: countOf(value['completion_tokens']),
    reasoning: isJsonObject(output) ? countOf(output['reasoning_tokens']) : 0,
  };
}

export function encodeUsage(usage: Usage): JsonObject {
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheWrite },
    completion_tokens_details: { reasoning_tokens: usage.reasoning },
  };
}
