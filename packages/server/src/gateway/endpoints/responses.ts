/**
 * `/v1/responses/{id}`: what was kept of a response, for the key that made it. Making one is `model-calls.ts`.
 */
import { OpenClawError } from '../../core/errors.ts';
import type { InputItemsQuestion, ResponseReader } from '../../models/index.ts';
import type { BodyBudget } from '../body-budget.ts';
import { releaseWhenTaken, replyJson } from '../reply.ts';
import type { Endpoint, GatewayRequest } from '../request.ts';

/** As the API documents it. */
const pageDefault = 20;
const pageLimit = 100;

/** As rows, as values and as text. */
const heldPerByte = 3;

type Weigh = (bytes: number) => void;

/** By method, for the path with everything below it. */
export function createResponseEndpoints(
  responses: ResponseReader,
  bodyBudget: BodyBudget,
): Readonly<Record<'GET' | 'POST' | 'DELETE', Endpoint>> {
  /** What is kept may be large, and is asked for with a few bytes. */
  async function replyHeld({ response }: GatewayRequest, owner: string, read: (weigh: Weigh) => Promise<object>): Promise<void> {
    const holding = bodyBudget.open(owner);
    try {
      replyJson(response, 200, await read((bytes) => holding.add(heldPerByte * bytes)));
    } finally {
      releaseWhenTaken(response, holding);
    }
  }

  return {
    async GET(request) {
      const { id: owner } = request.authorize('models');
      const { id, rest } = splitPath(request);
      if (rest === '') {
        if (request.query.get('stream') === 'true') throw wrong('stream', 'must be false: a kept response is not sent as a stream again');
        await replyHeld(request, owner, (weigh) => responses.read(owner, id, weigh));
        return;
      }
      if (rest !== 'input_items') throw nothingThere(request);
      await replyHeld(request, owner, async (weigh) => {
        const { items, hasMore } = await responses.inputItems(owner, id, { ...questionOf(request.query), weigh });
        const ids = items.map((item) => item['id'] ?? null);
        return { object: 'list', data: items, first_id: ids[0] ?? null, last_id: ids.at(-1) ?? null, has_more: hasMore };
      });
    },
    async DELETE(request) {
      const { id: owner } = request.authorize('models');
      const { id, rest } = splitPath(request);
      if (rest !== '') throw nothingThere(request);
      await responses.remove(owner, id);
      replyJson(request.response, 200, { id, object: 'response', deleted: true });
    },
    async POST(request) {
      const { id: owner } = request.authorize('models');
      const { id, rest } = splitPath(request);
      if (rest !== 'cancel') throw nothingThere(request);
      await responses.read(owner, id);
      throw wrong('id', 'must be of a response that runs in the background, and none does here');
    },
  };
}

function splitPath({ path }: GatewayRequest): { readonly id: string; readonly rest: string } {
  const [id = '', ...rest] = path.slice('/v1/responses/'.length).split('/');
  return { id: decode(id), rest: rest.join('/') };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function questionOf(query: URLSearchParams): InputItemsQuestion {
  const order = query.get('order') ?? 'desc';
  const limit = Number(query.get('limit') ?? pageDefault);
  if (order !== 'asc' && order !== 'desc') throw wrong('order', 'must be "asc" or "desc"');
  if (!Number.isInteger(limit) || limit < 1 || limit > pageLimit) throw wrong('limit', `must be a whole number from 1 to ${pageLimit}`);
  return { order, limit, after: query.get('after') ?? undefined };
}

function wrong(path: string, reason: string): OpenClawError {
  return new OpenClawError('invalid_request', { details: { path, reason }, param: path });
}

function nothingThere({ method, path }: GatewayRequest): OpenClawError {
  return new OpenClawError('not_found', { details: { method, path: path.slice(0, 200) } });
}
