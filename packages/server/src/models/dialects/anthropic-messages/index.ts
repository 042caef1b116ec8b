/** Anthropic's Messages API. */
import type { Dialect } from '../dialect.ts';
import { classify } from '../failures.ts';
import { serverSentEvents } from '../server-sent-events.ts';
import { decodeRequest } from './decode-request.ts';
import { decodeResponse } from './decode-response.ts';
import { encodeRequest } from './encode-request.ts';
import { encodeResponse } from './encode-response.ts';

export const anthropicMessages: Dialect = {
  name: 'anthropic-messages',
  framing: serverSentEvents,
  passthrough: {
    path: '/v1/messages',
    forwardedHeaders: ['idempotency-key', 'anthropic-beta', 'anthropic-version'],
    usageOnRequest: false,
  },
  decodeRequest,
  encodeRequest,
  decodeResponse,
  encodeResponse,
  classify,
};
