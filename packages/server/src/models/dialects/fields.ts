/**
 * Reads fields of a request body by type, and says by path what is wrong with them. `null` counts as absent, as it does for
 * the providers. Shared by the dialects.
 *
 * It does not know any field by name.
 */
import { OpenClawError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';

export function pathOf(parent: string, key: string | number): string {
  if (typeof key === 'number') return `${parent}[${key}]`;
  return parent === '' ? key : `${parent}.${key}`;
}

export function invalid(path: string, reason: string): OpenClawError {
  return new OpenClawError('invalid_request', { details: { path, reason }, param: path });
}

export function unsupported(path: string, feature: string, target: string): OpenClawError {
  return new OpenClawError('unsupported_feature', { details: { path, feature, target }, param: path });
}

export function requiredString(object: JsonObject, key: string, parent: string): string {
  return present(optionalString(object, key, parent), key, parent);
}

export function optionalString(object: JsonObject, key: string, parent: string): string | undefined {
  const value = object[key] ?? undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw wrongType(value, 'a string', pathOf(parent, key));
}

export function optionalNumber(object: JsonObject, key: string, parent: string): number | undefined {
  const value = object[key] ?? undefined;
  if (value === undefined || typeof value === 'number') return value;
  throw wrongType(value, 'a number', pathOf(parent, key));
}

/** A whole number, 0 or more. */
export function optionalCount(object: JsonObject, key: string, parent: string): number | undefined {
  const value = optionalNumber(object, key, parent);
  if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0)) {
    throw invalid(pathOf(parent, key), 'must be a whole number, 0 or more');
  }
  return value;
}

export function optionalBoolean(object: JsonObject, key: string, parent: string): boolean | undefined {
  const value = object[key] ?? undefined;
  if (value === undefined || typeof value === 'boolean') return value;
  throw wrongType(value, 'true or false', pathOf(parent, key));
}

export function requiredObject(object: JsonObject, key: string, parent: string): JsonObject {
  return present(optionalObject(object, key, parent), key, parent);
}

export function optionalObject(object: JsonObject, key: string, parent: string): JsonObject | undefined {
  const value = object[key] ?? undefined;
  if (value === undefined || isJsonObject(value)) return value;
  throw wrongType(value, 'an object', pathOf(parent, key));
}

export function requiredArray(object: JsonObject, key: string, parent: string): JsonValue[] {
  return present(optionalArray(object, key, parent), key, parent);
}

export function optionalArray(object: JsonObject, key: string, parent: string): JsonValue[] | undefined {
  const value = object[key] ?? undefined;
  if (value === undefined || Array.isArray(value)) return value;
  throw wrongType(value, 'an array', pathOf(parent, key));
}

/** The members of an array, each of which must be an object, with its path. */
export function objectsOf(values: readonly JsonValue[], path: string): { object: JsonObject; path: string }[] {
  return values.map((value, index) => {
    if (isJsonObject(value)) return { object: value, path: pathOf(path, index) };
    throw wrongType(value, 'an object', pathOf(path, index));
  });
}

export function stringsOf(values: readonly JsonValue[], path: string): string[] {
  return values.map((value, index) => {
    if (typeof value === 'string') return value;
    throw wrongType(value, 'a string', pathOf(path, index));
  });
}

export function wrongType(value: JsonValue, wanted: string, path: string): OpenClawError {
  return invalid(path, `must be ${wanted}, not ${kindOf(value)}`);
}

/** The members that are not in `known` and say something: `null` and empty lists are what SDKs write for absent. */
export function restOf(object: JsonObject, known: ReadonlySet<string>): JsonObject | undefined {
  let rest: JsonObject | undefined;
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (known.has(key) || value === undefined || value === null || (Array.isArray(value) && value.length === 0)) continue;
    rest ??= {};
    // Not an assignment: `__proto__` as a key must stay a key.
    Object.defineProperty(rest, key, { value, enumerable: true, writable: true, configurable: true });
  }
  return rest;
}

/** The object without the members that are `undefined`: what `exactOptionalPropertyTypes` wants of optional fields. */
export function compact<T extends object>(object: { [K in keyof T]: T[K] | undefined }): T {
  for (const key in object) if (object[key] === undefined) delete object[key];
  return object as T;
}

function present<T>(value: T | undefined, key: string, parent: string): T {
  if (value === undefined) throw invalid(pathOf(parent, key), 'is required');
  return value;
}

function kindOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
