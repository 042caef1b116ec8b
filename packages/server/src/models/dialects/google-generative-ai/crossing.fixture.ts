/** Requests of clients of other formats, as they reach Gemini; for tests. */
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import type { EncodedRequest } from '../dialect.ts';
import { dialects } from '../index.ts';
import { encodeRequest } from './encode-request.ts';

export const hello: JsonValue[] = [{ role: 'user', content: 'Hello' }];
export const png = 'iVBORw0KGgo=';

function crossing(from: 'openai-completions' | 'anthropic-messages', base: JsonObject) {
  return (fields: JsonObject, model = 'gemini-3-pro-preview'): EncodedRequest =>
    encodeRequest(dialects[from].decodeRequest({ ...base, ...fields }), { provider: 'google', model, quirks: {}, maxOutputTokens: 4096 });
}

export const fromOpenai = crossing('openai-completions', { model: 'm', messages: hello });
export const fromAnthropic = crossing('anthropic-messages', { model: 'm', max_tokens: 100, messages: hello });

export const call = (id: string, name: string, json = '{}'): JsonObject => ({ id, type: 'function', function: { name, arguments: json } });
