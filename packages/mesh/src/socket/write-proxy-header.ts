import { isIPv4 } from 'node:net';
import { parseIpAddress } from '@sallyport/policy';
import type { Endpoint } from './proxy-header.js';

/** What a ztunnel tells an application about a connection. */
export interface ProxiedConnection {
  /** Who connects. */
  readonly source: Endpoint;
  /** What the client wanted to reach. */
  readonly destination: Endpoint;
  /** Of the client's certificate, where it has shown one. */
  readonly identity?: string;
}

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

/** Version 2, command PROXY. */
const versionAndCommand = 0x21;

/** The type under which ztunnel tells the client's identity, in the range that the protocol leaves to applications. */
const identityType = 0xd0;

/**
 * A header of version 2 of HAProxy's PROXY protocol, with the client's SPIFFE identity in TLV 0xD0 (reference section 7.10). Addresses of
 * different families cannot stand in one header: they are left out then.
 */
export function writeProxyHeader({ source, destination, identity }: ProxiedConnection): Buffer {
  const [from, to] = [octetsOf(source.address), octetsOf(destination.address)];
  const alike = from.length === to.length && from.length > 0;
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(source.port, 0);
  ports.writeUInt16BE(destination.port, 2);
  const addresses = alike ? Buffer.concat([from, to, ports]) : Buffer.alloc(0);
  const family = alike ? (from.length === 4 ? 0x11 : 0x21) : 0x00;
  const facts = identity === undefined ? Buffer.alloc(0) : typed(identityType, Buffer.from(identity, 'utf8'));
  const length = Buffer.alloc(2);
  length.writeUInt16BE(addresses.length + facts.length);
  return Buffer.concat([signature, Buffer.from([versionAndCommand, family]), length, addresses, facts]);
}

function typed(type: number, value: Buffer): Buffer {
  const head = Buffer.from([type, 0, 0]);
  head.writeUInt16BE(value.length, 1);
  return Buffer.concat([head, value]);
}

/** Four bytes, or sixteen; none of what is no address. */
function octetsOf(text: string): Buffer {
  const address = parseIpAddress(text);
  if (address === undefined) return Buffer.alloc(0);
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const [left = '', right] = address.split('::');
  const before = groupsOf(left);
  const after = right === undefined ? [] : groupsOf(right);
  const groups = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
  const octets = Buffer.alloc(16);
  for (const [index, group] of groups.entries()) octets.writeUInt16BE(group, 2 * index);
  return octets;
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}
