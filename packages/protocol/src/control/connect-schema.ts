/**
 * What the two frames that clients may send look like, as JSON Schema: any request, and the parameters of `connect`.
 *
 * Closed: a name that is not here is refused. Values have bounds, because what a client says of itself is kept while it is connected.
 */
import type { JsonSchema } from '../schema.ts';
import { clientIds, clientModes } from './handshake.ts';

const text = (maxLength: number): JsonSchema => ({ type: 'string', maxLength });
const name: JsonSchema = { type: 'string', minLength: 1, maxLength: 256 };
const secret = text(8192);
const names = (maxItems: number): JsonSchema => ({ type: 'array', items: text(256), maxItems });
const version: JsonSchema = { type: 'integer', minimum: 1, maximum: 1_000_000 };

function closed(properties: Readonly<Record<string, JsonSchema>>, required: readonly string[] = []): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: false };
}

export const requestSchema: JsonSchema = closed(
  { type: { enum: ['req'] }, id: name, method: name, params: {}, traceparent: text(128), expectedProfileId: text(256) },
  ['type', 'id', 'method'],
);

const client = closed(
  {
    ...{ id: { enum: clientIds }, mode: { enum: clientModes }, version: name, platform: name },
    ...{ displayName: text(256), buildId: text(96), deviceFamily: text(256), modelIdentifier: text(256) },
    ...{ timeZone: text(64), instanceId: text(256) },
  },
  ['id', 'version', 'platform', 'mode'],
);

const device = closed(
  {
    id: name,
    publicKey: text(256),
    signature: text(1024),
    signedAt: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    nonce: text(256),
  },
  // A client that leaves the nonce out is told so in words of its own.
  ['id', 'publicKey', 'signature', 'signedAt'],
);

const auth = closed({
  ...{ token: secret, bootstrapToken: secret, deviceToken: secret, password: secret },
  ...{ approvalRuntimeToken: secret, agentRuntimeIdentityToken: secret },
});

export const connectSchema: JsonSchema = closed(
  {
    ...{ minProtocol: version, maxProtocol: version, client, device, auth },
    // Which roles there are is checked afterwards: the wire has words of its own for one that there is not.
    ...{ role: text(64), scopes: names(64), caps: names(128), commands: names(1024) },
    permissions: { type: 'object', additionalProperties: { type: 'boolean' }, maxProperties: 512 },
    ...{ locale: text(64), userAgent: text(1024), pathEnv: text(16_384) },
    modelCatalog: closed({ agentId: text(256), sessionKey: text(512), shortId: text(256), slugHint: text(256) }),
    // Of clients that lend a computer or a worker, which is nothing that this gateway asks for.
    ...{ computerUse: {}, workerRuns: {} },
  },
  ['minProtocol', 'maxProtocol', 'client'],
);
