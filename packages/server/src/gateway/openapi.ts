/**
 * The OpenAPI 3.1 description of the whole HTTP API, made of the tables that requests are held against. Served at `/openapi.json`, and written to
 * `docs/openapi.json`, where a check holds it to this.
 */
import { errorCatalogue, type ErrorCode } from '@openclaw/protocol';
import { version } from '../version.ts';
import type { Operation } from './endpoints/operation.ts';
import { otherOperations } from './endpoints/other-operations.ts';
import { runOperations } from './endpoints/run-operations.ts';
import { runSchemas } from './endpoints/run-schemas.ts';
import { replyText } from './reply.ts';
import type { Endpoint } from './request.ts';

type Json = Readonly<Record<string, unknown>>;

/** By their names. */
export const operations: Readonly<Record<string, Operation>> = { ...otherOperations, ...runOperations };

export function describeApi(): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [name, operation] of Object.entries(operations)) {
    paths[operation.path] = { ...paths[operation.path], [operation.method.toLowerCase()]: describeOperation(name, operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'OpenClaw',
      version,
      description:
        'The HTTP API of an OpenClaw gateway. Errors are in the form of OpenAI, with `openclaw: { code, hint, retryable }` added; those of `/v1/messages` in that of Anthropic.',
    },
    servers: [{ url: 'http://127.0.0.1:18789' }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: "The gateway's token, a virtual key, or the token of a paired device." },
      },
      schemas: { ...runSchemas, Error: errorSchema },
    },
  };
}

/** Names of models are in no description, but which endpoints there are is not for strangers either: as `/metrics`. */
export function createOpenApiEndpoint(loopbackOnly: () => boolean): Endpoint {
  let text: string | undefined;
  return (request) => {
    if (!loopbackOnly() || !request.fromLoopback) request.authorize('admin');
    text ??= JSON.stringify(describeApi());
    replyText(request.response, 200, { contentType: 'application/json', body: text });
  };
}

function describeOperation(operationId: string, { path, summary, needs, query, body, answers, errors = [] }: Operation): Json {
  const inPath = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inQuery = Object.entries(query ?? {}).map(([name, { description, ...schema }]) => ({ name, in: 'query', description, schema }));
  const good = Object.entries(answers).map(([status, { description, schema, contentType = 'application/json' }]) => [
    status,
    { description, content: { [contentType]: { schema } } },
  ]);
  return {
    operationId,
    summary,
    ...(needs === 'none' ? { security: [] } : { security: [{ bearer: [] }], description: `Needs the scope \`${needs}\`.` }),
    ...(inPath.length + inQuery.length === 0 ? {} : { parameters: [...inPath, ...inQuery] }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: body.required !== undefined, content: { 'application/json': { schema: body } } } }),
    responses: {
      ...Object.fromEntries(good),
      ...describeErrors(needs === 'none' ? errors : ['missing_credentials', 'forbidden', ...errors]),
    },
  };
}

/** Those of one status together, as HTTP has it. */
function describeErrors(codes: readonly ErrorCode[]): Json {
  const byStatus = Map.groupBy(codes, (code) => String(errorCatalogue[code].status));
  return Object.fromEntries(
    Array.from(byStatus, ([status, those]) => [
      status,
      {
        description: those.map((code) => `\`${code}\``).join(', '),
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    ]),
  );
}

const errorSchema: Json = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['message', 'type', 'code', 'openclaw'],
      properties: {
        message: { type: 'string' },
        type: { type: 'string' },
        code: { type: ['string', 'null'] },
        param: { type: ['string', 'null'] },
        openclaw: {
          type: 'object',
          required: ['code', 'hint', 'retryable'],
          properties: {
            code: { type: 'string', description: 'docs/errors.md lists them.' },
            hint: { type: 'string' },
            retryable: { type: 'boolean' },
          },
        },
      },
    },
  },
};
