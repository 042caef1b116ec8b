/**
 * What becomes of a schema for the answer at a model that cannot be held to one, as the catalogue knows it. Where the client asked
 * for an answer that tries to fit, the model is told the schema in words; where it asked to hold the model to it (`strict`, and
 * always in Anthropic's format), the request is refused by name. A model of which nobody said anything gets the schema itself.
 *
 * Only for requests that are translated: between the same dialects the provider sees what the client wrote, and judges.
 */
import { unsupported } from './dialects/fields.ts';
import type { Message, ModelRequest } from './dialects/request.ts';
import type { Target } from './target.ts';

/** @throws OpenClawError `unsupported_feature` */
export function withFormatFor(request: ModelRequest, { known, name }: Target): ModelRequest {
  const { responseFormat, messages, ...rest } = request;
  if (responseFormat?.type !== 'jsonSchema' || known?.abilities?.structuredOutput !== false) return request;
  if (responseFormat.strict === true) throw unsupported('response_format', 'an answer that is held to a schema', name);
  const { schema, description } = responseFormat;
  const about = description === undefined ? '' : ` It is about this: ${description}`;
  const text = `Answer with JSON alone, without any text around it, that is valid under this JSON Schema.${about}\n\n${JSON.stringify(schema)}`;
  const firstOther = messages.findIndex(({ role }) => role !== 'system');
  const at = firstOther === -1 ? messages.length : firstOther;
  const told: Message = { role: 'system', parts: [{ type: 'text', text }] };
  return { ...rest, messages: messages.toSpliced(at, 0, told) };
}
