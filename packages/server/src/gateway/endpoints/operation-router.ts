/**
 * From operations and what carries them out to endpoints: finds the operation by its path, asks who calls, and holds query and body against the
 * table. It does not know what operations do.
 */
import type { JsonSchema } from '@openclaw/protocol';
import type { Principal } from '../../access/index.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { parseJsonBody } from '../../core/parse-json.ts';
import type { BodyBudget } from '../body-budget.ts';
import { readBody } from '../body.ts';
import { findFault } from '../../core/check-shape.ts';
import { releaseWhenTaken } from '../reply.ts';
import type { Endpoint, EndpointTable, GatewayRequest } from '../request.ts';
import type { Method, Operation } from './operation.ts';

export interface OperationCall {
  readonly request: GatewayRequest;
  readonly caller: Principal;
  /** Pieces of the path, decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | number>>;
  /** Checked. */
  readonly body: JsonObject;
}

export type OperationHandler = (call: OperationCall) => Promise<void>;

/** What operations may take that say so. */
export interface LargeBodies {
  readonly limitBytes: () => number;
  readonly budget: BodyBudget;
}

/** A million characters of input, and what escapes them. */
const bodyLimitBytes = 4 * 1024 * 1024;

interface Route {
  readonly operation: Operation;
  readonly names: readonly string[];
  readonly expression: RegExp;
  readonly handle: OperationHandler;
}

export function createOperationEndpoints<Name extends string>(
  operations: Readonly<Record<Name, Operation>>,
  handlers: Readonly<Record<Name, OperationHandler>>,
  largeBodies: LargeBodies,
): EndpointTable {
  const routes = (Object.keys(operations) as Name[]).map((name) => routeOf(operations[name], handlers[name]));
  const table: Record<string, Record<string, Endpoint>> = {};
  for (const { operation } of routes) {
    const { method, path } = operation;
    // The table of endpoints knows whole paths, and everything below one.
    const pattern = path.split('/').length > 3 ? `${path.split('/').slice(0, 3).join('/')}/*` : path;
    table[pattern] = { ...table[pattern], [method]: (request) => carryOut(routes, request, { method, largeBodies }) };
  }
  return table;
}

function routeOf(operation: Operation, handle: OperationHandler): Route {
  const names = Array.from(operation.path.matchAll(/\{(\w+)\}/g), ([, name = '']) => name);
  return { operation, names, handle, expression: new RegExp(`^${operation.path.replaceAll(/\{\w+\}/g, '([^/]+)')}$`) };
}

interface Carrying {
  readonly method: Method;
  readonly largeBodies: LargeBodies;
}

async function carryOut(routes: readonly Route[], request: GatewayRequest, { method, largeBodies }: Carrying): Promise<void> {
  const fitting = routes.filter(({ expression }) => expression.test(request.path));
  const route = fitting.find(({ operation }) => operation.method === method);
  // Without a credential one is not told what there is.
  const caller = request.authenticate();
  if (!route) throw notThere(fitting, request);
  const { operation } = route;
  refuseWithout(operation.needs, caller);
  const query = readQuery(operation.query ?? {}, request.query);
  const call = { request, caller, path: pieces(route, request.path), query };
  if (!operation.takesLargeBody) {
    const bytes = await readBody(request.raw, bodyLimitBytes);
    return route.handle({ ...call, body: checked(operation.body, bytes) });
  }
  const holding = largeBodies.budget.open(caller.id);
  try {
    const bytes = await readBody(request.raw, largeBodies.limitBytes(), holding);
    await route.handle({ ...call, body: checked(operation.body, bytes) });
  } finally {
    releaseWhenTaken(request.response, holding);
  }
}

function notThere(fitting: readonly Route[], { path, method }: GatewayRequest): OpenClawError {
  if (fitting.length === 0) return new OpenClawError('not_found', { details: { method, path: path.slice(0, 200) } });
  const allow = fitting.map(({ operation }) => operation.method).join(', ');
  return new OpenClawError('method_not_allowed', { details: { path: path.slice(0, 200), method, allow } });
}

/** `admin` may do everything. */
function refuseWithout(scope: Operation['needs'], { id, scopes }: Principal): void {
  if (scope === 'none' || scopes.has(scope) || scopes.has('admin')) return;
  throw new OpenClawError('forbidden', { details: { keyId: id, scope } });
}

function pieces({ expression, names }: Route, path: string): Record<string, string> {
  const found = expression.exec(path)?.slice(1) ?? [];
  return Object.fromEntries(names.map((name, index) => [name, decode(name, found[index] ?? '')]));
}

function decode(name: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new OpenClawError('invalid_request', { details: { path: name, reason: 'must be escaped as in a URL' }, param: name, cause });
  }
}

function readQuery(schemas: Readonly<Record<string, JsonSchema>>, given: URLSearchParams): Record<string, string | number> {
  const unknown = [...given.keys()].find((name) => !Object.hasOwn(schemas, name));
  if (unknown !== undefined) throw wrong(unknown.slice(0, 64), 'is not known here');
  return Object.fromEntries(
    Object.entries(schemas).flatMap(([name, schema]) => {
      const text = given.get(name);
      if (text === null) return [];
      const value = schema.type === 'integer' && /^\d{1,15}$/.test(text) ? Number(text) : text;
      const fault = findFault(schema, value);
      if (fault) throw wrong(name, fault.reason);
      return [[name, value]];
    }),
  );
}

function checked(schema: JsonSchema | undefined, bytes: Buffer): JsonObject {
  if (bytes.length === 0 && schema?.required === undefined) return {};
  const value = parseJsonBody(bytes);
  const fault = schema && findFault(schema, value);
  if (fault) throw wrong(fault.path.slice(1).replaceAll('/', '.') || 'body', fault.reason);
  return value;
}

export function wrong(path: string, reason: string): OpenClawError {
  return new OpenClawError('invalid_request', { details: { path, reason }, param: path });
}
