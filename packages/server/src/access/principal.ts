/** Who asks, once it is known. It decides nothing: whoever serves the request compares the scopes and the models. */
import type { Scope } from '@openclaw/protocol';

export interface Principal {
  /** `user`: named by a trusted proxy. */
  readonly kind: 'gateway' | 'key' | 'device' | 'user' | 'anonymous';
  /** `gateway`, `anonymous`, the id of a virtual key, `device:<id>` or `user:<name>`. For logs and accounts; not secret. */
  readonly id: string;
  readonly scopes: ReadonlySet<string>;
  /** Models that it may use; undefined for all. */
  readonly models: readonly string[] | undefined;
}

const everything: ReadonlySet<Scope> = new Set<Scope>(['models', 'runs', 'admin']);

/** Whoever holds the gateway's own token or password. */
export const gatewayPrincipal: Principal = Object.freeze({ kind: 'gateway', id: 'gateway', scopes: everything, models: undefined });

/** Anybody, where the operator asked for no auth. */
export const anonymousPrincipal: Principal = Object.freeze({ kind: 'anonymous', id: 'anonymous', scopes: everything, models: undefined });

/** Who did something, as the audit log names it. */
export function actorOf({ kind, id }: Principal): string {
  return kind === 'gateway' ? 'gateway-token' : id;
}
