/** `GET /v1/models` and `GET /v1/models/{id}`: what the caller may use, in the words of its dialect. */
import type { OfferedModel, Router } from '../../models/index.ts';
import { replyJson } from '../reply.ts';
import type { Endpoint, GatewayRequest } from '../request.ts';

/** When a model appeared is not known here; both APIs demand a value, and their clients only show it. */
const unknownCreation = { seconds: 0, iso: '1970-01-01T00:00:00Z' };

export function createModelListEndpoint(router: Router): Endpoint {
  return (request) => {
    const offered = offeredTo(request, router);
    if (request.dialect === 'openai-completions') replyJson(request.response, 200, { object: 'list', data: offered.map(openaiModel) });
    else {
      const data = offered.map(anthropicModel);
      replyJson(request.response, 200, { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null });
    }
  };
}

export function createModelEndpoint(router: Router): Endpoint {
  return (request) => {
    const id = decodeId(request.path.slice('/v1/models/'.length));
    const caller = callerOf(request);
    const known = router.list(caller).find((model) => model.id === id);
    // A name that is not listed may still be answered: a bare id, or a model newer than the catalogue.
    const model = known ?? { id, ownedBy: router.resolve(id, caller).targets[0]?.place.provider.id ?? 'openclaw', known: undefined };
    replyJson(request.response, 200, request.dialect === 'openai-completions' ? openaiModel(model) : anthropicModel(model));
  };
}

/** Clients escape an id or do not; what is no escape stands for itself. */
function decodeId(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function offeredTo(request: GatewayRequest, router: Router): OfferedModel[] {
  return router.list(callerOf(request));
}

function callerOf(request: GatewayRequest): { id: string; models: readonly string[] | undefined } {
  const { id, models } = request.authorize('models');
  return { id, models };
}

function openaiModel({ id, ownedBy, known }: OfferedModel): object {
  return {
    id,
    object: 'model',
    created: unknownCreation.seconds,
    owned_by: ownedBy,
    ...(known?.contextWindow === undefined ? {} : { context_window: known.contextWindow }),
    ...(known?.maxOutputTokens === undefined ? {} : { max_output_tokens: known.maxOutputTokens }),
  };
}

function anthropicModel({ id }: OfferedModel): { id: string; type: string; display_name: string; created_at: string } {
  return { type: 'model', id, display_name: id, created_at: unknownCreation.iso };
}
