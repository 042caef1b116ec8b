/**
 * The administration as the commands reach it: through the running gateway where there is one, else through the state itself.
 *
 * A command never opens the database beside a live gateway: it takes the lock, or it asks whoever holds it.
 */
import { request as httpRequest } from '../../core/node-http.ts';
import { request as httpsRequest } from 'node:https';
import type { CreatedKey, KeyRecord, UsageRow } from '@openclaw/protocol';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { AdminClient } from './admin-client.ts';
import { wordsOf } from './gateway-words.ts';
import { findPlace, silentLog, type GatewayAt } from './place.ts';
import type { Terminal } from '../terminal.ts';

/** Opens what it needs at each call and closes it again, so that a command that fails to parse opens nothing. */
export function createAdmin(terminal: Terminal): AdminClient {
  return {
    listKeys: () => withAdmin(terminal, (client) => client.listKeys()),
    createKey: (wanted) => withAdmin(terminal, (client) => client.createKey(wanted)),
    getKey: (id) => withAdmin(terminal, (client) => client.getKey(id)),
    updateKey: (id, wanted) => withAdmin(terminal, (client) => client.updateKey(id, wanted)),
    revokeKey: (id) => withAdmin(terminal, (client) => client.revokeKey(id)),
    usage: (question) => withAdmin(terminal, (client) => client.usage(question)),
  };
}

/** @throws OpenClawError `gateway_unreachable`, `state_locked`, or what keeps the configuration from loading */
async function withAdmin<Result>(terminal: Terminal, use: (client: AdminClient) => Promise<Result>): Promise<Result> {
  const { configuration, gateway } = await findPlace(terminal);
  if (gateway) return use(createHttpAdminClient(gateway));
  const { openStateForCommand } = await import('../../compose/index.ts');
  const { keys, usage, close } = await openStateForCommand(configuration.stateDirectory, silentLog());
  try {
    return await use({
      listKeys: () => keys.list(),
      createKey: (wanted) => keys.create(wanted),
      getKey: (id) => keys.get(id),
      updateKey: (id, wanted) => keys.update(id, wanted),
      revokeKey: (id) => keys.revoke(id),
      usage: (question) => usage.totals(question),
    });
  } finally {
    await close();
  }
}

function createHttpAdminClient(gateway: GatewayAt): AdminClient {
  const call = (method: string, path: string, body?: JsonObject): Promise<JsonObject> => callGateway({ ...gateway, method, path, body });
  return {
    listKeys: async () => (await call('GET', '/admin/v1/keys'))['keys'] as unknown as KeyRecord[],
    createKey: async (wanted) => (await call('POST', '/admin/v1/keys', wanted as unknown as JsonObject)) as unknown as CreatedKey,
    getKey: async (id) => (await call('GET', keyPath(id))) as unknown as KeyRecord,
    updateKey: async (id, wanted) => (await call('PATCH', keyPath(id), wanted as unknown as JsonObject)) as unknown as KeyRecord,
    revokeKey: async (id) => (await call('DELETE', keyPath(id))) as unknown as KeyRecord,
    usage: async ({ sinceMs, by }) => (await call('GET', `/admin/v1/usage?since=${sinceMs}&by=${by}`))['rows'] as unknown as UsageRow[],
  };
}

function keyPath(id: string): string {
  return `/admin/v1/keys/${encodeURIComponent(id)}`;
}

interface GatewayCall extends GatewayAt {
  readonly method: string;
  readonly path: string;
  readonly body?: JsonObject | undefined;
}

const callTimeoutMs = 10_000;

/** One JSON call. What the gateway says against it comes back with its message and hint. */
export async function callGateway(call: GatewayCall): Promise<JsonObject> {
  if (!/^https?:\/\//i.test(call.address) || !URL.canParse(call.address)) {
    throw new OpenClawError('gateway_unreachable', { details: { url: call.address, reason: 'that is no http or https address' } });
  }
  const { status, text } = await exchange(call).catch((thrown: unknown) => {
    throw new OpenClawError('gateway_unreachable', { details: { url: call.address, reason: reasonOf(thrown) }, cause: thrown });
  });
  const answer = parse(text);
  if (status < 300 && answer) return answer;
  throw refusal(call.address, status, answer);
}

function exchange({ address, secret, certificate, method, path, body }: GatewayCall): Promise<{ status: number; text: string }> {
  const url = new URL(path, address);
  const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const trust = certificate === undefined ? {} : { ca: certificate };
    const request = start(url, { method, timeout: callTimeoutMs, agent: false, ...trust }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${callTimeoutMs} ms`)));
    request.on('error', reject);
    if (secret !== undefined) request.setHeader('authorization', `Bearer ${secret}`);
    if (body) request.setHeader('content-type', 'application/json');
    request.end(body ? JSON.stringify(body) : undefined);
  });
}

function parse(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function refusal(address: string, status: number, answer: JsonObject | undefined): OpenClawError {
  const words = wordsOf(answer);
  const reason = (words?.message ?? `status ${status}, and not an answer of OpenClaw`).replace(/\.$/, '');
  // Only who is not let in has to look at the credential; others get the words that they would get without a gateway.
  if (!words || status === 401 || status === 403) return new OpenClawError('gateway_refused', { details: { url: address, reason } });
  return new OpenClawError('command_refused', { details: { reason, suggestion: words.hint } });
}
