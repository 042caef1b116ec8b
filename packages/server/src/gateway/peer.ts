/** Who is at the other end of a connection, as far as the connection itself shows it. */
import type { IncomingMessage } from 'node:http';
import { hostNameOf, isFromHere, isLoopbackName } from '../core/caller-place.ts';

export { hostNameOf, isLoopbackAddress as isLoopback, isLoopbackName } from '../core/caller-place.ts';

/**
 * The caller itself sits on this machine and reached it under a name of this machine: neither a proxy nor, by a name of its own, a page
 * from elsewhere can bring that about.
 */
export function isDirectLoopback({ headers, socket }: IncomingMessage): boolean {
  return isFromHere(headers, socket.remoteAddress ?? '') && isLoopbackName(hostNameOf(headers.host ?? ''));
}
