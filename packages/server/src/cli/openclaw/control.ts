/**
 * One conversation of a command with a gateway over its WebSocket: connect, ask, close.
 *
 * Which gateway: `../gateway-target.ts`. What is said when it does not work: `control-failure.ts`.
 */
import type { HelloOk, OperatorScope } from '@openclaw/protocol';
import type { ControlRequestOptions, ControlSocket, OpenSocket } from '@openclaw/client/control';
import type { OpenClawError } from '../../core/errors.ts';
import { version } from '../../version.ts';
import type { ClientDirectory } from '../client-directory.ts';
import type { CommandDevice } from './device-identity.ts';
import type { GatewayTarget, TargetFlags } from '../gateway-target.ts';
import type { KnownGateways } from './known-gateways.ts';
import type { Terminal } from '../terminal.ts';

export interface ControlSession {
  readonly target: GatewayTarget;
  readonly hello: HelloOk;
  /** @throws OpenClawError `control_refused`, `gateway_unreachable` */
  request<Payload>(method: string, params?: unknown, options?: ControlRequestOptions): Promise<Payload>;
}

export interface Need {
  readonly flags: TargetFlags;
  /** No more than what is asked needs. */
  readonly scopes: readonly OperatorScope[];
  /** With fewer of them there is less to see, and no reason to have a device approved. @default false */
  readonly takesLess?: boolean;
  readonly signal?: AbortSignal;
}

/** Opens a connection for as long as `use` takes. */
export type Connect = <Result>(need: Need, use: (session: ControlSession) => Promise<Result>) => Promise<Result>;

export interface ControlCommandContext {
  readonly io: Terminal;
  readonly connect: Connect;
  readonly setExitCode: (code: number) => void;
}

export const defaultTimeoutMs = 10_000;

export function createConnect(terminal: Terminal): Connect {
  return async (need, use) => {
    const { flags, scopes, signal } = need;
    const [{ ControlClient }, { findTarget }, { toCommandError }, { openClientDirectory }, { createKnownGateways }] = await Promise.all([
      import('@openclaw/client/control'),
      import('../gateway-target.ts'),
      import('./control-failure.ts'),
      import('../client-directory.ts'),
      import('./known-gateways.ts'),
    ]);
    const target = await findTarget(flags, terminal.env);
    const directory = openClientDirectory(terminal.env);
    const known = createKnownGateways(directory);
    const device = await deviceFor(target, need, directory);
    const timeoutMs = flags.timeout ?? defaultTimeoutMs;
    const fail = (thrown: unknown): unknown => toCommandError(thrown, { target, timeoutMs });
    await using client = new ControlClient({
      url: target.url,
      auth: { ...target.auth, deviceToken: device?.tokenFor(target.url) },
      device: device?.signer,
      client: { id: 'cli', mode: 'cli', version, platform: process.platform },
      scopes,
      reconnect: false,
      connectTimeoutMs: timeoutMs,
      requestTimeoutMs: timeoutMs,
      openSocket: await createOpenSocket(target),
      onDeviceToken: (token) => device?.keepToken(target.url, token),
    });
    const hello = await client.connect(signal).catch((thrown: unknown) => {
      throw stateIsGone(thrown, { target, known }) ?? fail(thrown);
    });
    noteNewState(hello, { target, known, terminal });
    const request: ControlSession['request'] = async (method, params, options) => {
      try {
        return await client.request(method, params, { ...(signal ? { signal } : {}), ...options });
      } catch (thrown) {
        throw fail(thrown);
      }
    };
    return await use({ target, hello, request });
  };
}

/**
 * On the gateway's own machine its secret is enough. Elsewhere a device is needed for anything that needs a scope, or where there is no
 * secret; for less it would only have to be approved.
 */
async function deviceFor(
  { isLoopback, auth }: GatewayTarget,
  { takesLess = false }: Need,
  directory: ClientDirectory,
): Promise<CommandDevice | undefined> {
  const hasSecret = auth.token !== undefined || auth.password !== undefined;
  if (isLoopback || (hasSecret && takesLess)) return undefined;
  const { openCommandDevice } = await import('./device-identity.ts');
  return openCommandDevice(directory);
}

/** `ws` says why a connection failed, which the WebSocket of Node does not, and loads no slower. */
async function createOpenSocket({ certificate }: GatewayTarget): Promise<OpenSocket> {
  const { WebSocket } = await import('ws');
  // Whoever can read the state directory may trust the certificate in it, whatever name the gateway was asked by.
  const trust = certificate === undefined ? {} : { ca: certificate, checkServerIdentity: noObjection };
  // Its listeners have overloads that the compiler cannot compare.
  return (url) => new WebSocket(url, { perMessageDeflate: false, ...trust }) as unknown as ControlSocket;
}

/** What TLS takes for "this name is right". */
const noObjection = (): boolean => false;

interface Remembered {
  readonly target: GatewayTarget;
  readonly known: KnownGateways;
}

/** A refusal by a state that is new here is no wrong token. */
function stateIsGone(thrown: unknown, { target, known }: Remembered): OpenClawError | undefined {
  if (target.isOwn || !(thrown instanceof Error) || !('stateId' in thrown)) return undefined;
  return known.compare(target.url, typeof thrown.stateId === 'string' ? thrown.stateId : undefined);
}

function noteNewState({ snapshot }: HelloOk, { target, known, terminal }: Remembered & { readonly terminal: Terminal }): void {
  if (target.isOwn) return;
  const gone = known.compare(target.url, snapshot.stateId);
  if (gone) terminal.stderr.write(`Note: ${gone.message}\n`);
  known.remember(target.url, snapshot.stateId);
}
