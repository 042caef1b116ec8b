/** GET of objects and lists. */
import { answer, notFound, readCount, wrong, type Call, type ObjectCall } from './call.ts';
import { readSelectors } from './selectors.ts';
import { listBody, objectBody, representationOf, type TableOptions } from './table.ts';

export async function getObject(call: ObjectCall): Promise<void> {
  const { request, collection, namespace, name } = call;
  const object = await collection.get(namespace, name);
  if (!object) throw notFound(call, namespace, name);
  answer(request, 200, objectBody(object, tableOptions(call)));
}

export async function listObjects(call: Call): Promise<void> {
  const { request, query, collection, address } = call;
  const matches = readSelectors(query, collection.selectable);
  const limit = readCount(query, 'limit');
  const token = query.get('continue') ?? '';
  const exact = query.get('resourceVersionMatch') === 'Exact' ? (query.get('resourceVersion') ?? '') : undefined;
  if (exact === '') throw wrong('resourceVersion', 'must be given where resourceVersionMatch is Exact');
  const page = await collection.list({
    ...(address.namespace === undefined ? {} : { namespace: address.namespace }),
    ...(matches ? { matches } : {}),
    // As in Kubernetes: a limit of 0 is none.
    ...(limit === undefined || limit === 0 ? {} : { limit }),
    ...(token === '' ? {} : { continue: token }),
    ...(exact === undefined ? {} : { atVersion: exact }),
  });
  answer(request, 200, listBody(page, tableOptions(call)));
}

export function tableOptions({ request, query, collection, api }: Call): TableOptions {
  return { collection, representation: representationOf(request.raw.headers.accept, query), nowMs: api.clock.now() };
}
