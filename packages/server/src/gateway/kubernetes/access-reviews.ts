/** What the caller may do, in the words of `kubectl auth can-i`. */
import type { Principal } from '../../access/index.ts';
import type { JsonObject } from '../../core/json.ts';
import { isJsonObject } from '../../core/json.ts';
import type { Collection } from './collection.ts';
import { holds, scopeFor, verbsOf } from './permissions.ts';

export const reviewGroup = 'authorization.k8s.io';

export function reviewAccess(body: JsonObject, principal: Principal, collections: readonly Collection[]): object {
  const spec = isJsonObject(body['spec']) ? body['spec'] : {};
  const { allowed, reason } = decide(spec, principal, collections);
  return { kind: 'SelfSubjectAccessReview', apiVersion: `${reviewGroup}/v1`, metadata: {}, spec, status: { allowed, reason } };
}

export function reviewRules(body: JsonObject, principal: Principal, collections: readonly Collection[]): object {
  const spec = isJsonObject(body['spec']) ? body['spec'] : {};
  const resourceRules = collections.flatMap((collection) => {
    const verbs = verbsOf(collection).filter((verb) => holds(principal, scopeFor(collection, verb)));
    return verbs.length === 0 ? [] : [{ verbs, apiGroups: [collection.group], resources: [collection.resource] }];
  });
  const status = { resourceRules, nonResourceRules: [], incomplete: false };
  return { kind: 'SelfSubjectRulesReview', apiVersion: `${reviewGroup}/v1`, metadata: {}, spec, status };
}

interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
}

function decide(spec: JsonObject, principal: Principal, collections: readonly Collection[]): Decision {
  const asked = isJsonObject(spec['resourceAttributes']) ? spec['resourceAttributes'] : undefined;
  if (!asked) return decideScope(principal, 'operator.read');
  const text = (name: string): string => (typeof asked[name] === 'string' ? asked[name] : '');
  const [verb, group, resource] = [text('verb'), text('group'), text('resource')];
  if (verb === '*' || resource === '*') return decideScope(principal, 'operator.admin');
  const collection = collections.find((each) => each.resource === resource && (each.group === group || group === '*'));
  if (!collection) return { allowed: false, reason: 'this gateway has no such resource' };
  if (!verbsOf(collection).some((each) => each === verb)) return { allowed: false, reason: `${resource} cannot be asked for this` };
  return decideScope(principal, scopeFor(collection, verb));
}

function decideScope(principal: Principal, scope: string): Decision {
  const allowed = holds(principal, scope);
  return { allowed, reason: `${principal.id} ${allowed ? 'holds' : 'lacks'} the scope ${scope}` };
}
