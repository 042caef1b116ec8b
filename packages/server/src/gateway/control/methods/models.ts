/** `models.list`: what can be asked for. */
import type { MethodTable } from '../contract.ts';
import { Params } from './params.ts';

export interface ModelRowView {
  /** What a request writes as `model`. */
  readonly name: string;
  readonly kind: 'route' | 'model';
  readonly provider: string | null;
  readonly contextWindow: number | null;
  readonly maxOutputTokens: number | null;
  readonly abilities: readonly string[] | null;
}

export interface ModelMethodsOptions {
  readonly listModels: () => Promise<readonly ModelRowView[]>;
}

export function createModelMethods({ listModels }: ModelMethodsOptions): MethodTable {
  return {
    'models.list': {
      scope: 'operator.read',
      async run({ params }) {
        const read = new Params(params);
        // Every view is the same here: there is one list, of what can be asked for now.
        read.passOver('view', 'includeDetails', 'agentId', 'sessionKey', 'refresh');
        read.end();
        return { models: (await listModels()).map(modelShape) };
      },
    },
  };
}

/** Clients ask for `provider/id`; of a route its own name is all there is. */
export function modelShape({ name, kind, provider, contextWindow, maxOutputTokens, abilities }: ModelRowView): object {
  const id = provider !== null && name.startsWith(`${provider}/`) ? name.slice(provider.length + 1) : name;
  return {
    ...{ key: name, id, name: id, provider: provider ?? 'openclaw', kind, available: true },
    ...(contextWindow === null ? {} : { contextWindow }),
    ...(maxOutputTokens === null ? {} : { maxTokens: maxOutputTokens }),
    ...(abilities === null
      ? {}
      : { reasoning: abilities.includes('reasoning'), input: abilities.includes('images') ? ['text', 'image'] : ['text'] }),
  };
}
