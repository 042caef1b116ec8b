/**
 * Which addresses are of the public internet. Everything else (loopback, private, link-local, metadata services, multicast, what is reserved, and forms of
 * these inside of IPv6) is not, unless an operator names it.
 */
import { BlockList, isIP, isIPv4 } from 'node:net';

/** IANA's registries of special addresses. */
const specialIpv4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** Within what is global at all (2000::/3): tunnels that carry other addresses, and documentation. */
const specialIpv6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const special = listOf([...specialIpv4, ...specialIpv6]);
const global = listOf(['2000::/3']);

export interface AddressRule {
  /** Whether a connection to this address may be made. */
  allows(address: string): boolean;
}

/** @param allowed addresses and networks (`10.1.0.0/16`) that may be reached although they are not public */
export function createAddressRule(allowed: readonly string[] = []): AddressRule {
  const exceptions = listOf(allowed);
  return {
    allows(address) {
      const plain = withoutMapping(address);
      if (isIP(plain) === 0) return false;
      return has(exceptions, plain) || isPublic(plain);
    },
  };
}

function isPublic(address: string): boolean {
  if (has(special, address)) return false;
  return isIPv4(address) || has(global, address);
}

function has(list: BlockList, address: string): boolean {
  return list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

/** `::ffff:10.0.0.1`, in any spelling, is 10.0.0.1. Zones are of links, which are never public. */
function withoutMapping(address: string): string {
  if (isIP(address) !== 6 || address.includes('%')) return address.includes('%') ? '' : address;
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (mapped === null) return canonical;
  const [high, low] = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** @throws Error for what is no address and no network */
function listOf(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}
