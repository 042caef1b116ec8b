/**
 * Which gateway `clw` asks, and as whom: flags, else a context of `clw config`, else the gateway of this machine as every command of `openclaw` finds
 * it. A token of one gateway is never sent to another.
 */
import { readFileSync } from 'node:fs';
import type { Variables } from '../../core/env.ts';
import { OpenClawError, reasonOf } from '../../core/errors.ts';
import { nearestName } from '../../core/nearest-name.ts';
import { readContexts, type Context } from './contexts.ts';
import type { PlaceFlags } from './flags.ts';

export interface Target {
  /** `http://127.0.0.1:18789` */
  readonly url: string;
  readonly token: string | undefined;
  /** What the credential is, for people: `the token of --token`. */
  readonly credential: string;
  readonly certificate: string | undefined;
  /** Of the context. */
  readonly namespace: string | undefined;
  /** How it is mended where the credential is refused. */
  readonly remedy: string;
}

/** @throws OpenClawError `usage_error`, `gateway_unreachable` where no gateway is named and none runs */
export async function findTarget(flags: PlaceFlags, env: Variables): Promise<Target> {
  const { name, context } = chooseContext(flags, env);
  const server = flags.server ?? context.server;
  if (server === undefined || name === undefined) return localTarget(flags, context, env);
  // A context's token is for its own gateway.
  const isOfContext = flags.server === undefined;
  const token = flags.token ?? (isOfContext ? tokenOf(context) : undefined);
  const from =
    flags.token !== undefined
      ? 'the token of --token'
      : token === undefined
        ? 'a call without a token'
        : `the token of the context ${name}`;
  return {
    url: parseServer(server, isOfContext ? `the context ${name}` : '--server'),
    token,
    credential: from,
    certificate: context.certificateFile === undefined ? undefined : readText(context.certificateFile),
    namespace: context.namespace,
    remedy: `Set another with \`clw config set-context ${name} --token-file FILE\`, or name one with --token.`,
  };
}

function chooseContext(flags: PlaceFlags, env: Variables): { readonly name: string | undefined; readonly context: Context } {
  const { contexts, current } = readContexts(env);
  const name = flags.context ?? (flags.server === undefined ? current : undefined);
  if (name === undefined) return { name, context: {} };
  const context = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (context) return { name, context };
  throw unknownContext(name, Object.keys(contexts));
}

export function unknownContext(name: string, names: readonly string[]): OpenClawError {
  const near = nearestName(name, names);
  return new OpenClawError('usage_error', {
    details: {
      reason: `There is no context ${name}`,
      suggestion:
        near === undefined ? '`clw config get-contexts` lists them.' : `Did you mean ${near}? \`clw config get-contexts\` lists them.`,
    },
  });
}

/** The gateway that `openclaw` would ask, with the credential that it would send. */
async function localTarget(flags: PlaceFlags, context: Context, env: Variables): Promise<Target> {
  const { findTarget: findGateway } = await import('../gateway-target.ts');
  const token = flags.token ?? tokenOf(context);
  const { url, auth, credentialFrom, certificate, problem } = await findGateway(
    { ...(flags.server === undefined ? {} : { url: flags.server }), ...(token === undefined ? {} : { token }) },
    env,
  );
  const sent = auth.token ?? auth.password;
  if (sent === undefined && problem) throw problem;
  return {
    url: url.replace(/^ws/, 'http'),
    token: sent,
    credential: sent === undefined ? 'a call without a token' : `the credential of ${credentialFrom}`,
    certificate,
    namespace: context.namespace,
    remedy:
      "`openclaw config get gateway.auth --show-secrets` on the gateway's machine shows the token; name it with --token or OPENCLAW_GATEWAY_TOKEN.",
  };
}

function tokenOf({ token, tokenFile }: Context): string | undefined {
  return tokenFile === undefined ? token : readText(tokenFile).trim();
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    throw new OpenClawError('usage_error', {
      details: {
        reason: `${file} cannot be read: ${reasonOf(thrown)}`,
        suggestion: 'The context names it: `clw config view` shows where.',
      },
      cause: thrown,
    });
  }
}

function parseServer(server: string, from: string): string {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url && /^(https?|wss?):$/.test(url.protocol) && url.username === '')
    return url.origin === 'null' ? `${url.protocol.replace('ws', 'http')}//${url.host}` : url.origin.replace(/^ws/, 'http');
  throw new OpenClawError('usage_error', {
    details: {
      reason: `${from} names no gateway: ${url?.username ? 'the address holds a credential' : server}`,
      suggestion: 'Write it like https://claw.example.org or http://127.0.0.1:18789.',
    },
  });
}
