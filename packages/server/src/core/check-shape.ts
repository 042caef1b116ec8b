/**
 * Holds a value against a closed schema and names the first thing that does not fit.
 *
 * It knows the keywords that the schemas of wires and files in `packages/protocol` use and fills in no defaults.
 */
import type { JsonSchema } from '@openclaw/protocol';

export interface Fault {
  /** `/client/id`; empty for the value itself. */
  readonly path: string;
  /** Follows the path in a sentence: `must be a text`. */
  readonly reason: string;
}

type Keywords = JsonSchema;
type Fields = Readonly<Record<string, unknown>>;

/** What is quoted of a stranger's words. */
const quotedCharacters = 64;

export function findFault(schema: JsonSchema, value: unknown, path = ''): Fault | undefined {
  if (schema.enum !== undefined) {
    return typeof value === 'string' && schema.enum.includes(value) ? undefined : { path, reason: `must be ${schema.enum.join(' | ')}` };
  }
  switch (schema.type) {
    case 'string':
      return typeof value === 'string' ? findTextFault(schema, value, path) : { path, reason: 'must be a text' };
    case 'integer':
    case 'number':
      return findNumberFault(schema, value, path);
    case 'boolean':
      return typeof value === 'boolean' ? undefined : { path, reason: 'must be true or false' };
    case 'array':
      return Array.isArray(value) ? findListFault(schema, value, path) : { path, reason: 'must be a list' };
    case 'object':
      return isFields(value) ? findFieldsFault(schema, value, path) : { path, reason: 'must be an object' };
    case undefined:
      return undefined;
  }
}

export function sayFault({ path, reason }: Fault): string {
  return path === '' ? reason : `at ${path}: ${reason}`;
}

function findTextFault({ minLength = 0, maxLength = Infinity }: Keywords, value: string, path: string): Fault | undefined {
  if (value.length < minLength) return { path, reason: 'must not be empty' };
  return value.length > maxLength ? { path, reason: `must have at most ${maxLength} characters` } : undefined;
}

function findNumberFault({ type, minimum = -Infinity, maximum = Infinity }: Keywords, value: unknown, path: string): Fault | undefined {
  if (typeof value !== 'number' || (type === 'integer' && !Number.isInteger(value)))
    return { path, reason: type === 'integer' ? 'must be a whole number' : 'must be a number' };
  if (value < minimum) return { path, reason: `must be at least ${minimum}` };
  return value > maximum ? { path, reason: `must be at most ${maximum}` } : undefined;
}

function findListFault({ items, maxItems = Infinity }: Keywords, values: readonly unknown[], path: string): Fault | undefined {
  if (values.length > maxItems) return { path, reason: `must have at most ${maxItems} entries` };
  if (items === undefined) return undefined;
  return firstOf(values.entries(), ([index, value]) => findFault(items, value, `${path}/${index}`));
}

function findFieldsFault(schema: Keywords, value: Fields, path: string): Fault | undefined {
  const { properties = {}, required = [], additionalProperties, maxProperties = Infinity } = schema;
  const missing = required.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) return { path, reason: `must have ${missing}` };
  const entries = Object.entries(value);
  if (entries.length > maxProperties) return { path, reason: `must have at most ${maxProperties} names` };
  return firstOf(entries, ([name, item]) => {
    const known = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    if (known === false) return { path, reason: `has ${quote(name)}, which is not known here` };
    return known === undefined ? undefined : findFault(known, item, `${path}/${quote(name)}`);
  });
}

function firstOf<T>(items: Iterable<T>, find: (item: T) => Fault | undefined): Fault | undefined {
  for (const item of items) {
    const fault = find(item);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Of a stranger: short, and in one line. */
function quote(name: string): string {
  return name.slice(0, quotedCharacters).replace(/[^\x20-\x7e]/g, '?');
}
