/** `models.list`: what the caller may use. */
import type { CallOptions, Calls } from './calls.ts';
import type { Connection } from './connection.ts';

export interface Model {
  /** What `model` of a request may be. */
  readonly id: string;
  readonly object: 'model';
  readonly created: number;
  readonly owned_by: string;
}

export interface ModelList {
  readonly object: 'list';
  readonly data: readonly Model[];
}

export interface Models {
  /**
   * @example
   * const { data } = await client.models.list();
   * const ids = data.map(({ id }) => id);
   */
  list(options?: CallOptions): Promise<ModelList>;
}

export function createModels({ calls, connection }: { readonly calls: Calls; readonly connection: Connection }): Models {
  return {
    list: (options = {}) =>
      calls.run(
        (attempt) => connection.sendForJson<ModelList>({ method: 'GET', path: '/models', headers: options.headers }, attempt),
        options,
      ),
  };
}
