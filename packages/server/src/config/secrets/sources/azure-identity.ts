/**
 * The gateway's identity in Azure, in the order of Azure's own tools: a client with a secret, a client with the token of a workload (AKS), the
 * managed identity of an app service or of a machine.
 */
import { readFileSync } from 'node:fs';

import { reasonOf } from '../../../core/errors.ts';
import type { FreshToken } from '../access-token.ts';
import type { SourceContext } from '../contract.ts';
import { down, refused } from '../failures.ts';
import { requestJson, type JsonRequest } from '../json-request.ts';

const where = 'the login of azure';
const machineService = 'http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01';

/** @throws OpenClawError `secret_refused`, `secret_source_down` */
export async function azureToken(context: SourceContext, resource: string, signal: AbortSignal): Promise<FreshToken> {
  const answer = await requestJson({ ...loginOf(context, resource), signal });
  const { access_token: token, expires_in: seconds, error } = answer.body;
  // The service of a machine writes the number as a text.
  if (answer.status === 200 && typeof token === 'string') return { token, lifeMs: Number(seconds ?? 300) * 1000 };
  const reason = typeof error === 'string' ? error : `it answered ${answer.status}`;
  throw (answer.status >= 400 && answer.status < 500 && answer.status !== 429 ? refused : down)(where, reason);
}

function loginOf({ settings: { azure }, environment }: SourceContext, resource: string): Omit<JsonRequest, 'signal'> {
  const look = (name: string): string | undefined => environment.lookup(name)?.value.trim();
  const tenant = azure.tenantId ?? look('AZURE_TENANT_ID');
  const client = azure.clientId ?? look('AZURE_CLIENT_ID');
  const secret = azure.clientSecret ?? look('AZURE_CLIENT_SECRET');
  const tokenFile = look('AZURE_FEDERATED_TOKEN_FILE');
  if (tenant !== undefined && client !== undefined && (secret !== undefined || tokenFile !== undefined)) {
    const proof =
      secret === undefined
        ? { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: readToken(tokenFile ?? '') }
        : { client_secret: secret };
    const form = { grant_type: 'client_credentials', client_id: client, scope: `${resource}/.default`, ...proof };
    const authority = (look('AZURE_AUTHORITY_HOST') ?? 'https://login.microsoftonline.com').replace(/\/+$/, '');
    return {
      url: `${authority}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    };
  }
  const chosen = client === undefined ? '' : `&client_id=${encodeURIComponent(client)}`;
  const [endpoint, header] = [look('IDENTITY_ENDPOINT'), look('IDENTITY_HEADER')];
  if (endpoint !== undefined && header !== undefined) {
    const url = `${endpoint}?api-version=2019-08-01&resource=${encodeURIComponent(resource)}${chosen}`;
    return { url, headers: { 'x-identity-header': header } };
  }
  return { url: `${machineService}&resource=${encodeURIComponent(resource)}${chosen}`, headers: { metadata: 'true' } };
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (thrown) {
    throw refused(where, `the token of the workload in ${file} cannot be read: ${reasonOf(thrown)}`, thrown);
  }
}
