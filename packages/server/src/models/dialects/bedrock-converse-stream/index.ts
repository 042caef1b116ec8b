/** Amazon Bedrock's Converse and ConverseStream. Providers speak it, clients of the gateway do not. */
import type { ProviderDialect } from '../dialect.ts';
import { decodeResponse } from './decode-response.ts';
import { encodeRequest } from './encode-request.ts';
import { awsEventStream } from './event-stream.ts';
import { classify } from './failures.ts';

export const bedrockConverseStream: ProviderDialect = {
  name: 'bedrock-converse-stream',
  framing: awsEventStream,
  encodeRequest,
  decodeResponse,
  classify,
};
