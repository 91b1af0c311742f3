import type { Permit } from '@sallyport/policy';
import { HbonePool, type OpenTunnel } from '../../src/hbone/hbone-pool.js';
import type { OutgoingHead } from '../../src/http2/message-head.js';
import { PeerJudge } from '../../src/identity/peer-judge.js';
import type { TestMesh } from './test-mesh.js';

const permit: Permit = { effect: 'allow', reason: 'no-policy', audit: [] };

/** One tunnel that a test opens itself, saying in it whatever it likes. */
export interface TunnelOfTest {
  /** Whose certificate it shows, and from whose address it comes: `NAMESPACE/NAME`, the service account being called like the workload. */
  readonly client: string;
  /** Policy address of the gate. */
  readonly gate: string;
  /** The service account that the gate must prove, `NAMESPACE/NAME`. */
  readonly expected: string;
  readonly authority: string;
  readonly headers?: OutgoingHead;
}

/** Opens an HBONE tunnel with a workload's real certificate to any gate of a mesh. Rejects as `HbonePool.connect` does. */
export async function openTunnel(
  mesh: TestMesh,
  { client, gate, expected, authority, headers }: TunnelOfTest,
): Promise<OpenTunnel> {
  const pool = new HbonePool({ credentials: mesh.authority, peers: new PeerJudge({ trustDomains: () => ['cluster.local'] }) });
  mesh.onStop(() => pool.close());
  const address = mesh.addresses.socketAddress(gate);
  if (address === undefined) throw new Error(`no socket for ${gate}`);
  return pool.connect({
    permit,
    identity: identityOf(client),
    address,
    port: 15008,
    localAddress: mesh.socketOf(client),
    expectedIdentities: [identityOf(expected)],
    authority,
    ...(headers === undefined ? {} : { headers }),
  });
}

/** The identity of a service account. */
export function identityOf(account: string): string {
  const [namespace, name] = account.split('/');
  return `spiffe://cluster.local/ns/${namespace}/sa/${name}`;
}
