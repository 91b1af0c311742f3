import type { FuzzTarget } from '../fuzz-target.js';
import { forwardedAddresses, tunnelAuthorities } from './addresses.js';
import { authorizerAnswers } from './authorizers.js';
import { dnsQueries } from './dns.js';
import { requests, responses } from './http1.js';
import { connections, frames, hpack } from './http2.js';
import { mysqlPackets, mysqlSessions } from './mysql.js';
import { clientHellos, proxyHeaders } from './preambles.js';
import { httpConnect, socks5 } from './proxies.js';
import { revocationLists } from './revocation-lists.js';
import { tokens } from './tokens.js';
import { traceparents } from './traces.js';

/** Everything that reads bytes of strangers. */
export const targets: readonly FuzzTarget[] = [
  requests,
  responses,
  frames,
  hpack,
  connections,
  socks5,
  httpConnect,
  proxyHeaders,
  clientHellos,
  dnsQueries,
  mysqlPackets,
  mysqlSessions,
  tokens,
  forwardedAddresses,
  tunnelAuthorities,
  revocationLists,
  authorizerAnswers,
  traceparents,
];
