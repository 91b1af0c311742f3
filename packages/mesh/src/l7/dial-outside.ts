import { lookup } from 'node:dns/promises';
import { BlockList, isIP, type Socket } from 'node:net';
import type { AddressBook } from '../gate.js';
import { dialTcp } from '../socket/dial-tcp.js';

/** Something outside the mesh to connect to. */
export interface OutsideTarget {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/**
 * Connects to something outside the mesh. A name is resolved here and every address judged: this machine's own addresses,
 * link-local and unspecified ones and those of gates are never dialled, whatever a name server says (design: "Local mesh").
 */
export async function dialOutside(addresses: AddressBook, { host, port, timeoutMs }: OutsideTarget): Promise<Socket> {
  const found = isIP(host) === 0 ? (await lookup(host, { all: true })).map(({ address }) => address) : [host];
  let failure: unknown = new Error(`\`${host}\` has no address outside this machine and the mesh`);
  for (const address of found.filter((candidate) => !isForbidden(addresses, candidate))) {
    try {
      return await dialTcp({ address, port, timeoutMs });
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

const local = new BlockList();
local.addSubnet('0.0.0.0', 8, 'ipv4');
local.addSubnet('127.0.0.0', 8, 'ipv4');
local.addSubnet('169.254.0.0', 16, 'ipv4');
local.addSubnet('::', 96, 'ipv6');
local.addSubnet('fe80::', 10, 'ipv6');

/** Whether no passthrough may dial this address; an IPv4-mapped one is judged as the IPv4 address that it stands for. */
export function isForbidden(addresses: AddressBook, address: string): boolean {
  const family = isIP(address);
  return family === 0 || addresses.isGateAddress(address) || local.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
