/** A field of a kind, from the OpenAPI document of its group: what it is, and what is below it. */
import { apiVersionOf, type ResourceKind } from '@openclaw/client/workloads';
import { OpenClawError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { nearestName } from '../../core/nearest-name.ts';
import { resolveKind, type Session } from './session.ts';

interface Asked {
  readonly session: Session;
  readonly recursive: boolean;
}

/** @throws OpenClawError `usage_error` with the nearest field */
export async function explainField(path: string, { session, recursive }: Asked): Promise<string> {
  const [word = '', ...steps] = path.replaceAll(/\[\w*\]/g, '').split('.');
  const kind = await resolveKind(word, session);
  const document = await session.api.openApi(kind);
  const resolve = resolverOf(document);
  let schema =
    schemaOfKind(kind, document) ?? missing(`The gateway does not describe ${kind.kind}`, 'It may be of an older release: `clw version`.');
  let walked = kind.singular;
  for (const step of steps) {
    const fields = fieldsOf(schema, resolve);
    const found = fields[step];
    if (!isJsonObject(found)) {
      const near = nearestName(step, Object.keys(fields));
      const below = Object.keys(fields);
      return missing(
        `${walked} has no field ${step}`,
        near === undefined ? (below.length === 0 ? 'There is nothing below it.' : `It has ${below.join(', ')}.`) : `Did you mean ${near}?`,
      );
    }
    schema = resolve(found);
    walked += `.${step}`;
  }
  return textOf({ kind, schema, path: steps.length === 0 ? undefined : walked }, resolve, recursive);
}

type Resolve = (schema: JsonObject) => JsonObject;

/** References, and what stands in `allOf` beside a description of its own. */
function resolverOf(document: unknown): Resolve {
  const schemas = schemasIn(document);
  const resolve: Resolve = (schema) => {
    const reference = schema['$ref'];
    const target = typeof reference === 'string' ? schemas[reference.replace('#/components/schemas/', '')] : undefined;
    const [first] = Array.isArray(schema['allOf']) ? schema['allOf'] : [];
    const { $ref: _reference, allOf: _allOf, ...own } = schema;
    if (isJsonObject(target)) return { ...resolve(target), ...own };
    return isJsonObject(first) ? { ...resolve(first), ...own } : schema;
  };
  return resolve;
}

function schemasIn(document: unknown): JsonObject {
  const components = isJsonObject(document) ? document['components'] : undefined;
  const schemas = isJsonObject(components) ? components['schemas'] : undefined;
  return isJsonObject(schemas) ? schemas : {};
}

/** By the mark that servers put on it, else by the end of its name. */
function schemaOfKind({ group, version, kind }: ResourceKind, document: unknown): JsonObject | undefined {
  const schemas = Object.entries(schemasIn(document)).filter((entry): entry is [string, JsonObject] => isJsonObject(entry[1]));
  const marked = schemas.find(([, schema]) => {
    const marks = schema['x-kubernetes-group-version-kind'];
    return (
      Array.isArray(marks) &&
      marks.some((mark) => isJsonObject(mark) && mark['group'] === group && mark['version'] === version && mark['kind'] === kind)
    );
  });
  return (marked ?? schemas.find(([name]) => name === kind || name.endsWith(`.${kind}`)))?.[1];
}

/** Of an object its own, of a list or a map those of what is in it. */
function fieldsOf(schema: JsonObject, resolve: Resolve): JsonObject {
  const { properties } = schema;
  if (isJsonObject(properties)) return properties;
  const inner = schema['items'] ?? schema['additionalProperties'];
  return isJsonObject(inner) ? fieldsOf(resolve(inner), resolve) : {};
}

interface Shown {
  readonly kind: ResourceKind;
  readonly schema: JsonObject;
  readonly path: string | undefined;
}

function textOf({ kind, schema, path }: Shown, resolve: Resolve, recursive: boolean): string {
  const head = `KIND:     ${kind.kind}\nVERSION:  ${apiVersionOf(kind)}\n`;
  const field = path === undefined ? '' : `\nFIELD:    ${path} <${typeOf(schema, resolve)}>\n`;
  const fields = Object.entries(fieldsOf(schema, resolve));
  const required = new Set(requiredOf(schema, resolve));
  const listed = recursive
    ? tree(schema, resolve, 1)
    : fields.map(([name, value]) => fieldText(name, value, { resolve, isRequired: required.has(name) })).join('\n');
  return `${head}${field}\nDESCRIPTION:\n${wrapped(String(schema['description'] ?? 'None.'), '    ')}${fields.length === 0 ? '' : `\nFIELDS:\n${listed}`}`;
}

interface FieldOptions {
  readonly resolve: Resolve;
  readonly isRequired: boolean;
}

function fieldText(name: string, value: unknown, { resolve, isRequired }: FieldOptions): string {
  const schema = isJsonObject(value) ? resolve(value) : {};
  const preset = schema['default'] === undefined ? '' : `  (default ${JSON.stringify(schema['default'])})`;
  const choices = Array.isArray(schema['enum']) ? `\n    One of ${schema['enum'].join(', ')}.` : '';
  return `  ${name}  <${typeOf(schema, resolve)}>${isRequired ? ' -required-' : ''}${preset}\n${wrapped(String(schema['description'] ?? ''), '    ').trimEnd()}${choices}\n`;
}

/** No schema of ours is deeper; a circle ends here. */
const deepest = 12;

function tree(schema: JsonObject, resolve: Resolve, depth: number): string {
  if (depth > deepest) return '';
  return Object.entries(fieldsOf(schema, resolve))
    .map(([name, value]) => {
      const below = isJsonObject(value) ? resolve(value) : {};
      return `${'  '.repeat(depth)}${name}  <${typeOf(below, resolve)}>\n${tree(below, resolve, depth + 1)}`;
    })
    .join('');
}

function requiredOf(schema: JsonObject, resolve: Resolve): readonly string[] {
  const inner = schema['items'];
  const { required } = isJsonObject(inner) ? resolve(inner) : schema;
  return Array.isArray(required) ? required.map(String) : [];
}

function typeOf(schema: JsonObject, resolve: Resolve): string {
  const { type, items, additionalProperties, format } = schema;
  if (schema['x-kubernetes-int-or-string'] === true) return 'integer or string';
  if (type === 'array') return `[]${isJsonObject(items) ? typeOf(resolve(items), resolve) : 'Object'}`;
  if (isJsonObject(additionalProperties)) return `map[string]${typeOf(resolve(additionalProperties), resolve)}`;
  if (type === 'object' || type === undefined) return 'Object';
  return format === 'date-time' ? 'Time' : String(type);
}

function wrapped(text: string, indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(/\s+/)) {
    if (line.length > indent.length && line.length + word.length > 100) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${word} `;
  }
  return `${[...lines, line.trimEnd()].join('\n')}\n`;
}

function missing(reason: string, suggestion: string): never {
  throw new OpenClawError('usage_error', { details: { reason, suggestion } });
}
