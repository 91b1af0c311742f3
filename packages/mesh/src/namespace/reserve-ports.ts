import { closeSync } from 'node:fs';
import { dnsPort, hbonePort, outboundPort, plaintextPort, socksPort } from '../ztunnel/ports.js';
import { openReserved } from './namespace-socket.js';

const tcpPorts = [outboundPort, plaintextPort, hbonePort, dnsPort, socksPort];

/**
 * Keeps the ports of a ztunnel in a workload's namespace for processes of this user, so that a workload cannot take one while its gate is
 * being started again, which would keep that gate from starting. Returns what gives them back.
 */
export function reserveGatePorts(namespace: string, { ipv6 }: { readonly ipv6: boolean }): () => void {
  const opened: number[] = [];
  const release = (): void => {
    for (const fd of opened.splice(0)) closeSync(fd);
  };
  try {
    for (const address of ipv6 ? ['0.0.0.0', '::'] : ['0.0.0.0']) {
      for (const port of tcpPorts) opened.push(openReserved(namespace, address, port, 'tcp'));
      opened.push(openReserved(namespace, address, dnsPort, 'udp'));
    }
  } catch (error) {
    release();
    throw error;
  }
  return release;
}
