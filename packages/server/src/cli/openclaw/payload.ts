/** Reads what a gateway answered, which may be of another version: what is not there, or not of its kind, is undefined. */
import { isJsonObject, type JsonObject } from '../../core/json.ts';

export function objectAt(value: unknown, ...names: readonly string[]): JsonObject {
  let found: unknown = value;
  for (const name of names) found = isJsonObject(found) ? found[name] : undefined;
  return isJsonObject(found) ? found : {};
}

export function listAt(value: unknown, name: string): readonly unknown[] {
  const found = isJsonObject(value) ? value[name] : undefined;
  return Array.isArray(found) ? found : [];
}

export function textAt(value: unknown, name: string): string | undefined {
  const found = isJsonObject(value) ? value[name] : undefined;
  return typeof found === 'string' && found !== '' ? found : undefined;
}

export function numberAt(value: unknown, name: string): number | undefined {
  const found = isJsonObject(value) ? value[name] : undefined;
  return typeof found === 'number' ? found : undefined;
}
