/** Requests of both kinds of clients, as Bedrock gets them. For tests. */
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { quirksOfModel } from '../../catalogue/model-quirks.ts';
import { anthropicMessages } from '../anthropic-messages/index.ts';
import type { ClientDialect, EncodedRequest, Quirks } from '../dialect.ts';
import { openaiCompletions } from '../openai-completions/index.ts';
import { encodeRequest } from './encode-request.ts';

export const claude = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
export const newClaude = 'us.anthropic.claude-opus-4-6-v1';
export const nova = 'amazon.nova-pro-v1:0';
export const llama = 'meta.llama3-1-70b-instruct-v1:0';

export const hello: JsonValue[] = [{ role: 'user', content: 'Hello' }];
export const helloTurn: JsonValue = { role: 'user', content: [{ text: 'Hello' }] };
export const png = 'iVBORw0KGgo=';

export interface EncodeOptions {
  readonly model?: string;
  readonly quirks?: Quirks;
}

function encode(from: ClientDialect, fields: JsonObject, { model = claude, quirks = {} }: EncodeOptions = {}): EncodedRequest {
  const request = from.decodeRequest({ model: 'm', max_tokens: 100, messages: hello, ...fields });
  return encodeRequest(request, { provider: 'acme', model, quirks: { ...quirksOfModel(model), ...quirks }, maxOutputTokens: 8192 });
}

export const fromAnthropic = (fields: JsonObject, options?: EncodeOptions): JsonObject => encode(anthropicMessages, fields, options).body;
export const fromOpenai = (fields: JsonObject, options?: EncodeOptions): JsonObject => encode(openaiCompletions, fields, options).body;
export const refused = (param: string) => ({ code: 'unsupported_feature', param });

export function contentOf(body: JsonObject, turn = 0): JsonValue {
  const messages = body['messages'] as JsonObject[];
  return messages[turn]?.['content'] ?? null;
}

export const pathFor = (fields: JsonObject, model: string): string => encode(openaiCompletions, fields, { model }).path;
