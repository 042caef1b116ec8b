/** Who is at the other end of a connection, as far as the connection itself shows it. */
import type { IncomingMessage } from 'node:http';

/** What proxies add. One of them is enough to know that the peer is not the caller. */
const forwardingHeaders = [
  ...(['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'] as const),
  ...(['cf-connecting-ip', 'true-client-ip', 'tailscale-user-login'] as const),
] as const;

export function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(address);
}

/** Whether the caller itself sits on this machine, and not a proxy that speaks for somebody else. */
export function isFromLoopback({ headers, socket }: IncomingMessage): boolean {
  return isLoopback(socket.remoteAddress ?? '') && forwardingHeaders.every((name) => headers[name] === undefined);
}

/** Also reached under a name of this machine: a page elsewhere cannot bring that about by a name of its own. */
export function isDirectLoopback(request: IncomingMessage): boolean {
  return isFromLoopback(request) && isLoopbackName(hostNameOf(request.headers.host ?? ''));
}

export function isLoopbackName(hostName: string): boolean {
  return hostName === 'localhost' || hostName.endsWith('.localhost') || isLoopback(hostName);
}

/** `Host` without its port and without the brackets of IPv6, in lower case. */
export function hostNameOf(host: string): string {
  return host
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase();
}
