/** The dialects by name, and what the model path needs beside them. A new dialect is a folder here and a line below. */
import { anthropicMessages } from './anthropic-messages/index.ts';
import type { Dialect, DialectName } from './dialect.ts';
import { openaiCompletions } from './openai-completions/index.ts';

export const dialects: Readonly<Record<DialectName, Dialect>> = {
  'openai-completions': openaiCompletions,
  'anthropic-messages': anthropicMessages,
};

export { encodeErrorBody } from './error-bodies.ts';
export { isUsageOnlyEvent, readEnvelope, replaceModel } from './passthrough.ts';
export { createServerSentEventParser } from './server-sent-events.ts';
