/**
 * Which pages in a browser may use the gateway, and under which names it may be reached by them.
 *
 * A page elsewhere can send requests to this machine, and by DNS can make a name of its own point here (rebinding). So where a
 * browser's mere place would be a credential, its Origin must be the gateway's own, and the Host must be one that no stranger can own:
 * an address, a name without a dot, or one that the operator lists. Programs send no Origin, and prove who they are by a credential.
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { OpenClawError } from '../core/errors.ts';
import { hostNameOf, isLoopbackName } from './peer.ts';
import type { GatewayPolicy } from './policy.ts';

type Policy = Pick<GatewayPolicy, 'open' | 'controlUi'>;

/** `absent`: not a browser, or a plain visit. */
export type OriginKind = 'absent' | 'same' | 'allowed' | 'foreign';

export function kindOfOrigin({ headers }: IncomingMessage, { controlUi }: Policy): OriginKind {
  const { origin, host } = headers;
  if (origin === undefined) return 'absent';
  if (!URL.canParse(origin)) return 'foreign';
  const { host: originHost, origin: normal, protocol } = new URL(origin);
  // Pages of extensions and programs have schemes of their own, whose origins are all `null` to compare.
  if (protocol !== 'http:' && protocol !== 'https:') return 'foreign';
  if (originHost !== '' && originHost === (host ?? '').toLowerCase()) return 'same';
  return controlUi.allowedOrigins.some((allowed) => URL.canParse(allowed) && new URL(allowed).origin === normal) ? 'allowed' : 'foreign';
}

export function isKnownHost(host: string, { open, controlUi }: Policy): boolean {
  const name = hostNameOf(host);
  if (isLoopbackName(name)) return true;
  if (controlUi.allowedHosts.some((allowed) => hostNameOf(allowed) === name)) return true;
  // Without auth the name is all there is, so only this machine's own will do.
  if (open) return false;
  if (isIP(name) !== 0 || (name !== '' && !name.includes('.'))) return true;
  return controlUi.allowedOrigins.some((allowed) => URL.canParse(allowed) && hostNameOf(new URL(allowed).host) === name);
}

/** @throws OpenClawError `host_unknown`, for what browsers are served without a credential */
export function refuseUnknownHost({ headers }: IncomingMessage, policy: Policy): void {
  const host = headers.host ?? '';
  if (!isKnownHost(host, policy)) throw new OpenClawError('host_unknown', { details: { host: hostNameOf(host).slice(0, 100) } });
}

/** @throws OpenClawError `origin_forbidden` */
export function refuseForeignOrigin(request: IncomingMessage, policy: Policy): void {
  if (kindOfOrigin(request, policy) !== 'foreign') return;
  throw new OpenClawError('origin_forbidden', { details: { origin: (request.headers.origin ?? '').slice(0, 100) } });
}
