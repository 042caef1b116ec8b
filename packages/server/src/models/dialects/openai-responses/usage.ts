/** Token counts as the Responses API writes them, both ways. Cached tokens are part of `input_tokens`. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import { countOf } from '../counts.ts';
import type { Usage } from '../events.ts';

export function decodeUsage(value: JsonValue | undefined): Usage | undefined {
  if (!isJsonObject(value)) return undefined;
  const { input_tokens_details: input, output_tokens_details: output } = value;
  const details = isJsonObject(input) ? input : {};
  return {
    input: countOf(value['input_tokens']),
    cacheRead: countOf(details['cached_tokens']),
    cacheWrite: countOf(details['cache_write_tokens']),
    output: countOf(value['output_tokens']),
    reasoning: isJsonObject(output) ? countOf(output['reasoning_tokens']) : 0,
  };
}

export function encodeUsage(usage: Usage): JsonObject {
  return {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheWrite },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: usage.input + usage.output,
  };
}
