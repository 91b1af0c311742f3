import type { Duplex } from 'node:stream';
import type { Permit, ServiceInfo } from '@sallyport/policy';
import type { Snapshot } from '../gate.js';
import { defaultHttpLimits } from '../http/limits.js';
import { dialOutside } from '../l7/dial-outside.js';
import { dialTcp } from '../socket/dial-tcp.js';
import { namespaceOf } from '../socket/namespace-of.js';

/**
 * Connects a ztunnel to an authorizer, straight to its application: were the call to pass the authorizer's own ztunnel, a policy
 * there could want the same question answered first (design: "Calls to providers are exempt"). Rejects where no endpoint answers.
 */
export async function dialAuthorizer(
  permit: Permit,
  snapshot: Snapshot | undefined,
  service: ServiceInfo,
  port: number,
): Promise<Duplex> {
  if (permit.effect !== 'allow' || snapshot === undefined) throw new Error('no permit for this call');
  const { addresses } = snapshot;
  const timeoutMs = defaultHttpLimits.connectTimeoutMs;
  let failure: unknown = new Error(`service \`${service.hostname}\` has no endpoint for port ${port}`);
  for (const { workload, port: own } of service.ports.find((each) => each.port === port)?.endpoints ?? []) {
    const address =
      addresses.applicationAddress(workload.key) ??
      (workload.capture === 'captured' ? undefined : addresses.socketAddress(workload.address));
    if (address === undefined) continue;
    try {
      return await dialTcp({ address, port: addresses.socketPort(own), ...namespaceOf(addresses, workload.key), timeoutMs });
    } catch (error) {
      failure = error;
    }
  }
  for (const { address, ports } of service.externalEndpoints) {
    try {
      return await dialOutside(addresses, { host: address, port: ports[port] ?? port, timeoutMs });
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
