/** Whatever asks a model, a conversation, embeddings or a count of tokens: reads the request, hands it to the model path. */
import type { IncomingHttpHeaders } from 'node:http';
import type { ModelService, OperationName } from '../../models/index.ts';
import type { BodyBudget } from '../body-budget.ts';
import { readBody } from '../body.ts';
import { releaseWhenTaken, sinkOf } from '../reply.ts';
import type { Endpoint } from '../request.ts';

export interface ModelCallOptions {
  readonly service: ModelService;
  readonly bodyLimitBytes: () => number;
  readonly bodyBudget: BodyBudget;
  readonly operation: OperationName;
}

export function createModelCallEndpoint(options: ModelCallOptions): Endpoint {
  return async (request) => {
    const principal = request.authorize('models');
    const { raw, response } = request;
    const holding = options.bodyBudget.open(principal.id);
    try {
      const body = await readBody(raw, options.bodyLimitBytes(), holding);
      if (response.destroyed) return;
      await options.service.serve(
        {
          requestId: request.requestId,
          dialect: request.dialect,
          operation: options.operation,
          body,
          headers: raw.headers,
          caller: { id: principal.id, models: principal.models },
          hold: holding.add,
          whenGone(listener) {
            // The path may have waited for something of its own before it asks.
            if (response.destroyed) {
              listener();
              return;
            }
            response.on('close', () => {
              if (!response.writableFinished) listener();
            });
          },
          timeoutMs: clientTimeoutMs(raw.headers),
        },
        sinkOf(response),
      );
    } finally {
      // Answered, failed or left: the model path has let go of the body when it comes back.
      releaseWhenTaken(response, holding);
    }
  };
}

/**
 * How long the client will wait. The openai SDKs say it in seconds; ours is in milliseconds and wins.
 * Nonsense is ignored: a client that cannot say what it wants gets no deadline.
 */
export function clientTimeoutMs(headers: IncomingHttpHeaders): number | undefined {
  const own = Number(headers['x-openclaw-timeout-ms'] ?? NaN);
  if (own > 0 && own < 2 ** 31) return own;
  const seconds = Number(headers['x-stainless-read-timeout'] ?? headers['x-stainless-timeout'] ?? NaN);
  return seconds > 0 && seconds * 1000 < 2 ** 31 ? seconds * 1000 : undefined;
}
