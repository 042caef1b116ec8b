/**
 * Which gateway a command speaks to, and with which credential: flags first, then the environment, then the gateway that holds the state
 * directory, with the credential of its configuration.
 *
 * The configuration's credential goes to the gateway of this configuration alone, and to this machine: an address that somebody was talked
 * into must not be sent it.
 *
 * It imports files and not doors: `clw` starts in a tenth of a second, and the rest of the configuration would be a fifth of that.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlAuth } from '@openclaw/client/control';
import { controlUrl, isLoopbackUrl } from '@openclaw/client/control/socket';
import { loadConfiguration, type Configuration } from '../config/load.ts';
import { locate } from '../config/locations.ts';
import { readEnvironment, type Environment, type Variables } from '../core/env.ts';
import { OpenClawError } from '../core/errors.ts';
import type { StateOwner } from '../storage/index.ts';

export interface TargetFlags {
  readonly url?: string;
  readonly token?: string;
  readonly password?: string;
  /** How long the gateway may take. */
  readonly timeout?: number;
}

export interface GatewayTarget {
  /** `ws://…`, as gateways are remembered by. */
  readonly url: string;
  /** Where the address comes from, for people. */
  readonly from: string;
  readonly auth: ControlAuth;
  /** Where the credential comes from, for people; undefined where there is none. */
  readonly credentialFrom: string | undefined;
  /** Found by the lock on the state directory, and not by its name. */
  readonly isOwn: boolean;
  readonly isLoopback: boolean;
  /** The certificate that the gateway made for itself, to be trusted by who can read its state directory. */
  readonly certificate: string | undefined;
  /** Why the configuration could not be read, where it could not. */
  readonly problem: OpenClawError | undefined;
}

export interface LocalPlace {
  readonly stateDirectory: string;
  readonly owner: StateOwner | undefined;
}

/** Loads as little as it can: this stands before every command that asks a gateway. */
export async function findLocalPlace(env: Variables): Promise<LocalPlace> {
  const { stateDirectory } = locate(readEnvironment({ env }));
  const { readStateOwner } = await import('../storage/state-lock.ts');
  return { stateDirectory, owner: await readStateOwner(stateDirectory) };
}

/** Whether a gateway is named, so that the state directory of this machine is beside the point. */
export function isGatewayNamed({ url }: TargetFlags, env: Variables): boolean {
  return url !== undefined || readEnvironment({ env }).lookup('OPENCLAW_GATEWAY_URL') !== undefined;
}

/** @throws OpenClawError `gateway_unreachable` where none is named and none runs, `usage_error` */
export async function findTarget(flags: TargetFlags, env: Variables): Promise<GatewayTarget> {
  const environment = readEnvironment({ env });
  const variable = flags.url === undefined ? environment.lookup('OPENCLAW_GATEWAY_URL') : undefined;
  const named = flags.url ?? variable?.value;
  const { stateDirectory, owner } = await findLocalPlace(env).catch((thrown: unknown) => {
    // Who names a gateway need not be able to look into the state directory of another.
    if (named !== undefined) return { stateDirectory: locate(environment).stateDirectory, owner: undefined };
    throw thrown;
  });
  const address = named ?? owner?.address;
  if (address === undefined) {
    const reason = owner ? `process ${owner.pid} holds ${stateDirectory} and is no gateway yet` : `no gateway runs on ${stateDirectory}`;
    throw new OpenClawError('gateway_unreachable', { details: { url: stateDirectory, reason } });
  }
  const url = parseUrl(address, flags.url === undefined ? (variable?.source ?? 'owner.json') : '--url');
  const isLoopback = isLoopbackUrl(url);
  const isOwn = owner?.address !== undefined && controlUrl(owner.address) === url;
  return {
    url,
    from: flags.url === undefined ? (variable?.source ?? `the gateway on ${stateDirectory}`) : '--url',
    isOwn: named === undefined,
    isLoopback,
    certificate: isOwn && url.startsWith('wss:') && (await makesItsOwn(environment)) ? readOwnCertificate(stateDirectory) : undefined,
    ...(await findCredential(flags, { environment, isTrusted: isOwn || isLoopback })),
  };
}

type Credential = Pick<GatewayTarget, 'auth' | 'credentialFrom' | 'problem'>;

async function findCredential(
  { token, password }: TargetFlags,
  { environment, isTrusted }: { readonly environment: Environment; readonly isTrusted: boolean },
): Promise<Credential> {
  if (token !== undefined) return { auth: { token }, credentialFrom: '--token', problem: undefined };
  if (password !== undefined) return { auth: { password }, credentialFrom: '--password', problem: undefined };
  const loaded = isTrusted ? await configurationOf(environment) : undefined;
  if (loaded && !(loaded instanceof OpenClawError)) return configuredCredential(loaded);
  return { ...environmentCredential(environment), problem: loaded };
}

async function configurationOf(environment: Environment): Promise<Configuration | OpenClawError> {
  try {
    return await loadConfiguration({ environment });
  } catch (thrown) {
    if (thrown instanceof OpenClawError) return thrown;
    throw thrown;
  }
}

function configuredCredential({ settings, origins }: Configuration): Credential {
  const { mode, token, password } = settings.gateway.auth;
  const from = origins.get(`gateway.auth.${mode}`)?.where ?? 'the configuration';
  if (mode === 'password' && password !== undefined) return { auth: { password }, credentialFrom: from, problem: undefined };
  if (mode === 'token' && token !== undefined) return { auth: { token }, credentialFrom: from, problem: undefined };
  return { auth: {}, credentialFrom: undefined, problem: undefined };
}

function environmentCredential(environment: Environment): Omit<Credential, 'problem'> {
  const token = environment.lookup('OPENCLAW_GATEWAY_TOKEN');
  if (token) return { auth: { token: token.value.trim() }, credentialFrom: token.source };
  const password = environment.lookup('OPENCLAW_GATEWAY_PASSWORD');
  if (password) return { auth: { password: password.value }, credentialFrom: password.source };
  return { auth: {}, credentialFrom: undefined };
}

/** Not where the operator has one: then what lies there is of another time, and the authorities of Node decide. */
async function makesItsOwn(environment: Environment): Promise<boolean> {
  const configuration = await configurationOf(environment);
  return configuration instanceof OpenClawError || configuration.settings.gateway.tls.certFile === undefined;
}

export function ownCertificateFile(stateDirectory: string): string {
  return join(stateDirectory, 'credentials', 'gateway-tls.crt');
}

/** Without one, the authorities of Node decide. */
export function readOwnCertificate(stateDirectory: string): string | undefined {
  try {
    return readFileSync(ownCertificateFile(stateDirectory), 'utf8');
  } catch {
    return undefined;
  }
}

function parseUrl(address: string, from: string): string {
  try {
    return controlUrl(address);
  } catch {
    throw new OpenClawError('usage_error', {
      details: {
        reason: `${from} names no gateway: ${address}`,
        suggestion: 'Write it like ws://127.0.0.1:18789 or https://gateway.example.',
      },
    });
  }
}
