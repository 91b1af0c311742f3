import type { ConnectionAttributes, RequestAttributes } from '@sallyport/policy';
import { chanceFor, type Traffic } from './mixes/chance.js';
import type { Draft, Mix } from './mixes/mix.js';

/** What an engine is asked, and what the mix made it to come to. */
export interface Question {
  readonly connection: ConnectionAttributes;
  /** Absent at a ztunnel. */
  readonly request?: RequestAttributes;
  readonly effect: 'allow' | 'deny';
}

/** How many different requests recur. */
const population = 1024;

/**
 * An endless supply of questions, the same for every engine. All strings are made anew and flat, as a gate gets them from a socket: none
 * carries a hash or an identity from one request to the next. Where connections are kept, their attributes are.
 */
export function questionsOf(mix: Mix, rules: number, traffic: Traffic): () => Question {
  const chance = chanceFor(traffic, 0x5a11);
  const draft = () => mix.draft(rules, chance);
  if (traffic === 'never-repeating') return () => questionOf(draft(), connectionOf);
  const drafts = Array.from({ length: population }, draft);
  const connect = mix.connections === 'kept' ? keptConnections() : connectionOf;
  return () => questionOf(drafts[chance.int(population)] ?? draft(), connect);
}

function questionOf({ effect, http, ...peer }: Draft, connect: (peer: Peer) => ConnectionAttributes): Question {
  const connection = connect(peer);
  return http === undefined ? { effect, connection } : { effect, connection, request: requestOf(http) };
}

type Peer = Pick<Draft, 'identity' | 'sourceIp' | 'port'>;

function keptConnections(): (peer: Peer) => ConnectionAttributes {
  const kept = new Map<string, ConnectionAttributes>();
  return (peer) => {
    const known = kept.get(peer.identity);
    if (known !== undefined) return known;
    const connection = connectionOf(peer);
    kept.set(peer.identity, connection);
    return connection;
  };
}

function connectionOf({ identity, sourceIp, port }: Peer): ConnectionAttributes {
  return { identity: fresh(identity), sourceIp: fresh(sourceIp), destinationIp: '10.9.9.9', destinationPort: port };
}

function requestOf({ method, path }: NonNullable<Draft['http']>): RequestAttributes {
  return {
    method,
    path: fresh(path),
    authority: fresh('app.bench:9080'),
    headers: [
      ['user-agent', fresh('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0')],
      ['accept', fresh('application/json')],
      ['accept-encoding', fresh('gzip, deflate, br')],
      ['x-request-id', fresh('6f1ed002-ab5f-4b2c-8f6e-3a1c4d5e6f70')],
    ],
    httpVersion: 2,
  };
}

/** A copy that shares nothing with the original. */
function fresh(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
