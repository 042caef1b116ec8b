/** Who listens on a port of this machine, from the kernel's own table. */
import { isIPv6 } from 'node:net';

const listenState = '0A';

/** @param tables texts of `/proc/net/tcp` and `/proc/net/tcp6`. @returns the addresses, each once */
export function listenersIn(tables: readonly string[], port: number): readonly string[] {
  const found = tables.flatMap((table) =>
    table.split('\n').flatMap((line) => {
      const [, local = '', , state] = line.trim().split(/\s+/);
      const [address = '', portText = ''] = local.split(':');
      return state === listenState && Number.parseInt(portText, 16) === port ? [readAddress(address)] : [];
    }),
  );
  return [...new Set(found)];
}

/** Groups of four bytes, each in the order of the machine, which is little-endian wherever this runs. */
function readAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((group) =>
    (group.match(/../g) ?? []).toReversed().map((byte) => Number.parseInt(byte, 16)),
  );
  if (bytes.length === 4) return bytes.join('.');
  const words = Array.from({ length: 8 }, (_, index) => (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16));
  const address = words.join(':');
  if (address.startsWith('0:0:0:0:0:ffff:')) return bytes.slice(12).join('.');
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}
