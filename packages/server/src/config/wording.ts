/** Says what a schema accepts and what stands there instead, as messages need it. */
import { type JsonSchema, unitExamples } from '@openclaw/protocol';

import type { Tree } from './tree.ts';

/** What a schema accepts, in words that follow "must be". */
export function expectation(schema: JsonSchema): string {
  const unit = schema['x-unit'];
  if (unit) {
    const what = unit === 'bytes' ? 'a size' : 'a time';
    return `${what} such as '${unitExamples[unit]}', or a whole number of ${unit === 'bytes' ? 'bytes' : 'milliseconds'}${range(schema.anyOf?.[0] ?? {})}`;
  }
  if (schema['x-expects'] !== undefined) return schema['x-expects'];
  if (schema.enum) return schema.enum.length === 1 ? `'${schema.enum[0]}'` : `one of ${schema.enum.map((word) => `'${word}'`).join(', ')}`;
  const shorthand = schema.properties?.[schema['x-shorthand'] ?? ''];
  if (shorthand) return `${expectation(shorthand)}, or an object`;
  if (schema.type === 'object') return 'an object';
  if (schema.type === 'array') return (schema.minItems ?? 0) > 0 ? 'a list that is not empty' : 'a list';
  if (schema.type === 'boolean') return 'true or false';
  if (schema.type === 'integer') return `a whole number${range(schema)}`;
  if (schema.type === 'number') return `a number${range(schema)}`;
  return schema.writeOnly || schema.minLength ? 'a text that is not empty' : 'a text';
}

function range({ minimum, maximum }: JsonSchema): string {
  if (maximum !== undefined) return ` from ${minimum ?? 0} to ${maximum}`;
  return minimum === undefined || minimum === 0 ? ' that is not negative' : ` of at least ${minimum}`;
}

/** What stands there instead, in words that follow those of `expectation`, unless that may be a secret. */
export function description(schema: JsonSchema, tree: Tree): string {
  if (schema.writeOnly) return '; what stands there is not shown';
  if (tree.kind === 'array') return tree.items.length === 0 ? ', not an empty list' : ', not a list';
  if (tree.kind === 'object') return ', not an object';
  if (tree.variables) return `, and the value of ${tree.variables.map((name) => `\${${name}}`).join(', ')} is not`;
  const text = typeof tree.value === 'string' ? JSON.stringify(tree.value) : String(tree.value);
  return `, not ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`;
}
