/** OpenAI's chat completions, as OpenAI and the many that follow it speak them. */
import type { Dialect } from '../dialect.ts';
import { classify } from '../failures.ts';
import { serverSentEvents } from '../server-sent-events.ts';
import { decodeRequest } from './decode-request.ts';
import { decodeResponse } from './decode-response.ts';
import { encodeRequest } from './encode-request.ts';
import { encodeResponse } from './encode-response.ts';

export const openaiCompletions: Dialect = {
  name: 'openai-completions',
  framing: serverSentEvents,
  passthrough: { path: '/chat/completions', forwardedHeaders: ['idempotency-key', 'openai-beta'], usageOnRequest: true },
  decodeRequest,
  encodeRequest,
  decodeResponse,
  encodeResponse,
  classify,
};
