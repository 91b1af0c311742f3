import type { Listener } from '@sallyport/policy';

/** What is made of one client connection: `passthrough` is TLS that goes on as it came. */
export type ConnectionKind = 'http' | 'https' | 'tcp' | 'passthrough';

/** What a gateway speaks on one port: on `tls` the server name tells what is ended and what passed through. Listeners that contradict each other close it. */
export type PortKind = 'http' | 'https' | 'tcp' | 'tls' | 'conflict';

/** What the listeners of one port make of it; undefined where none is of a protocol that is served here. */
export function portKind(listeners: readonly Listener[]): PortKind | undefined {
  const kinds = new Set(listeners.map(connectionKind).filter((kind) => kind !== undefined));
  if (kinds.has('passthrough')) return kinds.has('http') || kinds.has('tcp') ? 'conflict' : 'tls';
  const [kind] = [...kinds].filter((each) => each !== 'passthrough');
  return kinds.size > 1 ? 'conflict' : kind;
}

/** Whether a port still serves a connection that it took. */
export function serves(listeners: readonly Listener[], connection: ConnectionKind): boolean {
  const kind = portKind(listeners);
  return kind === 'tls' ? connection === 'https' || connection === 'passthrough' : kind === connection;
}

/** What a listener makes of its connections; undefined where it is of a protocol that is not served here. */
export function connectionKind({ protocol, tls }: Listener): ConnectionKind | undefined {
  switch (protocol) {
    case 'HTTP':
      return 'http';
    case 'HTTPS':
      return tls === undefined || tls.mode === 'Terminate' ? 'https' : undefined;
    case 'TCP':
      return 'tcp';
    case 'TLS':
      return tls?.mode === 'Passthrough' ? 'passthrough' : undefined;
    case 'HBONE':
    case 'UDP':
    case 'istio.io/PROXY':
      return undefined;
  }
}
