/** Token counts as Gemini writes them. Thinking stands beside its answer's tokens there; here it is part of them. */
import { isJsonObject, type JsonValue } from '../../../core/json.ts';
import { countOf } from '../counts.ts';
import type { Usage } from '../events.ts';

export function decodeUsage(value: JsonValue | undefined): Usage | undefined {
  if (!isJsonObject(value)) return undefined;
  const reasoning = countOf(value['thoughtsTokenCount']);
  return {
    // What the tools of Google's own wrote is read by the model as input.
    input: countOf(value['promptTokenCount']) + countOf(value['toolUsePromptTokenCount']),
    cacheRead: countOf(value['cachedContentTokenCount']),
    cacheWrite: 0,
    output: countOf(value['candidatesTokenCount']) + reasoning,
    reasoning,
  };
}
