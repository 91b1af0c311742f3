import { describe, expect, it } from 'vitest';
import {
  type ConnectionAttributes,
  connectionDecider,
  type Dialect,
  engines,
  requestDecider,
  strict,
  upstream,
  type Verdict,
} from '../../src/index.js';
import { connection, gateWith, request, type Spec } from '../reference/mesh.js';

const names = ['table', 'table-only', 'interpreter'] as const;

/** What every engine says of a connection, and of a request on it; each decider is asked about all connections, one after another. */
function verdicts(specs: readonly Spec[], dialect: Dialect, connections: readonly ConnectionAttributes[]): readonly string[][] {
  const { inventory, binding } = gateWith('waypoint', specs, { dialect });
  if (binding.gate === 'ztunnel') throw new Error('a ztunnel judges no requests');
  return names.map((name) => {
    const options = { engine: engines[name] };
    const [tcp, http] = [connectionDecider(inventory, binding, options), requestDecider(inventory, binding, options)];
    return connections.flatMap((each) => [short(tcp.connection(each)), short(http.request(each, request()))]);
  });
}

function short({ effect, reason }: Verdict): string {
  return `${effect} ${reason}`;
}

const rule = (key: string, value: string) => [{ when: [{ key, values: [value] }] }];

describe.each([strict, upstream])('in $name every engine', (dialect) => {
  it('denies a connection of which something could not be read', () => {
    const found = verdicts([{ rules: [{}] }], dialect, [connection({ unreadable: 'the server name' }), connection()]);
    const denied = 'deny unreadable-attribute';
    expect(found).toEqual(names.map(() => [denied, denied, 'allow allow-policy', 'allow allow-policy']));
  });

  it('sees a server name without case', () => {
    const found = verdicts([{ action: 'DENY', rules: rule('connection.sni', 'shut.example') }], dialect, [
      connection({ sni: 'Shut.EXAMPLE' }),
      connection({ sni: 'open.example' }),
    ]);
    expect(found).toEqual(
      names.map(() => ['deny deny-policy', 'deny deny-policy', 'allow no-allow-policy', 'allow no-allow-policy']),
    );
  });

  it('goes by the attributes of a connection as they are now, also where the object was another one before', () => {
    const key = 'experimental.envoy.filters.network.x[k]';
    const specs: readonly Spec[] = [
      { action: 'DENY', rules: rule('connection.sni', 'shut.example') },
      { action: 'DENY', rules: rule('source.principal', 'cluster.local/ns/shop/sa/bad') },
      { action: 'DENY', rules: rule(key, 'shut') },
      { action: 'DENY', rules: rule('destination.port', '81') },
      { action: 'DENY', rules: rule('remote.ip', '10.0.0.99') },
    ];
    const { inventory, binding } = gateWith('waypoint', specs, { dialect });
    if (binding.gate === 'ztunnel') throw new Error('a ztunnel judges no requests');
    const changes: readonly Partial<ConnectionAttributes>[] = [
      { identity: 'spiffe://cluster.local/ns/shop/sa/bad' },
      { sni: 'shut.example' },
      { metadata: { 'envoy.filters.network.x': { k: 'shut' } } },
      { metadata: { 'envoy.filters.network.x': { k: 'shut' } }, awaited: [] },
      { destinationPort: 81 },
      { remoteIp: '10.0.0.99' },
      { unreadable: 'the server name' },
    ];
    for (const name of names) {
      const decider = requestDecider(inventory, binding, { engine: engines[name] });
      for (const change of changes) {
        const same = { ...connection({ awaited: ['envoy.filters.network.x'] }) };
        expect(decider.request(same, request()).effect).toBe('allow');
        // What awaits a filter has nothing to say about what it publishes.
        Object.assign(same, 'metadata' in change ? { awaited: [], ...change } : change);
        expect([name, change, decider.request(same, request()).effect]).toEqual([name, change, 'deny']);
        expect([name, change, decider.connection(same).effect]).toEqual([name, change, 'deny']);
      }
    }
  });
});
