/** Google's Gemini API, at Google AI and at Vertex AI. Only providers speak it. */
import type { ProviderDialect } from '../dialect.ts';
import { serverSentEvents } from '../server-sent-events.ts';
import { decodeResponse } from './decode-response.ts';
import { encodeRequest } from './encode-request.ts';
import { classify } from './failures.ts';

export const googleGenerativeAi: ProviderDialect = {
  name: 'google-generative-ai',
  framing: serverSentEvents,
  encodeRequest,
  decodeResponse,
  classify,
};
