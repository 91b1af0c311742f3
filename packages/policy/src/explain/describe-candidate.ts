import type { GateBinding } from '../bind/binding.js';
import type { Candidate } from './candidates.js';

/** One request in words, as somebody would ask about it: who, from where, what. */
export function describeCandidate({ connection, request }: Candidate, gate: GateBinding): string {
  const who = connection.identity === undefined ? 'plaintext' : `\`${connection.identity}\``;
  const from = `${who} from \`${connection.sourceIp}\``;
  const port = `port ${connection.destinationPort}`;
  if (gate.gate === 'ztunnel') return `${from} to ${port}`;
  const headers = request.headers.map(([name, value]) => `, header \`${name}: ${value}\``);
  return `\`${request.method} ${request.path}\` for host \`${request.authority}\`${headers.join('')}, ${from} to ${port}`;
}
