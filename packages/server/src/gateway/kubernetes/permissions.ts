/** Who may do what here: reading takes `operator.read`, writing what the kind says; whoever administers the gateway may do everything. */
import { holdsScope } from '@openclaw/protocol';
import type { Principal } from '../../access/index.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { Collection } from './collection.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

const readVerbs: readonly Verb[] = ['get', 'list', 'watch'];
const writeVerbs: readonly Verb[] = ['create', 'update', 'patch', 'delete', 'deletecollection'];

export function verbsOf(collection: Collection): readonly Verb[] {
  const read = collection.watch ? readVerbs : readVerbs.filter((verb) => verb !== 'watch');
  return collection.stored ? [...read, ...writeVerbs] : read;
}

export function holds({ scopes }: Principal, scope: string): boolean {
  return scopes.has('admin') || holdsScope(scopes, scope);
}

/** @throws OpenClawError `forbidden` */
export function requireScope(principal: Principal, scope: string): void {
  if (!holds(principal, scope)) throw new OpenClawError('forbidden', { details: { keyId: principal.id, scope } });
}

export function scopeFor({ stored }: Pick<Collection, 'stored'>, verb: string): string {
  return readVerbs.some((each) => each === verb) ? 'operator.read' : (stored?.writeScope ?? 'operator.admin');
}
