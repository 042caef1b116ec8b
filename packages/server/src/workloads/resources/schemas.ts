/** The fields of kinds as OpenAPI 3.0 schemas with descriptions, which is what `kubectl explain` reads. */
import type { Field, ObjectField } from './field.ts';
import type { Kind } from './kind.ts';
import { metadataField } from './metadata.ts';

export type JsonSchemaObject = Readonly<Record<string, unknown>>;

export function schemaOfKind({ description, spec, status, kind }: Kind): JsonSchemaObject {
  return {
    type: 'object',
    description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string', description: 'openclaw.io/v1.' },
      kind: { type: 'string', description: `${kind}.` },
      metadata: schemaOf(metadataField),
      spec: schemaOf(spec),
      status: schemaOf(status),
    },
  };
}

export function schemaOf(field: Field): JsonSchemaObject {
  const { description } = field;
  switch (field.type) {
    case 'text':
      return {
        ...{ description, type: 'string' },
        ...(field.choices ? { enum: field.choices } : {}),
        ...(field.form ? { maxLength: field.form.maxLength } : {}),
        ...presetOf(field.default),
      };
    case 'integer': {
      const { minimum, maximum } = field;
      return { description, type: 'integer', minimum, maximum, ...presetOf(field.default) };
    }
    case 'flag':
      return { description, type: 'boolean', ...presetOf(field.default) };
    case 'quantity':
      return { description, type: 'string' };
    case 'port':
      return { description, 'x-kubernetes-int-or-string': true };
    case 'map':
      return { description, type: 'object', additionalProperties: { type: 'string' } };
    case 'list':
      return { description, type: 'array', items: schemaOf(field.items), maxItems: field.maxItems, ...presetOf(field.default) };
    case 'object':
      return schemaOfObject(field);
  }
}

function schemaOfObject({ description, fields, required }: ObjectField): JsonSchemaObject {
  const properties = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, schemaOf(field)]));
  return { description, type: 'object', properties, ...(required ? { required } : {}) };
}

function presetOf(value: unknown): { readonly default?: unknown } {
  return value === undefined ? {} : { default: value };
}
