import { closeSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { libc } from './libc.js';
import { decodeSocketAddress, encodeSocketAddress, families, familyOf } from './socket-address.js';

/**
 * Carried by every socket that a gate has in a workload's namespace (ztunnel's own number): the rules there let nothing else out, and
 * give the ports of a gate to nothing else. Setting a mark takes CAP_NET_ADMIN, which no workload has.
 */
const gateMark = 0x539;

const newNetwork = 0x4000_0000;
const stream = 1;
const datagram = 2;
const nonBlockingCloseOnExec = 0o2004000;
const socketLevel = 1;
const reuseAddress = 2;
const reusePort = 15;
const mark = 36;
const ip = { level: 0, transparent: 19, originalDestination: 80 };
const ipv6 = { level: 41, v6Only: 26, transparent: 75, originalDestination: 80 };
const backlog = 511;
const discardPort = 9;

/** Throws where this process has not what it takes to make sockets in other namespaces: the package `koffi`, built for this system. */
export function assertNamespaceCalls(): void {
  libc();
}

/** This process's own network, to come back to. */
let home: number | undefined;

/**
 * A TCP socket, not connected yet, in the network namespace of this file. `transparent`: it may take an address that is not one of the
 * namespace. Throws where that cannot be had; a descriptor that was returned is the caller's to close.
 */
export function openSocket(namespace: string, family: 'ipv4' | 'ipv6', { transparent = false } = {}): number {
  return openWith(namespace, families[family], stream, (fd) => {
    if (!transparent) return;
    const { level, transparent: option } = family === 'ipv6' ? ipv6 : ip;
    setOption(fd, level, option, 1);
  });
}

/** A TCP socket that listens in the network namespace of this file. Throws an error with a `code` as Node.js has it. */
export function openListener(namespace: string, address: string, port: number): number {
  return openWith(namespace, familyOf(address), stream, (fd) => {
    bindTo(fd, address, port);
    check(libc().listen(fd, backlog), 'listen');
  });
}

/** A UDP socket at an address of the network namespace of this file. */
export function openDatagrams(namespace: string, address: string, port: number): number {
  return openWith(namespace, familyOf(address), datagram, (fd) => bindTo(fd, address, port));
}

/**
 * A socket that keeps a port and gets nothing: others of this user may share the port, nobody else may have it. One for UDP is connected to
 * where nothing comes from, as the kernel would deal datagrams out to it.
 */
export function openReserved(namespace: string, address: string, port: number, protocol: 'tcp' | 'udp'): number {
  return openWith(namespace, familyOf(address), protocol === 'tcp' ? stream : datagram, (fd) => {
    bindTo(fd, address, port, { reuse: false });
    if (protocol === 'tcp') return;
    const nowhere = encodeSocketAddress(address.includes(':') ? '::1' : '127.0.0.1', discardPort);
    check(libc().connect(fd, nowhere, nowhere.length), 'connect');
  });
}

/**
 * Where the client of a redirected connection wanted to go; undefined where the kernel does not know it (any more). Of a connection that
 * nothing redirected it is the address that it came to.
 */
export function originalDestination(socket: Socket): { readonly address: string; readonly port: number } | undefined {
  const { fd = -1 } = (socket as unknown as { readonly _handle?: { readonly fd: number } | null })._handle ?? {};
  if (fd < 0) return undefined;
  const isIpv6 = socket.localFamily === 'IPv6';
  const { level, originalDestination: option } = isIpv6 ? ipv6 : ip;
  const value = Buffer.alloc(28);
  const length = Buffer.from(Uint32Array.of(isIpv6 ? 28 : 16).buffer);
  if (libc().getsockopt(fd, level, option, value, length) !== 0) return undefined;
  return decodeSocketAddress(value, isIpv6 ? families.ipv6 : families.ipv4);
}

/** Makes and prepares a socket; where that fails nothing is left open. */
function openWith(namespace: string, family: number, type: number, prepare: (fd: number) => void): number {
  const fd = within(namespace, () => check(libc().socket(family, type | nonBlockingCloseOnExec, 0), 'socket'));
  try {
    setOption(fd, socketLevel, mark, gateMark);
    prepare(fd);
    return fd;
  } catch (error) {
    libc().close(fd);
    throw error;
  }
}

/**
 * Does something synchronous in another network namespace. Only this thread goes there, and it is back before anything else runs on it:
 * a socket belongs to the namespace that it was made in, wherever it is used from.
 */
function within<Result>(namespace: string, work: () => Result): Result {
  home ??= openSync('/proc/thread-self/ns/net', 'r');
  const there = openSync(namespace, 'r');
  try {
    check(libc().setns(there, newNetwork), 'setns');
    return work();
  } finally {
    closeSync(there);
    // Everything that this process opened from now on would be in the wrong network.
    if (libc().setns(home, newNetwork) !== 0) process.abort();
  }
}

function bindTo(fd: number, address: string, port: number, { reuse = true } = {}): void {
  if (familyOf(address) === families.ipv6) setOption(fd, ipv6.level, ipv6.v6Only, 1);
  // Where both had it, one that does not listen would not be in the way of one of another user.
  if (reuse) setOption(fd, socketLevel, reuseAddress, 1);
  // Processes that share the load of one gate have a socket each.
  setOption(fd, socketLevel, reusePort, 1);
  const encoded = encodeSocketAddress(address, port);
  check(libc().bind(fd, encoded, encoded.length), 'bind');
}

function setOption(fd: number, level: number, name: number, value: number): void {
  check(libc().setsockopt(fd, level, name, Buffer.from(Int32Array.of(value).buffer), 4), 'setsockopt');
}

const codes: Readonly<Record<number, string>> = { 1: 'EPERM', 13: 'EACCES', 24: 'EMFILE', 98: 'EADDRINUSE', 99: 'EADDRNOTAVAIL' };

function check(result: number, call: string): number {
  if (result >= 0) return result;
  const errno = libc().errno();
  const code = codes[errno] ?? `errno ${errno}`;
  throw Object.assign(new Error(`${call}: ${code}`), { code });
}
