/**
 * The API of workloads after Kubernetes' conventions: from a request to what answers it. Loaded with the first request for one of its paths.
 *
 * It translates and decides nothing: what fits is said by the kinds in `workloads/resources`, what is there by their store.
 */
import type { Principal } from '../../access/index.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { Endpoint, GatewayRequest } from '../request.ts';
import { reviewAccess, reviewGroup, reviewRules } from './access-reviews.ts';
import { readPath, type Address } from './address.ts';
import { answer, insightOf, notFound, readFlag, type ApiOptions, type Call, type ObjectCall } from './call.ts';
import type { Collection } from './collection.ts';
import { createCollections } from './collections.ts';
import { discover } from './discovery.ts';
import { describeGroups, type OpenApiDocuments } from './openapi-document.ts';
import { streamOutput } from './output-stream.ts';
import { requireScope, scopeFor, type Verb } from './permissions.ts';
import { findPod } from './pods.ts';
import { readReviewBody } from './read-request-body.ts';
import { getObject, listObjects } from './reading.ts';
import { subresourcesOf } from './subresources.ts';
import { streamChanges } from './watch-stream.ts';
import { createObject, deleteObject, deleteObjects, patchObject, refuseWriting, replaceObject } from './writing.ts';

const verbs: Readonly<Record<string, Verb>> = { GET: 'get', HEAD: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

export function createApi(options: ApiOptions): Endpoint {
  const collections = createCollections({ store: options.store, insight: options.insight, now: () => options.clock.now() });
  let documents: OpenApiDocuments | undefined;
  const openApi = (): OpenApiDocuments => (documents ??= describeGroups(collections, options.version));
  return async (request) => {
    const principal = request.authenticate();
    const place = readPath(request.path);
    if (place && 'resource' in place) return route({ request, principal, address: place, options, collections });
    // What there is to ask for is for those who may read some of it.
    requireScope(principal, 'operator.read');
    const body = place ? discover(place, collections) : describe(request.path, openApi, options.version);
    if (!body) throw nothingAt(request);
    if (!isRead(request)) throw refuseMethod(request, 'GET');
    answer(request, 200, body);
  };
}

function describe(path: string, openApi: () => OpenApiDocuments, version: string): object | undefined {
  if (path === '/version') return versionBody(version);
  return path === '/openapi/v3' ? openApi().index : openApi().documents.get(path.slice('/openapi/v3/'.length));
}

interface Routed {
  readonly request: GatewayRequest;
  readonly principal: Principal;
  readonly address: Address;
  readonly options: ApiOptions;
  readonly collections: readonly Collection[];
}

async function route({ request, principal, address, options, collections }: Routed): Promise<void> {
  const query = request.query;
  if (address.group === reviewGroup) return review({ request, principal, address, options, collections });
  const collection = collections.find((each) => isAt(each, address));
  if (!collection) throw nothingAt(request);
  const call: Call = { request, query, principal, address, collection, api: options };
  const isWatch = request.method === 'GET' && readFlag(query, 'watch');
  const verb = isWatch ? 'watch' : (verbs[request.method] ?? 'get');
  requireScope(principal, scopeFor(collection, verb));
  if (isWatch && address.subresource === undefined) return streamChanges(call);
  const { name, namespace } = address;
  if (name === undefined) return onList(call);
  if (collection.isNamespaced && namespace === undefined) throw nothingAt(request);
  const objectCall: ObjectCall = { ...call, name, namespace: namespace ?? '' };
  return address.subresource === undefined ? onObject(objectCall) : onSubresource(objectCall, address.subresource);
}

function isAt({ group, version, resource, isNamespaced }: Collection, address: Address): boolean {
  const isHere = group === address.group && version === address.version && resource === address.resource;
  return isHere && (isNamespaced || address.namespace === undefined);
}

async function onList(call: Call): Promise<void> {
  const { request, collection, address } = call;
  if (isRead(request)) return listObjects(call);
  if (!collection.stored) throw refuseWriting(call);
  if (request.method === 'DELETE') return deleteObjects(call, collection.stored);
  if (request.method === 'POST' && address.namespace !== undefined) return createObject(call, collection.stored);
  throw refuseMethod(request, request.method === 'POST' ? 'GET' : 'GET, POST, DELETE');
}

async function onObject(call: ObjectCall): Promise<void> {
  const { request, collection } = call;
  if (isRead(request)) return getObject(call);
  if (!collection.stored) throw refuseWriting(call);
  if (request.method === 'PUT') return replaceObject(call, collection.stored, 'object');
  if (request.method === 'PATCH') return patchObject(call, collection.stored, 'object');
  if (request.method === 'DELETE') return deleteObject(call, collection.stored);
  throw refuseMethod(request, 'GET, PUT, PATCH, DELETE');
}

async function onSubresource(call: ObjectCall, subresource: string): Promise<void> {
  const { request, collection, namespace, name, api } = call;
  if (collection.resource === 'pods' && collection.group === '' && subresource === 'log' && isRead(request)) {
    const found = await findPod(api.store, namespace, name);
    if (!found) throw notFound(call, namespace, name);
    insightOf(call);
    return streamOutput(call, { name: found.workload.metadata.name, instance: name });
  }
  const methods = collection.stored && subresourcesOf(collection.stored, subresource);
  if (!methods || !collection.stored) throw nothingAt(request);
  const handler = methods[request.method === 'HEAD' ? 'GET' : request.method];
  if (!handler) throw refuseMethod(request, Object.keys(methods).join(', '));
  await handler(call, collection.stored);
}

async function review({ request, principal, address, options, collections }: Routed): Promise<void> {
  const reviewed = { selfsubjectaccessreviews: reviewAccess, selfsubjectrulesreviews: reviewRules }[address.resource];
  if (!reviewed || address.version !== 'v1' || address.name !== undefined) throw nothingAt(request);
  if (request.method !== 'POST') throw refuseMethod(request, 'POST');
  answer(request, 201, reviewed(await readReviewBody({ request, principal, api: options }), principal, collections));
}

function isRead({ method }: GatewayRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

function nothingAt({ method, path }: GatewayRequest): OpenClawError {
  return new OpenClawError('not_found', { details: { method, path: path.slice(0, 200) } });
}

function refuseMethod({ method, path }: GatewayRequest, allow: string): OpenClawError {
  return new OpenClawError('method_not_allowed', { details: { path: path.slice(0, 200), method, allow } });
}

/** The version of Kubernetes whose conventions these are, and ours. */
function versionBody(version: string): object {
  return { major: '1', minor: '32', gitVersion: `v1.32.0+openclaw-${version}`, platform: `${process.platform}/${process.arch}` };
}
