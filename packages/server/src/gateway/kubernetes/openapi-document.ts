/** OpenAPI v3 of each group: `kubectl explain` reads the descriptions, `kubectl apply` what a PATCH takes. */
import { createHash } from 'node:crypto';
import { schemaOfKind, type JsonSchemaObject } from '../../workloads/index.ts';
import { groupVersionOf, type Collection } from './collection.ts';
import { groupsOf } from './discovery.ts';
import { verbsOf, type Verb } from './permissions.ts';

type Json = Readonly<Record<string, unknown>>;

const parameter = (name: string, description: string, type = 'string'): Json => ({ name, in: 'query', description, schema: { type } });
const writeParameters = [
  parameter('dryRun', 'All: nothing is written.'),
  parameter('fieldManager', 'Not looked at.'),
  parameter('fieldValidation', 'Strict, Warn or Ignore: what is done about fields that there are not.'),
];
const listParameters = [
  parameter('labelSelector', 'Which labels.'),
  parameter('fieldSelector', 'Which fields.'),
  parameter('limit', 'How many at most.', 'integer'),
  parameter('continue', 'Of the page before.'),
  parameter('watch', 'Changes instead of a list.', 'boolean'),
];
const patchTypes = ['application/merge-patch+json', 'application/json-patch+json'];

/** Of `/openapi/v3`, and of each document below it by its path. */
export interface OpenApiDocuments {
  readonly index: object;
  readonly documents: ReadonlyMap<string, object>;
}

export function describeGroups(collections: readonly Collection[], version: string): OpenApiDocuments {
  const documents = new Map<string, object>();
  for (const group of groupsOf(collections)) {
    const those = collections.filter((each) => each.group === group.group && each.version === group.version);
    const path = group.group === '' ? `api/${group.version}` : `apis/${group.group}/${group.version}`;
    documents.set(path, documentOf(path, those, version));
  }
  const paths = Array.from(documents, ([path, document]) => {
    const hash = createHash('sha256').update(JSON.stringify(document)).digest('hex').slice(0, 32);
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }] as const;
  });
  return { index: { paths: Object.fromEntries(paths) }, documents };
}

function documentOf(root: string, collections: readonly Collection[], version: string): object {
  const paths: Record<string, Json> = {};
  const schemas: Record<string, JsonSchemaObject> = {};
  for (const collection of collections) {
    schemas[schemaName(collection)] = schemaOfCollection(collection);
    const base = `/${root}/${collection.isNamespaced ? 'namespaces/{namespace}/' : ''}${collection.resource}`;
    paths[base] = operations(collection, { list: 'get', create: 'post' });
    paths[`${base}/{name}`] = operations(collection, { get: 'get', update: 'put', patch: 'patch', delete: 'delete' });
  }
  return { openapi: '3.0.0', info: { title: 'OpenClaw', version }, paths, components: { schemas } };
}

function schemaName({ group, version, kind }: Collection): string {
  return group === 'openclaw.io'
    ? `io.openclaw.${version}.${kind}`
    : `io.k8s.${group === '' ? 'core' : group.split('.')[0]}.${version}.${kind}`;
}

function schemaOfCollection(collection: Collection): JsonSchemaObject {
  const { group, version, kind, stored, description } = collection;
  const names = {
    apiVersion: { type: 'string', description: `${groupVersionOf(collection)}.` },
    kind: { type: 'string', description: `${kind}.` },
    metadata: { type: 'object', description: 'Its name, its labels, and what the server says of it.' },
  };
  const schema = stored ? schemaOfKind(stored) : { type: 'object', description, properties: names };
  return { ...schema, 'x-kubernetes-group-version-kind': [{ group, version, kind }] };
}

function operations(collection: Collection, wanted: Partial<Record<Verb, string>>): Json {
  const verbs = verbsOf(collection);
  const entries = Object.entries(wanted).filter(([verb]) => verbs.some((each) => each === verb));
  return Object.fromEntries(entries.map(([verb, method]) => [method, operation(collection, verb)]));
}

function operation(collection: Collection, verb: string): Json {
  const { group, version, kind } = collection;
  const reference = { $ref: `#/components/schemas/${schemaName(collection)}` };
  const isRead = verb === 'get' || verb === 'list';
  const types = verb === 'patch' ? patchTypes : ['application/json'];
  const body = verb === 'patch' ? { type: 'object' } : reference;
  return {
    description: `${verb} ${kind}`,
    operationId: `${verb}${kind}${group === '' ? 'Core' : group.replace(/\W/g, '')}`,
    parameters: verb === 'list' ? listParameters : isRead ? [] : writeParameters,
    ...(isRead || verb === 'delete' ? {} : { requestBody: { content: Object.fromEntries(types.map((type) => [type, { schema: body }])) } }),
    responses: { 200: { description: 'OK', content: { 'application/json': { schema: reference } } } },
    'x-kubernetes-action': verb === 'create' ? 'post' : verb === 'update' ? 'put' : verb,
    'x-kubernetes-group-version-kind': { group, version, kind },
  };
}
