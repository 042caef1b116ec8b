/**
 * Writes the body of Converse and of ConverseStream, which are alike; which of the two is asked is in the path, and so is the
 * model. Messages are `encode-messages.ts`, tools `encode-tools.ts`.
 *
 * What Converse has no counterpart for is refused by name; what may be left out is in `../omissions.ts`.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import { withAllowedTools } from '../anthropic-messages/allowed-tools.ts';
import type { EncodedRequest, EncodeTarget } from '../dialect.ts';
import { compact, unsupported, wrongType } from '../fields.ts';
import { refuseUncarried } from '../omissions.ts';
import type { ModelRequest, ResponseFormat } from '../request.ts';
import { limitCachePoints } from './cache-points.ts';
import { encodeMessages } from './encode-messages.ts';
import { encodeTools, encodeToolChoice } from './encode-tools.ts';
import { familyOf } from './model-family.ts';
import { encodeThinking } from './thinking.ts';

/** Fields of Converse's that clients of other dialects send along because they know where they will end up. */
const ownFields = ['guardrailConfig', 'performanceConfig', 'requestMetadata', 'additionalModelRequestFields'];

export function encodeRequest(whole: ModelRequest, target: EncodeTarget): EncodedRequest {
  const request = withAllowedTools(whole);
  const { stream, temperature, topP, stopSequences = [], responseFormat, extensions } = request;
  const claude = ['claude', 'unnamed'].includes(familyOf(target.model));
  const carried = [...ownFields, 'safety_identifier', ...(claude ? ['thinking'] : [])];
  refuseUncarried(extensions, { from: request.dialect, place: 'request', path: '', target: target.provider }, carried);
  const thinking = encodeThinking(request, target);
  const encoded = encodeMessages(request, target);
  const lists = limitCachePoints([encodeTools(request, target), encoded.system, ...encoded.messages.map(({ content }) => content)]);
  const [tools = [], system = [], ...contents] = lists;
  const ownThinking = claude ? extensions['thinking'] : undefined;
  const body = compact<JsonObject>({
    ...ownFieldsOf(extensions),
    messages: encoded.messages.map(({ role }, index) => ({ role, content: contents[index] ?? [] })),
    system: unlessEmpty(system),
    inferenceConfig: unlessEmpty(
      compact<JsonObject>({
        maxTokens: request.maxOutputTokens ?? thinking.maxTokens,
        temperature: encodeTemperature(temperature, target),
        topP,
        stopSequences: unlessEmpty([...stopSequences]),
      }),
    ),
    toolConfig: tools.length > 0 ? compact<JsonObject>({ tools, toolChoice: encodeToolChoice(request, target) }) : undefined,
    additionalModelRequestFields: unlessEmpty(
      compact<JsonObject>({
        ...objectOf(extensions['additionalModelRequestFields']),
        ...encodeTopK(request.topK, target),
        thinking: ownThinking ?? thinking.thinking,
      }),
    ),
    // Claude says which sequence it stopped at, in a stream within its `delta`; a pointer to a field that an answer does not have is passed over.
    additionalModelResponseFieldPaths: stopSequences.length > 0 ? ['/stop_sequence', '/delta/stop_sequence'] : undefined,
    outputConfig: unlessEmpty(
      compact<JsonObject>({ textFormat: responseFormat && encodeFormat(responseFormat, target), effort: thinking.effort }),
    ),
    serviceTier: encodeServiceTier(request, target),
    requestMetadata: unlessEmpty({ ...labelOfUser(request), ...objectOf(extensions['requestMetadata']) }),
  });
  return { path: `/model/${encodePathSegment(target.model)}/${stream ? 'converse-stream' : 'converse'}`, body, headers: {} };
}

/** An ARN has slashes and colons in it; AWS counts more characters as reserved than the language does. */
function encodePathSegment(model: string): string {
  return encodeURIComponent(model).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function ownFieldsOf(extensions: JsonObject): JsonObject {
  const fields: JsonObject = {};
  for (const name of ownFields) {
    const value = extensions[name];
    if (value === undefined) continue;
    if (!isJsonObject(value)) throw wrongType(value, 'an object', name);
    fields[name] = value;
  }
  return fields;
}

/** What a label of a request may hold; an id that does not fit stays here, since it changes nothing about the answer. */
const label = /^[a-zA-Z0-9\s:_@$#=/+,.-]{1,256}$/;

/** No model sees it: it stands in the records of the account, where abuse is looked for. */
function labelOfUser({ user, extensions }: ModelRequest): JsonObject {
  const id = user ?? extensions['safety_identifier'];
  return typeof id === 'string' && label.test(id) ? { user: id } : {};
}

function unlessEmpty<T extends JsonObject | JsonValue[]>(value: T): T | undefined {
  return Object.keys(value).length > 0 ? value : undefined;
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** OpenAI's scale ends at 2, that of Converse at 1. */
function encodeTemperature(temperature: number | undefined, target: EncodeTarget): number | undefined {
  if (temperature !== undefined && temperature > 1) throw unsupported('temperature', 'a temperature above 1', target.provider);
  return temperature;
}

/** No field of Converse: each family has its own name and place for it. */
function encodeTopK(topK: number | undefined, target: EncodeTarget): JsonObject {
  if (topK === undefined) return {};
  const family = familyOf(target.model);
  if (family === 'nova') return { inferenceConfig: { topK } };
  if (family === 'claude' || target.quirks.topK) return { top_k: topK };
  throw unsupported('top_k', 'top_k', target.provider);
}

function encodeFormat(format: ResponseFormat, target: EncodeTarget): JsonObject | undefined {
  if (format.type === 'text') return undefined;
  if (format.type === 'jsonObject') throw unsupported('response_format.type', 'json_object (use json_schema)', target.provider);
  const { name, description, schema } = format;
  return {
    type: 'json_schema',
    structure: { jsonSchema: compact<JsonObject>({ schema: JSON.stringify(schema), name, description }) },
  };
}

/** OpenAI's words and Anthropic's; `auto` leaves it to the provider, which is what happens without the field. */
const serviceTiers: Readonly<Record<string, string>> = {
  default: 'default',
  flex: 'flex',
  priority: 'priority',
  reserved: 'reserved',
  standard_only: 'default',
};

function encodeServiceTier({ serviceTier: tier }: ModelRequest, target: EncodeTarget): JsonObject | undefined {
  if (tier === undefined || tier === 'auto') return undefined;
  const type = Object.hasOwn(serviceTiers, tier) ? serviceTiers[tier] : undefined;
  if (type === undefined) throw unsupported('service_tier', `the tier ${tier}`, target.provider);
  return { type };
}
