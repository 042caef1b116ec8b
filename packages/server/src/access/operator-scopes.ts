/** Scopes of the control plane: the cap that a header may put on them, and what they mean over HTTP. */
import { holdsScope, operatorScopes, type Scope } from '@openclaw/protocol';
import type { RequestHeaders } from './request-credentials.ts';

/** Names a cap: whoever is in front of the gateway may take scopes away from a caller, and never give any. */
const capHeader = 'x-openclaw-scopes';

/** Those that are known, each once; at most what the header allows. */
export function cappedScopes(wanted: readonly string[], headers: RequestHeaders): readonly string[] {
  const known = operatorScopes.filter((scope) => wanted.includes(scope));
  const value = headers[capHeader];
  if (value === undefined) return known;
  const names = (typeof value === 'string' ? value : value.join(',')).split(/[\s,]+/);
  const cap = operatorScopes.filter((scope) => names.includes(scope));
  const [wantedSet, capSet] = [new Set<string>(known), new Set<string>(cap)];
  return operatorScopes.filter(
    (scope) => (wantedSet.has(scope) && holdsScope(capSet, scope)) || (capSet.has(scope) && holdsScope(wantedSet, scope)),
  );
}

/** Whether everything in `wanted` is held. */
export function holdsAll(held: readonly string[], wanted: readonly string[]): boolean {
  const set = new Set(held);
  return wanted.every((scope) => holdsScope(set, scope));
}

const everything: ReadonlySet<string> = new Set<Scope>(['models', 'runs', 'admin']);

/**
 * What somebody with these scopes may do over HTTP: everything with `operator.admin`, ask models with `operator.write`; and with the names of these
 * two or `operator.read` what asks for them, as workloads do.
 */
export function httpScopes(held: readonly string[]): ReadonlySet<string> {
  if (held.includes('operator.admin')) return everything;
  const named = ['operator.write', 'operator.read'].filter((scope) => held.includes(scope));
  return new Set(held.includes('operator.write') ? ['models', ...named] : named);
}
