/** Objects as a `Table`, which is what `kubectl get` asks for: columns that the server chooses, and rows of cells. */
import type { ApiObject } from '@openclaw/protocol';
import { groupVersionOf, type Collection, type CollectionPage } from './collection.ts';

/** How an answer is wanted. */
export interface Representation {
  readonly asTable: boolean;
  /** What a row carries of its object. */
  readonly includeObject: 'None' | 'Metadata' | 'Object';
}

export function representationOf(accept: string | undefined, query: URLSearchParams): Representation {
  const asTable = (accept ?? '').split(',').some((entry) => /;\s*as=Table/.test(entry) && /;\s*g=meta\.k8s\.io/.test(entry));
  const wanted = query.get('includeObject');
  return { asTable, includeObject: wanted === 'None' || wanted === 'Object' ? wanted : 'Metadata' };
}

export interface TableOptions {
  readonly collection: Collection;
  readonly representation: Representation;
  readonly nowMs: number;
}

export function listBody(page: CollectionPage, options: TableOptions): object {
  const { collection, representation } = options;
  const metadata = {
    resourceVersion: page.resourceVersion,
    ...(page.continue === undefined ? {} : { continue: page.continue }),
    ...(page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
  };
  if (representation.asTable) return table(page.items, metadata, options);
  return { kind: `${collection.kind}List`, apiVersion: groupVersionOf(collection), metadata, items: page.items };
}

export function objectBody(object: ApiObject, options: TableOptions): object {
  if (!options.representation.asTable) return object;
  return table([object], { resourceVersion: object.metadata.resourceVersion }, options);
}

function table(objects: readonly ApiObject[], metadata: object, { collection, representation, nowMs }: TableOptions): object {
  const { columns } = collection;
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columns.map(({ name, type, description, priority }) => ({
      ...{ name, type: type === 'date' ? 'string' : type, format: name === 'Name' ? 'name' : '', description, priority },
    })),
    rows: objects.map((object) => ({
      cells: columns.map(({ cell }) => cell(object, nowMs)),
      ...(representation.includeObject === 'None' ? {} : { object: representation.includeObject === 'Object' ? object : partOf(object) }),
    })),
  };
}

function partOf({ metadata }: ApiObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
}
