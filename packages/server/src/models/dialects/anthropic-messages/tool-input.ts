/**
 * The input of a tool as Anthropic's wire has it, an object, from the JSON text that a model wrote. Text that is no JSON
 * object is kept, never mended.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';

/** For answers: what is not JSON goes out as the text that it is. */
export function inputOfAnswer(argumentsJson: string): JsonValue {
  return parse(argumentsJson) ?? argumentsJson;
}

/**
 * For requests, where Anthropic refuses anything but an object: the text goes into one, so that one bad call does not end a
 * conversation, and the model sees what it wrote.
 */
export function inputOfRequest(argumentsJson: string): JsonObject {
  const parsed = parse(argumentsJson);
  return isJsonObject(parsed) ? parsed : { malformed_arguments: argumentsJson };
}

function parse(argumentsJson: string): JsonValue | undefined {
  if (argumentsJson.trim() === '') return {};
  try {
    return JSON.parse(argumentsJson) as JsonValue;
  } catch {
    return undefined;
  }
}
