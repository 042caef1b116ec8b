/**
 * Callers whom a proxy in front of the gateway has asked who they are. Only what comes from the proxy's own addresses is believed:
 * anybody else can write the same headers.
 */
import { BlockList, isIPv6 } from 'node:net';
import { OpenClawError } from '../core/errors.ts';
import { plainAddress } from './failures.ts';
import { type RequestHeaders, singleHeader } from './request-credentials.ts';

export interface TrustedProxySettings {
  /** Addresses (`10.0.0.5`) and networks (`10.0.0.0/8`) of the proxy. */
  readonly addresses: readonly string[];
  /** The header in which it names the user. */
  readonly userHeader: string;
  /** Headers that must be there too. */
  readonly requiredHeaders: readonly string[];
  /** Users who may call. Empty: all. */
  readonly allowUsers: readonly string[];
}

export interface TrustedProxy {
  /**
   * The user that the proxy names; undefined where the request does not come from it.
   * @throws OpenClawError `proxy_identity_missing`, `proxy_user_refused`
   */
  userOf(headers: RequestHeaders, address: string): string | undefined;
}

const userNameLimit = 200;

/** @throws Error where an address is none; the configuration is checked before */
export function createTrustedProxy(settings: TrustedProxySettings): TrustedProxy {
  const { addresses, requiredHeaders, allowUsers } = settings;
  const networks = new BlockList();
  for (const entry of addresses) addNetwork(networks, entry);
  const userHeader = settings.userHeader.toLowerCase();
  return {
    userOf(headers, address) {
      const from = plainAddress(address);
      if (from === '' || !networks.check(from, isIPv6(from) ? 'ipv6' : 'ipv4')) return undefined;
      const missing = [userHeader, ...requiredHeaders].find((name) => singleHeader(headers[name.toLowerCase()]) === '');
      if (missing !== undefined) throw new OpenClawError('proxy_identity_missing', { details: { from, header: missing } });
      const user = singleHeader(headers[userHeader]).slice(0, userNameLimit);
      if (allowUsers.length > 0 && !allowUsers.includes(user)) throw new OpenClawError('proxy_user_refused', { details: { user, from } });
      return user;
    },
  };
}

function addNetwork(networks: BlockList, entry: string): void {
  const [address = '', prefix] = entry.split('/');
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  if (prefix === undefined) networks.addAddress(address, family);
  else networks.addSubnet(address, Number(prefix), family);
}
