/** What a chaos upstream says, in the two dialects that it speaks. The good answers are those of `../script.ts`. */
import { anthropicAnswer, anthropicStream, openaiAnswer, openaiStream } from '../script.ts';

export interface WireFormat {
  readonly whole: string;
  readonly stream: { readonly before: string; delta(text: string): string; readonly after: string };
  errorBody(status: number, message: string): string;
  errorEvent(status: number, message: string): string;
}

const openai: WireFormat = {
  whole: openaiAnswer,
  stream: openaiStream,
  errorBody: (status, message) =>
    JSON.stringify({ error: { message, type: status === 429 ? 'rate_limit_error' : 'server_error', param: null, code: null } }),
  errorEvent: (status, message) => `data: ${JSON.stringify({ error: { message, type: 'server_error', param: null, code: status } })}\n\n`,
};

const anthropicKinds: Readonly<Record<number, string>> = { 429: 'rate_limit_error', 529: 'overloaded_error' };

const anthropic: WireFormat = {
  whole: anthropicAnswer,
  stream: anthropicStream,
  errorBody: anthropicError,
  errorEvent: (status, message) => `event: error\ndata: ${anthropicError(status, message)}\n\n`,
};

function anthropicError(status: number, message: string): string {
  return JSON.stringify({ type: 'error', error: { type: anthropicKinds[status] ?? 'api_error', message }, request_id: 'req_chaos' });
}

export function formatFor(path: string): WireFormat {
  return path.startsWith('/v1/messages') ? anthropic : openai;
}
