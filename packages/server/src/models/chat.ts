/** A conversation as an operation: what `exchange.ts` sends and `read-answer.ts` reads, put together. */
import type { JsonObject } from '../core/json.ts';
import type { ModelCall } from './call.ts';
import { cacheKeyOf } from './cache.ts';
import { IncomingRequest, quirksOf, sendAttempt } from './exchange.ts';
import { charactersPerToken, type Operation } from './operation.ts';
import { readAnswer, type Keeping } from './read-answer.ts';
import { replay } from './replay.ts';
import { sessionOf } from './routing/session.ts';

/** Output tokens that are reserved where the client sets no limit. */
const usualOutputTokens = 1000;

/** @throws OpenClawError `invalid_request` where routing cannot read what it needs */
export function createChat(call: ModelCall, body: JsonObject, stored?: Keeping): Operation {
  const incoming = new IncomingRequest(call, body);
  return {
    model: incoming.model,
    stream: incoming.stream,
    estimate: {
      input: Math.ceil(call.body.length / charactersPerToken),
      output: (outputLimit(body) ?? usualOutputTokens) * answersOf(body),
    },
    body: () => incoming.body,
    session: () => sessionOf(call, incoming.body),
    cacheKey: () => cacheKeyOf(call, incoming.body),
    replay: (kept, context) => replay(kept, { ...context, incoming, stored }),
    going: {
      allow: () => void (incoming.mayGoOn = incoming.stream),
      get possible() {
        return incoming.progress?.continuation.possible ?? false;
      },
      takes: (target) => target.known?.prefill ?? quirksOf(target).prefill ?? false,
      begin: (target, usage) => incoming.progress?.continuation.goOn(target.name, usage),
    },
    async ask(target, context) {
      const response = await sendAttempt(incoming, target, context);
      await readAnswer(response, { ...context, incoming, target, stored });
    },
  };
}

/** OpenAI's `n`: each of them may be as long as the limit says. */
function answersOf({ n }: JsonObject): number {
  return typeof n === 'number' && n > 1 ? n : 1;
}

function outputLimit(body: JsonObject): number | undefined {
  const limit = body['max_tokens'] ?? body['max_completion_tokens'] ?? body['max_output_tokens'];
  return typeof limit === 'number' && limit > 0 ? limit : undefined;
}
