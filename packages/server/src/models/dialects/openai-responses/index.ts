/** OpenAI's Responses API. What it stores between requests is not here: see `models/responses`. */
import type { Dialect } from '../dialect.ts';
import { classify } from '../failures.ts';
import { serverSentEvents } from '../server-sent-events.ts';
import { decodeRequest } from './decode-request.ts';
import { decodeResponse } from './decode-response.ts';
import { encodeRequest } from './encode-request.ts';
import { encodeResponse } from './encode-response.ts';

export const openaiResponses: Dialect = {
  name: 'openai-responses',
  framing: serverSentEvents,
  passthrough: { path: '/responses', forwardedHeaders: ['idempotency-key', 'openai-beta'], usageOnRequest: false },
  decodeRequest,
  encodeRequest,
  decodeResponse,
  encodeResponse,
  classify,
};
