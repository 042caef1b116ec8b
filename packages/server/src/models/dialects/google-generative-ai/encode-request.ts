/**
 * Writes the body of `models/MODEL:generateContent` and `:streamGenerateContent`: everything but the conversation, which is
 * `encode-contents.ts`. The same for the Gemini API and for Vertex AI: base URL and credential are what differs.
 *
 * What Gemini has no counterpart for is refused by name; what may be left out is in `../omissions.ts`. The opaque id of the end
 * user is left out: Gemini has no field for it, and the answer is the same.
 */
import { isJsonObject, type JsonObject } from '../../../core/json.ts';
import type { EncodedRequest, EncodeTarget } from '../dialect.ts';
import { compact, optionalObject, unsupported } from '../fields.ts';
import { refuseUncarried } from '../omissions.ts';
import type { ModelRequest } from '../request.ts';
import { encodeContents } from './encode-contents.ts';
import { encodeToolConfig, encodeTools } from './encode-tools.ts';
import { encodeGenerationConfig } from './generation-config.ts';
import { pathOfModel } from './models.ts';

/** Fields of OpenAI's that Gemini has too, and the one in which Google's compatible endpoint takes what OpenAI has not. */
const carriedFields = ['seed', 'presence_penalty', 'frequency_penalty', 'extra_body'];

export function encodeRequest(request: ModelRequest, target: EncodeTarget): EncodedRequest {
  refuseUncarried(request.extensions, { from: request.dialect, place: 'request', path: '', target: target.provider }, carriedFields);
  const { thinkingConfig, ...extra } = readExtraBody(request.extensions, target);
  const { systemInstruction, contents } = encodeContents(request, target);
  const body = compact<JsonObject>({
    systemInstruction,
    contents,
    tools: encodeTools(request, target),
    toolConfig: encodeToolConfig(request, target),
    generationConfig: encodeGenerationConfig(request, target, isJsonObject(thinkingConfig) ? thinkingConfig : undefined),
    serviceTier: request.serviceTier === undefined ? undefined : encodeServiceTier(request.serviceTier, target),
    ...extra,
  });
  const method = request.stream ? 'streamGenerateContent?alt=sse' : 'generateContent';
  return { path: `${pathOfModel(target.model)}:${method}`, body, headers: {} };
}

/** The fields of `extra_body.google`, and what this wire calls them. Their values are Google's on both wires. */
const googleFields: Readonly<Record<string, string>> = {
  thinking_config: 'thinkingConfig',
  cached_content: 'cachedContent',
  safety_settings: 'safetySettings',
};

function readExtraBody(extensions: JsonObject, target: EncodeTarget): JsonObject {
  const extra = optionalObject(extensions, 'extra_body', '') ?? {};
  const fields: JsonObject = {};
  for (const vendor of Object.keys(extra)) {
    if (vendor !== 'google') throw unsupported(`extra_body.${vendor}`, `extra_body.${vendor}`, target.provider);
    const google = optionalObject(extra, vendor, 'extra_body') ?? {};
    for (const [name, value] of Object.entries(google)) {
      const field = Object.hasOwn(googleFields, name) ? googleFields[name] : undefined;
      if (field === undefined) throw unsupported(`extra_body.google.${name}`, `extra_body.google.${name}`, target.provider);
      fields[field] = value;
    }
  }
  return fields;
}

const serviceTiers: Readonly<Record<string, string | undefined>> = {
  auto: undefined,
  default: undefined,
  standard_only: undefined,
  flex: 'flex',
  priority: 'priority',
};

function encodeServiceTier(tier: string, target: EncodeTarget): string | undefined {
  if (!Object.hasOwn(serviceTiers, tier)) throw unsupported('service_tier', `the tier ${tier}`, target.provider);
  return serviceTiers[tier];
}
