/** `sessions`: conversations that agents have had. */
import type { DeletedSession, SessionDetails, SessionView } from '@openclaw/protocol';
import type { CallOptions, Calls } from '../calls.ts';
import type { Connection, OutgoingRequest } from '../connection.ts';

export interface SessionPage {
  readonly data: readonly SessionView[];
  readonly has_more: boolean;
  readonly next_after: string | null;
}

export interface Sessions {
  /** The latest first. */
  list(page?: { readonly limit?: number; readonly after?: string }, options?: CallOptions): Promise<SessionPage>;
  /** With its last messages. @param messages how many; 100 where it is not said */
  get(key: string, messages?: number, options?: CallOptions): Promise<SessionDetails>;
  delete(key: string, options?: CallOptions): Promise<DeletedSession>;
  /** Summarises its older part. */
  compact(key: string, options?: CallOptions): Promise<SessionDetails>;
}

export function createSessions({ calls, connection }: { readonly calls: Calls; readonly connection: Connection }): Sessions {
  function ask<T extends object>(request: OutgoingRequest, { headers, ...options }: CallOptions = {}): Promise<T> {
    return calls.run((attempt) => connection.sendForJson<T>({ ...request, headers }, attempt), options);
  }
  const placeOf = (key: string): string => `/sessions/${encodeURIComponent(key)}`;
  return {
    list(page = {}, options) {
      const query = new URLSearchParams(Object.entries(page).map(([name, value]) => [name, String(value)] as [string, string])).toString();
      return ask<SessionPage>({ method: 'GET', path: query === '' ? '/sessions' : `/sessions?${query}` }, options);
    },
    get: (key, messages, options) =>
      ask<SessionDetails>({ method: 'GET', path: `${placeOf(key)}${messages === undefined ? '' : `?limit=${messages}`}` }, options),
    delete: (key, options) => ask<DeletedSession>({ method: 'DELETE', path: placeOf(key) }, options),
    compact: (key, options) => ask<SessionDetails>({ method: 'POST', path: `${placeOf(key)}/compact` }, options),
  };
}
