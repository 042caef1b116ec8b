/** Ollama's own chat API. Only providers speak it. */
import type { ProviderDialect } from '../dialect.ts';
import { classify } from '../failures.ts';
import { decodeResponse } from './decode-response.ts';
import { encodeRequest } from './encode-request.ts';
import { jsonLines } from './lines.ts';

export const ollama: ProviderDialect = { name: 'ollama', framing: jsonLines, encodeRequest, decodeResponse, classify };
