import type { CredentialSource } from '../gate.js';
import type { PeerJudge } from './peer-judge.js';

/** Why a gate serves nobody although its snapshot is in force: it has no certificate to show, or nothing to clear peers with. */
export function gateProblem(
  identities: readonly string[],
  { credentials, peers }: { readonly credentials: CredentialSource; readonly peers: PeerJudge },
): string | undefined {
  const [first] = identities;
  if (first !== undefined && identities.every((identity) => credentials.current(identity) === undefined)) {
    return identities.length === 1 ? `no certificate for ${first}` : 'no certificate for any workload';
  }
  return peers.unusable;
}
