import type { BenchPolicy } from '../bench-policy.js';
import type { Chance } from './chance.js';
import { type Draft, type Mix, policiesFrom } from './mix.js';

const slots = 2 ** 18;

/**
 * A ztunnel that opens ports to blocks of addresses, every third of them IPv6, all disjoint and none beside its neighbour in the list; every
 * tenth rule takes a few addresses out of the block before it.
 */
export const cidrHeavy: Mix = {
  name: 'CIDR-heavy',
  layer: 'ztunnel',
  connections: 'new',
  policies: (rules) => policiesFrom(rules, rowOf),
  draft(rules, chance) {
    const row = allowRow(chance.int(rules));
    const allowed: Draft = {
      effect: 'allow',
      identity: `spiffe://cluster.local/ns/team-${chance.int(50)}/sa/client`,
      sourceIp: addressIn(row, chance),
      port: portOf(row),
    };
    const kind = chance.int(10);
    if (kind < 5) return allowed;
    if (kind === 5) return { ...allowed, effect: 'deny', port: 9090 };
    if (kind < 8) return { ...allowed, effect: 'deny', sourceIp: addressOutside(chance) };
    const before = row - (row % 10) + 8;
    return { ...allowed, effect: 'deny', sourceIp: takenOut(before, chance), port: portOf(before) };
  },
};

function rowOf(index: number): BenchPolicy {
  if (index % 10 !== 9) return { action: 'ALLOW', rules: [{ ipBlocks: [blockOf(index)], ports: [String(portOf(index))] }] };
  const before = index - 1;
  const block = isIpv6(before) ? `${ipv6Of(before, 0)}/120` : `${ipv4Of(before, 0)}/28`;
  return { action: 'DENY', rules: [{ ipBlocks: [block] }] };
}

/** /20 to /24, and /64 to /96. */
function blockOf(index: number): string {
  return isIpv6(index)
    ? `${ipv6Of(index, 0)}/${64 + (Math.floor(index / 3) % 3) * 16}`
    : `${ipv4Of(index, 0)}/${ipv4Bits(index)}`;
}

/** An address that the row of this index accepts: not one of those that are taken out. */
function addressIn(index: number, chance: Chance): string {
  if (isIpv6(index)) return ipv6Of(index, 256 + (chance.number() % (2 ** 32 - 256)));
  return ipv4Of(index, 16 + (chance.number() % (2 ** (32 - ipv4Bits(index)) - 16)));
}

function takenOut(index: number, chance: Chance): string {
  return isIpv6(index) ? ipv6Of(index, chance.int(256)) : ipv4Of(index, chance.int(16));
}

function addressOutside(chance: Chance): string {
  const number = chance.number();
  if (chance.int(3) === 0)
    return `2001:db9::${(number % 65536).toString(16)}:${(Math.floor(number / 65536) % 65536).toString(16)}`;
  return ipv4(100 * 2 ** 24 + (number % 2 ** 27));
}

function ipv4Of(index: number, offset: number): string {
  return ipv4(16 * 2 ** 24 + slotOf(index) * 4096 + offset);
}

function ipv6Of(index: number, offset: number): string {
  const slot = slotOf(index);
  const low = `${Math.floor(offset / 65536).toString(16)}:${(offset % 65536).toString(16)}`;
  return `2001:db8:${Math.floor(slot / 65536).toString(16)}:${(slot % 65536).toString(16)}::${low}`;
}

function ipv4(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

function ipv4Bits(index: number): number {
  return 20 + (index % 5);
}

/** One to one as long as there are no more rules than slots. */
function slotOf(index: number): number {
  return (index * 40_503) % slots;
}

function isIpv6(index: number): boolean {
  return index % 3 === 2;
}

function allowRow(index: number): number {
  return index % 10 === 9 ? index - 1 : index;
}

function portOf(index: number): number {
  return index % 2 === 0 ? 8080 : 8443;
}
