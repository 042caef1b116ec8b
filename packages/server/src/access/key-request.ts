/** Checks the wish for a new virtual key, or for a change of one. It does not know which models exist: routes come and go while a key lives. */
import { scopes as knownScopes, type Scope } from '@openclaw/protocol';
import { OpenClawError } from '../core/errors.ts';
import { type KeyLimits, limitFields, noLimits, readLimits } from './key-limits.ts';
import type { KeyChanges } from './key-store.ts';

export interface KeyRequest {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Undefined for all. */
  readonly models: readonly string[] | undefined;
  readonly expiresAtMs: number | undefined;
  readonly limits: KeyLimits;
}

/** A key keeps its scopes for life: who has it already must not become able to do more. */
const changeableFields: readonly string[] = ['name', 'models', 'expiresAt', ...Object.keys(limitFields)];
const fields: readonly string[] = ['scopes', ...changeableFields];

const nameLimit = 100;
const modelNameLimit = 200;
const modelLimit = 1000;

/** @throws OpenClawError `invalid_request` that names the field */
export function readKeyRequest(wanted: Readonly<Record<string, unknown>>, nowMs: number): KeyRequest {
  for (const field of Object.keys(wanted)) {
    if (!fields.includes(field)) throw wrong(field, `is not a field of a key; those are ${fields.join(', ')}`);
  }
  return {
    name: readName(wanted['name']),
    scopes: readScopes(wanted['scopes']),
    models: readModels(wanted['models']),
    expiresAtMs: readExpiry(wanted['expiresAt'], nowMs),
    limits: { ...noLimits, ...readLimits(wanted) },
  };
}

/** @throws OpenClawError `invalid_request` that names the field */
export function readKeyChanges(wanted: Readonly<Record<string, unknown>>, nowMs: number): KeyChanges {
  for (const field of Object.keys(wanted)) {
    if (!changeableFields.includes(field)) throw wrong(field, `cannot be changed; what can is ${changeableFields.join(', ')}`);
  }
  const changes: KeyChanges = {
    ...(Object.hasOwn(wanted, 'name') ? { name: readName(wanted['name']) } : {}),
    ...(Object.hasOwn(wanted, 'models') ? { models: readModels(wanted['models']) } : {}),
    ...(Object.hasOwn(wanted, 'expiresAt') ? { expiresAtMs: readExpiry(wanted['expiresAt'], nowMs) } : {}),
    limits: readLimits(wanted),
  };
  if (Object.keys(wanted).length === 0) throw wrong('body', `must name what changes: ${changeableFields.join(', ')}`);
  return changes;
}

function readName(value: unknown): string {
  const name = typeof value === 'string' ? value.trim() : '';
  if (name === '' || name.length > nameLimit || /\p{Cc}/u.test(name)) throw wrong('name', `must be a text of 1 to ${nameLimit} characters`);
  return name;
}

function readScopes(value: unknown): readonly Scope[] {
  if (value === undefined) return ['models'];
  const wanted = readTexts(value, 'scopes', knownScopes.length);
  return wanted.map(
    (scope) =>
      knownScopes.find((known) => known === scope) ?? fail('scopes', `there is no scope ${scope}; those are ${knownScopes.join(', ')}`),
  );
}

function readModels(value: unknown): readonly string[] | undefined {
  return value === undefined || value === null ? undefined : readTexts(value, 'models', modelLimit);
}

function readTexts(value: unknown, path: string, limit: number): readonly string[] {
  if (!Array.isArray(value) || value.length === 0)
    throw wrong(path, 'must be a list of names with at least one; leave it out for the default');
  const texts = value.map((item: unknown) => {
    if (typeof item === 'string' && item !== '' && item.length <= modelNameLimit) return item;
    throw wrong(path, `must hold names of 1 to ${modelNameLimit} characters`);
  });
  const unique = Array.from(new Set(texts));
  if (unique.length > limit) throw wrong(path, `must hold at most ${limit} names`);
  return unique;
}

function readExpiry(value: unknown, nowMs: number): number | undefined {
  if (value === undefined || value === null) return undefined;
  const timeMs = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(timeMs)) throw wrong('expiresAt', 'must be a time such as 2027-01-31T00:00:00Z');
  if (timeMs <= nowMs) throw wrong('expiresAt', 'must lie in the future');
  return timeMs;
}

function fail(path: string, reason: string): never {
  throw wrong(path, reason);
}

function wrong(path: string, reason: string): OpenClawError {
  return new OpenClawError('invalid_request', { details: { path, reason }, param: path });
}
