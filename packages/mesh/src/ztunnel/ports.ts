/** Ports of ztunnel that keep their numbers here (reference section 7.1). */
export const outboundPort = 15001;
export const plaintextPort = 15006;
export const hbonePort = 15008;
export const dnsPort = 15053;
export const socksPort = 15080;

/** Ports that are a ztunnel's own and never a target: a connection to one would be to the gate itself. */
const ownPorts: ReadonlySet<number> = new Set([outboundPort, plaintextPort, hbonePort, socksPort]);

/** Whether a connection to this port of a workload would be one to its gate. */
export function isOwnPort(port: number): boolean {
  return ownPorts.has(port);
}
