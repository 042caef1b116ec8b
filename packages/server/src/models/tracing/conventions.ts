/**
 * Names of OpenTelemetry's semantic conventions for generative AI (in development; these are of release 1.45), and ours where it has none.
 * All of them are here, so that a change there is a change of this file. Data only.
 */

export const attributes = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  requestStream: 'gen_ai.request.stream',
  finishReasons: 'gen_ai.response.finish_reasons',
  timeToFirstChunk: 'gen_ai.response.time_to_first_chunk',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cacheReadTokens: 'gen_ai.usage.cache_read.input_tokens',
  cacheWriteTokens: 'gen_ai.usage.cache_creation.input_tokens',
  reasoningTokens: 'gen_ai.usage.reasoning.output_tokens',
  conversation: 'gen_ai.conversation.id',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  errorType: 'error.type',
  requestId: 'openclaw.request.id',
  caller: 'openclaw.caller.id',
  dialect: 'openclaw.request.dialect',
  target: 'openclaw.target',
  attempts: 'openclaw.attempts',
  queueMs: 'openclaw.queue_ms',
  waitedMs: 'openclaw.attempt.waited_ms',
  hedge: 'openclaw.attempt.hedge',
  key: 'openclaw.attempt.key',
  costUsd: 'openclaw.cost_usd',
  cached: 'openclaw.cached',
} as const;

/** The last one is ours: the conventions have none for it. */
export const operationNames = { chat: 'chat', embeddings: 'embeddings', countTokens: 'count_tokens' } as const;

/** Providers whose name there is not their id here. */
export const providerNames: Readonly<Record<string, string>> = {
  azure: 'azure.ai.openai',
  bedrock: 'aws.bedrock',
  'amazon-bedrock': 'aws.bedrock',
  google: 'gcp.gemini',
  'google-vertex': 'gcp.vertex_ai',
  vertex: 'gcp.vertex_ai',
  mistral: 'mistral_ai',
  xai: 'x_ai',
};

export const finishReasons: Readonly<Record<string, string>> = {
  stop: 'stop',
  stopSequence: 'stop',
  length: 'length',
  contextWindow: 'length',
  toolCalls: 'tool_calls',
  contentFilter: 'content_filter',
};
