/** A conversation as an operation: what `exchange.ts` sends and `read-answer.ts` reads, put together. */
import type { JsonObject } from '../core/json.ts';
import type { ModelCall } from './call.ts';
import { IncomingRequest, sendAttempt } from './exchange.ts';
import { charactersPerToken, type Operation } from './operation.ts';
import { readAnswer, type Keeping } from './read-answer.ts';

/** Output tokens that are reserved where the client sets no limit. */
const usualOutputTokens = 1000;

/** @throws OpenClawError `invalid_request` where routing cannot read what it needs */
export function createChat(call: ModelCall, body: JsonObject, stored?: Keeping): Operation {
  const incoming = new IncomingRequest(call, body);
  return {
    model: incoming.model,
    stream: incoming.stream,
    estimate: { input: Math.ceil(call.body.length / charactersPerToken), output: outputLimit(body) ?? usualOutputTokens },
    async ask(target, context) {
      const response = await sendAttempt(incoming, target, context);
      await readAnswer(response, { ...context, incoming, target, stored });
    },
  };
}

function outputLimit(body: JsonObject): number | undefined {
  const limit = body['max_tokens'] ?? body['max_completion_tokens'] ?? body['max_output_tokens'];
  return typeof limit === 'number' && limit > 0 ? limit : undefined;
}
