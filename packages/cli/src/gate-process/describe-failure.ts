import type { AddressBookData } from '../addresses/address-book.js';

/** Says why a gate could not open what it needs; a socket address is named with its port and whose it is. */
export function describeFailure(error: unknown, addresses: AddressBookData): string {
  const socket = socketError(error);
  if (socket === undefined) return error instanceof Error ? error.message : String(error);
  const owner = addresses.workloads.find((entry) => entry.socketAddress === socket.address);
  const whose = owner === undefined ? '' : ` of workload \`${owner.key}\``;
  return `${socket.address}:${socket.port}${whose} ${explanations[socket.code] ?? `cannot be opened (${socket.code})`}`;
}

const explanations: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another process',
  EADDRNOTAVAIL: 'is no address of this machine: only Linux has all of 127.0.0.0/8',
  EACCES: 'may not be opened by this user',
};

interface SocketError {
  readonly code: string;
  readonly address: string;
  readonly port: number;
}

/** The error of a `listen` among the causes of another. */
function socketError(error: unknown): SocketError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code, address, port } = cause as Partial<SocketError>;
    if (code !== undefined && address !== undefined && port !== undefined) return { code, address, port };
  }
  return undefined;
}
