/**
 * Where a caller sits, as far as its connection and its headers show it: on this machine, or behind something that speaks for it.
 *
 * Both doors ask here, so what counts as a proxy is the same at both. It decides nothing about what a caller may do.
 */

/** Names in lower case, as `node:http` has them. */
export type CallerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What proxies, tunnels and load balancers add, besides all that begins with `x-forwarded`. */
const forwardingHeaders: ReadonlySet<string> = new Set([
  ...(['forwarded', 'via', 'x-real-ip', 'x-client-ip', 'x-cluster-client-ip', 'x-original-forwarded-for'] as const),
  ...(['x-envoy-external-address', 'cf-connecting-ip', 'cf-ray', 'true-client-ip', 'fastly-client-ip', 'fly-client-ip'] as const),
  ...(['tailscale-user-login', 'tailscale-user-name', 'tailscale-headers-info'] as const),
]);

/** Whether the peer speaks for somebody else. One such header is enough to know; that there is none proves nothing about a proxy that hides. */
export function isForwarded(headers: CallerHeaders): boolean {
  return Object.keys(headers).some((name) => forwardingHeaders.has(name) || name.startsWith('x-forwarded'));
}

export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(address);
}

/** Names that resolve to this machine wherever they are used. */
export function isLoopbackName(hostName: string): boolean {
  return hostName === 'localhost' || hostName.endsWith('.localhost') || isLoopbackAddress(hostName);
}

/** `Host` without its port and without the brackets of IPv6, in lower case. */
export function hostNameOf(host: string): string {
  return host
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase();
}

/** Whether the caller itself sits on this machine, and not a proxy that speaks for somebody else. */
export function isFromHere(headers: CallerHeaders, address: string): boolean {
  return isLoopbackAddress(address) && !isForwarded(headers);
}
