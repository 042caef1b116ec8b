/** The schema as editors need it: of the file as it is written, where every object may have an `$include`. */
import type { JsonSchema } from '@openclaw/protocol';

const include: JsonSchema = {
  description: 'Files that this object is put together from; what stands beside it wins.',
  anyOf: [
    { type: 'string', minLength: 1 },
    { type: 'array', items: { type: 'string', minLength: 1 } },
  ],
};

export function publishSchema(schema: JsonSchema): JsonSchema {
  const { 'x-shorthand': shorthand, ...whole } = schema;
  if (shorthand !== undefined) {
    return { description: schema.description ?? '', anyOf: [schema.properties?.[shorthand] ?? {}, publishSchema(whole)] };
  }
  const { properties, additionalProperties, items } = schema;
  if (schema.writeOnly || schema.anyOf) return schema;
  if (items) return { ...schema, items: publishSchema(items) };
  if (additionalProperties) {
    const propertyNames: JsonSchema = { anyOf: [schema.propertyNames ?? {}, { enum: ['$include'] }] };
    return { ...schema, propertyNames, properties: { $include: include }, additionalProperties: publishSchema(additionalProperties) };
  }
  if (!properties) return schema;
  const published = Object.entries(properties).map(([name, property]) => [name, publishSchema(property)] as const);
  return { ...schema, properties: { ...Object.fromEntries(published), $include: include } };
}
