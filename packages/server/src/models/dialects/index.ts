/** The dialects by name, and what the model path needs beside them. A new dialect is a folder here and a line below. */
import { anthropicMessages } from './anthropic-messages/index.ts';
import { bedrockConverseStream } from './bedrock-converse-stream/index.ts';
import type { ClientDialectName, Dialect, DialectName, ProviderDialect } from './dialect.ts';
import { googleGenerativeAi } from './google-generative-ai/index.ts';
import { ollama } from './ollama/index.ts';
import { openaiCompletions } from './openai-completions/index.ts';
import { openaiResponses } from './openai-responses/index.ts';

/** Those that clients speak; providers speak them too. */
export const dialects: Readonly<Record<ClientDialectName, Dialect>> = {
  'openai-completions': openaiCompletions,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
};

/** All that providers speak. */
export const providerDialects: Readonly<Record<DialectName, ProviderDialect>> = {
  ...dialects,
  'bedrock-converse-stream': bedrockConverseStream,
  'google-generative-ai': googleGenerativeAi,
  ollama,
};

export { encodeErrorBody } from './error-bodies.ts';
export { isUsageOnlyEvent, readEnvelope, replaceModel } from './passthrough.ts';
