/** What an L7 gate speaks on a service port. */
export interface PortProtocol {
  readonly protocol: 'http' | 'tcp';
  readonly http2?: boolean;
  readonly undeclared?: boolean;
  readonly application?: 'mysql';
}

const http: PortProtocol = { protocol: 'http' };
const http2: PortProtocol = { protocol: 'http', http2: true };
const tcp: PortProtocol = { protocol: 'tcp' };
const mysql: PortProtocol = { protocol: 'tcp', application: 'mysql' };
const undeclared: PortProtocol = { protocol: 'http', undeclared: true };

const byName: ReadonlyMap<string, PortProtocol> = new Map([
  ['http', http],
  ['http2', http2],
  ['grpc', http2],
  ['grpc-web', http2],
  ['tcp', tcp],
  ['tls', tcp],
  ['https', tcp],
  ['mongo', tcp],
  ['mysql', mysql],
  ['redis', tcp],
  ['udp', tcp],
  ['hbone', tcp],
  ['double-hbone', tcp],
]);

const byAppProtocol: ReadonlyMap<string, PortProtocol> = new Map([
  ['kubernetes.io/h2c', http2],
  ['kubernetes.io/ws', http],
  ['kubernetes.io/wss', tcp],
]);

/** Ports where the server speaks first, so that sniffing would wait for ever: SMTP, DNS, MySQL, MongoDB. */
const serverSpeaksFirst: ReadonlySet<number> = new Set([25, 53, 3306, 27017]);

/**
 * The protocol of a Kubernetes service port as Istio reads it: `appProtocol`, else the port's name up to its first dash, in
 * any case. A port that declares nothing is sniffed: `http`, and marked.
 */
export function servicePortProtocol(port: { name?: string; port: number; appProtocol?: string }): PortProtocol {
  const written = (port.appProtocol ?? port.name ?? '').toLowerCase();
  const wellKnown = port.appProtocol === undefined ? undefined : byAppProtocol.get(port.appProtocol);
  if (wellKnown !== undefined) return wellKnown;
  if (written.startsWith('grpc-web')) return http2;
  const dash = written.indexOf('-');
  const declared = byName.get(dash < 0 ? written : written.slice(0, dash));
  return declared ?? (serverSpeaksFirst.has(port.port) ? tcp : undeclared);
}

/** The protocol of a ServiceEntry's port, which names it in full. */
export function serviceEntryProtocol(written: string): PortProtocol {
  return byName.get(written.toLowerCase()) ?? undeclared;
}
