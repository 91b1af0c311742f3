import type { Duplex } from 'node:stream';
import type { Permit, ServiceInfo } from '@sallyport/policy';
import { UpstreamError } from '../http/upstream.js';
import type { DialContext, OnwardDialer } from './onward-dialer.js';
import type { TargetBuilder } from './target-builder.js';

/**
 * Connects an L7 gate to an authorizer, on the way that its own traffic takes into the mesh: as itself, to the first endpoint that
 * answers. Rejects where none does.
 */
export async function dialAuthorizer(
  { builder, dialer }: { readonly builder: TargetBuilder; readonly dialer: OnwardDialer },
  context: DialContext | undefined,
  permit: Permit,
  service: ServiceInfo,
  port: number,
): Promise<Duplex> {
  if (context === undefined) {
    throw new UpstreamError('NR', 503, 'the gate is gone');
  }
  const { hops, detail } = builder.toService(context, service, port);
  const origin = { sourceAddress: context.gateway.workload.address, sourcePort: 0, serviceHost: service.hostname };
  let failure: unknown = new UpstreamError('UH', 503, detail);
  for (const hop of hops) {
    try {
      return await dialer.open(permit, context, hop, origin);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
