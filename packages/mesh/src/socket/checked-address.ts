import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

/**
 * Addresses that lead back into this machine, to its neighbours on the link, or to many at once. One list for each family: a list with
 * IPv4-mapped networks in it matches IPv4 addresses too.
 */
const forbidden = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 3],
] as const) {
  forbidden.ipv4.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  // Unspecified, loopback, IPv4-compatible and IPv4-mapped: every form that could stand for an IPv4 address, whichever it is.
  ['::', 96],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  forbidden.ipv6.addSubnet(network, prefix, 'ipv6');
}

/** Whether no passthrough may dial this address: loopback, link-local, unspecified, multicast, or a hidden form of one. */
export function isForbiddenAddress(address: string): boolean {
  const family = isIP(address);
  // A scope (`fe80::1%eth0`) names a link, whatever the address.
  if (family === 0 || address.includes('%')) return true;
  return family === 4 ? forbidden.ipv4.check(address, 'ipv4') : forbidden.ipv6.check(address, 'ipv6');
}

/** How long a name may take to resolve. */
const resolveTimeoutMs = 5_000;

/**
 * Resolves a host to addresses that may be dialled. Rejects if it does not resolve, or if any address of it is forbidden: a name that
 * leads to several places is not picked from. The caller dials the addresses, never the name again.
 */
export async function resolveChecked(host: string, alsoForbidden: (address: string) => boolean): Promise<readonly string[]> {
  const addresses = await resolve(host);
  const bad = addresses.find((address) => isForbiddenAddress(address) || alsoForbidden(address));
  if (bad !== undefined) throw new Error(`\`${host}\` leads to ${bad}, which no passthrough dials`);
  if (addresses.length === 0) throw new Error(`\`${host}\` has no address`);
  return addresses;
}

async function resolve(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`\`${host}\` did not resolve within ${resolveTimeoutMs} ms`)), resolveTimeoutMs);
  });
  try {
    const found = await Promise.race([lookup(host, { all: true, verbatim: true }), late]);
    return found.map(({ address }) => address);
  } finally {
    clearTimeout(timer);
  }
}
