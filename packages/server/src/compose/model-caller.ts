/**
 * Lets conversations ask models over the model path: the words of a streamed chat completion, and what it used.
 *
 * It chooses no model and keeps no history. What goes wrong comes back as the error that it was.
 */
import type { Ids } from '../core/ids.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { ModelService } from '../models/index.ts';
import type { ModelCaller, ModelPart } from '../runs/index.ts';
import { streamChat, textsOf } from './streamed-chat.ts';

export interface ModelCallerOptions {
  readonly service: Pick<ModelService, 'serve'>;
  readonly ids: Pick<Ids, 'request'>;
  /** Under whose name it is written down. @default 'gateway' */
  readonly callerId?: string;
}

export function createModelCaller({ service, ids, callerId = 'gateway' }: ModelCallerOptions): ModelCaller {
  return async function* ({ model, messages, sessionKey, runId, signal }) {
    const body = { model, messages };
    const chat = { requestId: ids.request(), callerId, body, sessionKey, idempotencyKey: runId, signal };
    for await (const chunk of streamChat(service, chat)) yield* partsOf(chunk);
    return undefined;
  };
}

function partsOf({ choices, usage }: JsonObject): ModelPart[] {
  const [choice] = Array.isArray(choices) ? choices : [];
  const delta = isJsonObject(choice) && isJsonObject(choice['delta']) ? choice['delta'] : {};
  const parts = textsOf(delta).map((text): ModelPart => ({ kind: 'text', text }));
  if (!isJsonObject(usage)) return parts;
  const { prompt_tokens: input, completion_tokens: output } = usage;
  return [...parts, { kind: 'usage', inputTokens: Number(input ?? 0), outputTokens: Number(output ?? 0) }];
}
