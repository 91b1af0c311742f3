import { isIPv4, isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import { parseIpAddress } from '@sallyport/policy';
import { type Peeked, peek } from './peek.js';

/** The far end of a connection. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** What a PROXY header says: who the client is, or nothing about it (`LOCAL`, `UNKNOWN`, `UNSPEC`): then it is the proxy itself. */
export type ProxyHeader =
  | { readonly kind: 'client'; readonly client: Endpoint }
  | { readonly kind: 'proxy-itself' }
  | { readonly kind: 'malformed'; readonly detail: string };

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const fixedLength = signature.length + 4;
const versionOneStart = 'PROXY ';

/** The longest header of version 1, with its line end. */
const mostLineBytes = 107;

/** A header of version 2 may claim 64 KiB; what proxies really add to it (names, certificates' subjects) is far below this. */
const mostHeaderBytes = 16 * 1024;

/** Takes the header off the beginning of a connection. Total: one that ends or is silent before has a malformed header. */
export async function proxyHeaderOf(stream: Duplex, timeoutMs: number): Promise<ProxyHeader> {
  try {
    return await peek(stream, { timeoutMs, classify: readProxyHeader });
  } catch (error) {
    return { kind: 'malformed', detail: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Reads the header with which a proxy begins a connection, version 1 or 2 of HAProxy's PROXY protocol, out of the first bytes;
 * undefined while they do not tell. Whatever version 2 carries beside the addresses is skipped. Nothing of a malformed header is taken.
 */
export function readProxyHeader(seen: Buffer): Peeked<ProxyHeader> | undefined {
  if (startsAlike(seen, signature)) return seen.length < fixedLength ? undefined : readVersionTwo(seen);
  return startsAlike(seen, Buffer.from(versionOneStart)) ? readVersionOne(seen) : malformed('it begins with no PROXY header');
}

/** Whether what has come could be, or is, the beginning of this. */
function startsAlike(seen: Buffer, beginning: Buffer): boolean {
  const length = Math.min(seen.length, beginning.length);
  return seen.subarray(0, length).equals(beginning.subarray(0, length));
}

function readVersionOne(seen: Buffer): Peeked<ProxyHeader> | undefined {
  const end = seen.subarray(0, mostLineBytes).indexOf('\r\n');
  if (end < 0) return seen.length < mostLineBytes ? undefined : malformed('its line has no end');
  const [family, address = '', destination = '', port = '', destinationPort = '', ...more] = seen
    .toString('latin1', versionOneStart.length, end)
    .split(' ');
  const taken = end + 2;
  if (family === 'UNKNOWN') return { found: { kind: 'proxy-itself' }, taken };
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isPlainIPv6 : undefined;
  if (isAddress === undefined) return malformed('its protocol is none of TCP4, TCP6 and UNKNOWN');
  const ports = [port, destinationPort].map(readPort);
  if (!isAddress(address) || !isAddress(destination) || ports.includes(undefined) || more.length > 0) {
    return malformed('its addresses or ports cannot be read');
  }
  return { found: { kind: 'client', client: { address: canonical(address), port: ports[0] ?? 0 } }, taken };
}

/** A zone belongs to one machine's interfaces and to no address that a proxy could tell. */
function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

function readPort(text: string): number | undefined {
  const port = /^(0|[1-9][0-9]{0,4})$/.test(text) ? Number(text) : undefined;
  return port !== undefined && port <= 65_535 ? port : undefined;
}

/** Version and command, family and protocol, and the length of what follows (section 2.2 of the protocol). */
function readVersionTwo(seen: Buffer): Peeked<ProxyHeader> | undefined {
  const versionAndCommand = seen.readUInt8(signature.length);
  const familyAndProtocol = seen.readUInt8(signature.length + 1);
  const length = seen.readUInt16BE(signature.length + 2);
  if (versionAndCommand >> 4 !== 2) return malformed('its version is neither 1 nor 2');
  const taken = fixedLength + length;
  if (taken > mostHeaderBytes) return malformed(`it is longer than ${mostHeaderBytes} bytes`);
  if (seen.length < taken) return undefined;
  const body = seen.subarray(fixedLength, taken);
  switch (versionAndCommand & 0x0f) {
    case 0:
      return { found: { kind: 'proxy-itself' }, taken };
    case 1:
      return readClient(familyAndProtocol, body, taken);
    default:
      return malformed('its command is neither LOCAL nor PROXY');
  }
}

function readClient(familyAndProtocol: number, body: Buffer, taken: number): Peeked<ProxyHeader> {
  switch (familyAndProtocol) {
    case 0x00:
      return { found: { kind: 'proxy-itself' }, taken };
    case 0x11:
      return clientOf(body, 4, taken);
    case 0x21:
      return clientOf(body, 16, taken);
    default:
      return malformed('it tells of something else than TCP over IPv4 or IPv6');
  }
}

/** Source address, destination address, source port, destination port; and then whatever the proxy adds. */
function clientOf(body: Buffer, addressLength: 4 | 16, taken: number): Peeked<ProxyHeader> {
  if (body.length < 2 * addressLength + 4) return malformed('it is too short for its addresses');
  const address = textOf(body.subarray(0, addressLength));
  return { found: { kind: 'client', client: { address, port: body.readUInt16BE(2 * addressLength) } }, taken };
}

function textOf(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join('.');
  return canonical(Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16)).join(':'));
}

/** Addresses stand in logs and headers as everywhere else: IPv6 in its shortest form. */
function canonical(address: string): string {
  return parseIpAddress(address) ?? address;
}

function malformed(detail: string): Peeked<ProxyHeader> {
  return { found: { kind: 'malformed', detail }, taken: 0 };
}
