/**
 * The response object, which repeats what was asked for: an answer's own fields, and those of the request with the defaults that
 * the API documents.
 */
import { isJsonObject, type JsonObject } from '../../../core/json.ts';
import type { EncodeOptions } from '../dialect.ts';
import type { StartEvent } from '../events.ts';

export interface ResponseObject {
  /** With these fields of the answer: `status`, `output` and whatever differs from its default. */
  object(fields: JsonObject): JsonObject;
  /** The same as text; what the request said is written once, however often it is repeated. */
  json(fields: JsonObject): string;
}

export function createResponseObject(start: StartEvent, options: EncodeOptions): ResponseObject {
  const head: JsonObject = {
    id: idOf(start, options),
    object: 'response',
    created_at: start.createdSeconds ?? Math.floor(options.nowMs / 1000),
    status: 'in_progress',
    error: null,
    incomplete_details: null,
    model: start.model || options.requestedModel,
    output: [],
    usage: null,
  };
  const request = echoOf(options.request ?? {});
  let requestJson: string | undefined;
  return {
    object: (fields) => ({ ...head, ...fields, ...request }),
    json(fields) {
      requestJson ??= JSON.stringify(request);
      return `${JSON.stringify({ ...head, ...fields }).slice(0, -1)},${requestJson.slice(1)}`;
    },
  };
}

/** A response can be asked for by its id, so an id that a provider of another dialect made for its own purposes will not do. */
function idOf({ id }: StartEvent, { requestId }: EncodeOptions): string {
  return id.startsWith('resp_') ? id : `resp_${requestId.replace(/^req_/, '')}`;
}

function echoOf(request: JsonObject): JsonObject {
  const { text, reasoning } = request;
  return {
    background: false,
    instructions: request['instructions'] ?? null,
    max_output_tokens: request['max_output_tokens'] ?? null,
    max_tool_calls: request['max_tool_calls'] ?? null,
    metadata: request['metadata'] ?? {},
    parallel_tool_calls: request['parallel_tool_calls'] ?? true,
    previous_response_id: request['previous_response_id'] ?? null,
    prompt_cache_key: request['prompt_cache_key'] ?? null,
    reasoning: { effort: null, summary: null, ...(isJsonObject(reasoning) && reasoning) },
    safety_identifier: request['safety_identifier'] ?? null,
    service_tier: request['service_tier'] ?? 'auto',
    store: request['store'] ?? true,
    temperature: request['temperature'] ?? null,
    text: { format: { type: 'text' }, ...(isJsonObject(text) && text) },
    tool_choice: request['tool_choice'] ?? 'auto',
    tools: request['tools'] ?? [],
    top_logprobs: request['top_logprobs'] ?? 0,
    top_p: request['top_p'] ?? null,
    truncation: request['truncation'] ?? 'disabled',
    user: request['user'] ?? null,
  };
}
