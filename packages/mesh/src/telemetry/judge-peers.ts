import type { Inventory } from '@sallyport/policy';
import type { GateOptions } from '../gate.js';
import { acceptedTrustDomains } from '../identity/accepted-trust-domains.js';
import { PeerJudge } from '../identity/peer-judge.js';
import { MeshMetrics } from './mesh-metrics.js';

/** The judge of a gate's peers, whose inventory in force says which trust domains it admits and in which dialect; without one, nobody. */
export function judgePeers(inventory: () => Inventory | undefined, options: GateOptions): PeerJudge {
  const metrics = MeshMetrics.of(options.metrics);
  return new PeerJudge({
    trustDomains: () => {
      const current = inventory();
      return current === undefined ? [] : acceptedTrustDomains(current);
    },
    strict: () => inventory()?.dialect.name !== 'upstream',
    revoked: (reporter) => metrics.peerRevoked(reporter),
    ...(options.revocation === undefined ? {} : { revocation: options.revocation }),
  });
}
